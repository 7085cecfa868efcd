"""Our clock is ahead for a while, the source's is not: the schedule goes on, with a finding, and nothing is lost."""

import os
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel

from platbook.base.clock import SetClock
from platbook.connectors.contract import Clock, HttpClient, Scope
from platbook.connectors.mock import MockConnector, MockSession
from platbook.db import Database, Query, SecretBox
from platbook.market import Market
from platbook.providers.configuration import parse_configuration
from platbook.providers.providers import add_provider
from platbook.sync.engine import SyncEngine
from platbook.sync.reports.status import ProviderStatus, get_status
from platbook.sync.runs.scheduler import find_work
from platbook.transport import Transport

START = datetime(2026, 1, 1, tzinfo=UTC)
SIZE = 300
PROVIDER = {
    "providerId": "mock",
    "providerName": "Mock",
    "providerType": "MOCK",
    "intervalHours": 2,
    "settings": {"seed": 7, "listings": SIZE, "started": START.isoformat(), "page_size": 64},
}


class OwnClockConnector(MockConnector):
    """A source with a clock of its own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def connect(
        self, settings: BaseModel, credentials: BaseModel, *, scope: Scope, http: HttpClient, clock: Clock
    ) -> AbstractAsyncContextManager[MockSession]:
        """Open a session at the source's time."""
        del clock
        return super().connect(settings, credentials, scope=scope, http=http, clock=self._clock)


async def test_the_replica_is_the_source_after_a_clock_was_ahead_by_400_days(database: Database) -> None:
    clock, source = SetClock(START + timedelta(hours=1)), SetClock(START + timedelta(hours=1))
    box = SecretBox(os.urandom(32))
    async with database.transaction() as connection:
        await add_provider(connection, box, parse_configuration(PROVIDER), clock.now())

    async def sync_if_due(engine: SyncEngine) -> ProviderStatus:
        if await find_work(database, clock, start_due=True):
            await engine.run_next("mock")
        async with database.read() as connection:
            return await get_status(connection, "mock", clock.now())

    async def stored() -> dict[object, object]:
        async with database.read() as connection:
            query = Query("stored", "A test's look.", "SELECT listing_key, raw FROM properties WHERE visible")
            return {row["listing_key"]: row["raw"] for row in await connection.dicts(query)}

    def market() -> dict[object, object]:
        return {one.key: one.record for one in Market(7, SIZE, START).listings(source.now())}

    async with Transport.open(database, clock) as transport:
        engine = SyncEngine(database, transport, box, clock, lambda _: OwnClockConnector(source))
        for ahead, findings in ((0, 0), (400, 0), (0, 1), (0, 0)):
            source.advance(timedelta(hours=13))  # each run has a sweep, so that the replica is the source at once
            clock.advance(source.now() - clock.now() + timedelta(days=ahead))
            status = await sync_if_due(engine)
            assert status.last_run is not None
            assert (status.last_run.status, status.open_findings) == ("success", findings)
            assert await stored() == market(), f"{ahead} days ahead"
