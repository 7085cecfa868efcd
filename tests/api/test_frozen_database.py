"""A database that answers nothing, neither old connections nor new ones: each request is answered in time."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from platbook.db import Database, Query, SessionLimits, pool
from platbook.db.errors import OperationalError
from platbook.db.wait_budget import waiting_at_most
from tests.api.conftest import Api
from tests.fakes.cuttable_proxy import CuttableProxy, cuttable

SECONDS = 0.6
FAR_TOO_LONG = 8.0  # the driver alone takes ten seconds to give up a statement
SLEEP = Query("sleep", "A test's statement.", "SELECT 1 FROM pg_sleep(%(seconds)s)")


@pytest.fixture
async def network(database_url: str) -> AsyncGenerator[tuple[CuttableProxy, str]]:
    """The network between the API and its database, and the connection string."""
    async with cuttable(database_url) as (proxy, url):
        yield proxy, url


@pytest.fixture
async def database(network: tuple[CuttableProxy, str]) -> AsyncGenerator[Database]:
    """The pools of the API, over that network."""
    async with Database.open(network[1], limits=SessionLimits(pool=SECONDS)) as opened:
        yield opened


@pytest.mark.parametrize("seconds", [0.0, 1e9], ids=["when a connection is checked", "in a statement"])
async def test_each_request_is_answered_in_time_and_again_once_the_database_is_back(
    api: Api, network: tuple[CuttableProxy, str], monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    monkeypatch.setattr(pool, "_CHECK_AFTER_SECONDS", seconds)
    assert (await api.call("GET", "/api/v1/leads")).status_code == 200
    origin = {"Origin": "https://example.com"}  # where one is sent, the origins of keys are asked for, too
    login = {"email": "admin@example.com", "password": "correct horse battery"}
    network[0].open.clear()
    async with asyncio.timeout(FAR_TOO_LONG):
        answers = await asyncio.gather(
            *(api.call("POST", "/api/v1/auth/login", who=None, json=login) for _ in range(15)),
            *(api.call("POST", "/api/v1/leads", json={"lastName": "Lane"}, headers=origin) for _ in range(15)),
        )
    assert {(one.status_code, one.headers["retry-after"], one.json()["error"]["code"]) for one in answers} == {
        (503, "5", "UNAVAILABLE")
    }
    network[0].open.set()
    statuses = [503]
    while statuses[-1] == 503 and len(statuses) < 50:
        await asyncio.sleep(0.1)
        statuses.append((await api.call("POST", "/api/v1/auth/login", who=None, json=login)).status_code)
    assert statuses[-1] == 200


async def test_a_statement_may_take_longer_while_its_server_answers_others(database: Database) -> None:
    with waiting_at_most(0.2):
        async with database.read() as connection:
            assert await connection.value(int, SLEEP, {"seconds": 0.7}) == 1


async def test_waits_one_after_the_other_count_together(database: Database, network: tuple[CuttableProxy, str]) -> None:
    network[0].open.clear()
    with waiting_at_most(SECONDS):
        async with asyncio.timeout(FAR_TOO_LONG):
            for _ in range(40):
                with pytest.raises(OperationalError):
                    async with database.read():
                        pass
    network[0].open.set()
