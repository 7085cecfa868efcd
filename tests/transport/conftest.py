"""A provider's row, and a transport that does not sleep."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime

import httpx2
import pytest
from crafted_source import Slept

from platbook.base.clock import SetClock
from platbook.db import Database, Query
from platbook.transport import Transport

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
_ADD_PROVIDER = Query(
    "add_provider",
    "",
    """INSERT INTO mls_provider_configurations (provider_id, provider_name, provider_type)
       VALUES ('harbour', 'Harbour', 'MOCK')""",
)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def slept() -> Slept:
    return Slept()


@pytest.fixture
async def sources(database: Database) -> Database:
    """A database with one provider, `harbour`."""
    async with database.transaction() as connection:
        await connection.run(_ADD_PROVIDER)
    return database


@pytest.fixture
async def transport(sources: Database, slept: Slept) -> AsyncGenerator[Transport]:
    timeouts = httpx2.Timeout(5, read=0.3)
    async with Transport.open(sources, SetClock(NOW), time_source=slept.time_source(), timeouts=timeouts) as opened:
        yield opened
