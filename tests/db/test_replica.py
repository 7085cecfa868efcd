"""A real primary and a hot standby that follows it: who reads what where."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import httpx2
import psycopg
import pytest

from platbook.accounts import NewUser, add_user
from platbook.api import create_api
from platbook.application.services import Services
from platbook.base.actor import COMMAND_LINE, Role
from platbook.base.settings import Settings
from platbook.bootstrap.http_server import to_services
from platbook.bootstrap.system import System, open_system
from platbook.db.embedded import start_embedded
from platbook.db.embedded.binaries import Binaries, copy_within_reach, find_binaries
from platbook.db.embedded.cluster import DATABASE, SUPERUSER
from platbook.db.embedded.paths import prepare_home, prepare_socket
from platbook.db.embedded.postmaster import PORT
from platbook.providers.configuration import parse_configuration
from platbook.providers.providers import add_provider
from platbook.sync.reports.status import get_status
from platbook.sync.runs.lifecycle import request_run
from platbook.sync.runs.run import RunRequest, SyncType
from platbook.sync.runs.scheduler import find_work
from tests.cli.program import fresh_home

START = datetime(2026, 1, 2, tzinfo=UTC)
LISTINGS = 30


@dataclass
class Pair:
    """The URLs of a primary and its standby."""

    primary: str
    standby: str

    def ask(self, url: str, sql: str) -> object:
        """One value, from either."""
        with psycopg.connect(url, autocommit=True) as connection:
            row = connection.execute(sql.encode()).fetchone()
        return None if row is None else row[0]

    async def catch_up(self) -> None:
        """Wait until the standby has replayed all that is written now."""
        written = self.ask(self.primary, "SELECT pg_current_wal_flush_lsn()")
        while not self.ask(self.standby, f"SELECT pg_last_wal_replay_lsn() >= '{written}'"):
            await asyncio.sleep(0.02)


@pytest.fixture(scope="module")
def pair() -> Generator[Pair]:
    """A primary and a standby of it, made by PostgreSQL's own means."""
    with fresh_home() as home, start_embedded(home) as server:
        places, account = prepare_home(home)
        binaries = copy_within_reach(_binaries(places.data), account, home)
        standby, socket = places.cluster / "standby", places.cluster / "s"
        prepare_socket(socket, account)
        where = ("-h", places.socket, "-p", str(PORT), "-U", SUPERUSER)
        account.run_checked(
            binaries / "pg_basebackup", *where, "-D", standby, "-R", "-X", "stream", "-c", "fast", "--no-sync"
        )
        # As many connections as its primary, or it does not follow.
        options = f"-c listen_addresses='' -c port={PORT} -c unix_socket_directories={socket} -c max_connections=200"
        control = (binaries / "pg_ctl", "-w", "-D", standby)
        account.run_checked(*control, "start", "-l", places.cluster / "standby.log", "-o", options)
        try:
            yield Pair(
                server.url(), f"postgresql://{SUPERUSER}@/{DATABASE}?host={quote(str(socket), safe='')}&port={PORT}"
            )
        finally:
            account.run_checked(*control, "stop", "-m", "immediate")


def _binaries(data: Path) -> Binaries:
    binaries = find_binaries(data, None)
    if not (binaries / "pg_basebackup").exists():
        pytest.skip(f"PostgreSQL {binaries.version} in {binaries.folder} has no pg_basebackup")
    return binaries


@asynccontextmanager
async def _client(services: Services) -> AsyncGenerator[httpx2.AsyncClient]:
    asgi = httpx2.ASGITransport(create_api(services))
    async with services.database.transaction() as connection:
        new = NewUser("ada@example.com", "correct horse battery", "Ada", "Byron", Role.ADMIN)
        user = await add_user(connection, new, COMMAND_LINE, services.clock.now())
        token = (await services.sessions.start_session(connection, user)).access_token
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(transport=asgi, base_url="http://platbook.test/api/v1", headers=headers) as client:
        yield client


async def _sync(system: System, provider_id: str) -> str:
    """Add a provider and do a full run of it: its status."""
    async with system.database.transaction() as connection:
        said = {
            "providerId": provider_id,
            "providerName": "Mock",
            "providerType": "MOCK",
            "settings": {"listings": LISTINGS, "at": START.isoformat()},
        }
        await add_provider(connection, system.box, parse_configuration(said), START)
        await request_run(connection, RunRequest(provider_id, SyncType.FULL), COMMAND_LINE, system.clock.now())
    assert provider_id in await find_work(system.database, system.clock, start_due=False)
    await system.engine().run_next(provider_id)
    async with system.database.read() as connection:
        last = (await get_status(connection, provider_id, system.clock.now())).last_run
    return "none" if last is None else last.status


async def _count(client: httpx2.AsyncClient) -> int:
    listed = await client.get("/properties")
    assert listed.status_code == 200, listed.text
    return listed.json()["data"]["pagination"]["total"]


async def test_workers_know_all_that_is_committed_and_lists_come_from_the_standby(pair: Pair) -> None:
    settings = Settings.model_validate({
        "database_url": pair.primary, "read_database_url": pair.standby, "platbook_secret_key": "11" * 32,
    })  # fmt: skip
    async with open_system(settings) as system, _client(to_services(system)) as client:
        assert await _sync(system, "mock") == "success", "its sweep's keys cannot be read from a standby"
        await pair.catch_up()
        assert await _count(client) == LISTINGS
        tag = (await client.get("/properties")).headers["ETag"]
        assert (await client.get("/properties", headers={"If-None-Match": tag})).status_code == 304

        pair.ask(pair.standby, "SELECT pg_wal_replay_pause()")
        assert await _sync(system, "late") == "success", "the standby has not heard of this provider"
        made = await client.post(
            "/properties", json={"standardStatus": "Active", "propertyType": "Residential", "listPrice": 1}
        )
        assert (await client.get(made.headers["Location"].removeprefix("/api/v1"))).status_code == 200
        assert (await client.get("/properties", params={"mine": "true"})).json()["data"]["pagination"]["total"] == 1
        assert (await client.get("/admin/mls/providers/late")).status_code == 200
        assert await _count(client) == LISTINGS, "lists come from the standby"

        pair.ask(pair.standby, "SELECT pg_wal_replay_resume()")
        await pair.catch_up()
        assert await _count(client) == 2 * LISTINGS + 1
