"""An engine over a real database and a scripted source."""

import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from platbook.base.actor import COMMAND_LINE
from platbook.base.clock import SetClock
from platbook.db import Database, Query, SecretBox
from platbook.providers.configuration import Configuration
from platbook.providers.providers import add_provider
from platbook.sync.engine import SyncEngine
from platbook.sync.resources.registry import RESOURCES, ResourceRegistry
from platbook.sync.runs.lifecycle import request_run
from platbook.sync.runs.run import RunRequest, SyncType
from platbook.transport import Transport
from tests.fakes.scripted_source import ScriptedConnector, Source


@dataclass
class SyncRig:
    """One provider over a scripted source, and the engine that syncs it."""

    database: Database
    engine: SyncEngine
    source: Source
    clock: SetClock
    provider_id: str = "board"

    async def sync(self, sync_type: SyncType = SyncType.FULL, **request: object) -> dict[str, object]:
        """Request a run, do it, and return its history row."""
        self.clock.advance(timedelta(minutes=1))
        run = RunRequest(self.provider_id, sync_type, **request)  # pyright: ignore[reportArgumentType] - by name
        async with self.database.transaction() as connection:
            sync_id = await request_run(connection, run, COMMAND_LINE, self.clock.now())
        await self.engine.run_next(self.provider_id)
        return (await self.rows("SELECT * FROM mls_sync_history WHERE sync_id = %(id)s", id=sync_id))[0]

    async def rows(self, sql: str, **params: object) -> list[dict[str, object]]:
        """Query the database."""
        async with self.database.read() as connection:
            return await connection.dicts(Query("look", "A test's query.", sql), params)

    async def run_sql(self, sql: str, **params: object) -> int:
        """Change the database directly."""
        async with self.database.transaction() as connection:
            return await connection.run(Query("set", "A test's change.", sql), params)

    async def keys(self) -> list[object]:
        """The visible listings' keys."""
        return [
            row["listing_key"] for row in await self.rows("SELECT listing_key FROM properties WHERE visible ORDER BY 1")
        ]

    async def tables_with(self, pattern: str) -> list[object]:
        """The tables in which a pattern is found, in whichever column."""
        tables = [
            row["name"]
            for row in await self.rows("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
        ]
        query = "SELECT FROM {} t WHERE t::text ~* %(pattern)s LIMIT 1"
        return [name for name in tables if await self.rows(query.format(name), pattern=pattern)]

    async def timeline(self, key: str) -> list[object]:
        """The kinds of a listing's timeline, oldest first."""
        sql = (
            "SELECT kind FROM listing_changes c JOIN properties p ON p.id = c.property_id "
            "WHERE listing_key = %(key)s ORDER BY c.recorded_at, c.id"
        )
        return [row["kind"] for row in await self.rows(sql, key=key)]


MakeSyncRig = Callable[..., Awaitable[SyncRig]]


@pytest.fixture
async def sync_rig(database: Database) -> AsyncGenerator[MakeSyncRig]:
    """Make a rig: `await sync_rig(source, retention="erase", …)`."""
    clock = SetClock(datetime(2026, 1, 2, tzinfo=UTC))
    box = SecretBox(os.urandom(32))

    async with Transport.open(database, clock) as transport:

        async def make(source: Source, *, resources: ResourceRegistry = RESOURCES, **configuration: object) -> SyncRig:
            values = {"providerId": "board", "providerName": "The Board", "providerType": "SCRIPTED", **configuration}
            async with database.transaction() as connection:
                await add_provider(connection, box, Configuration.model_validate(values), clock.now())
            connector = ScriptedConnector(source)
            engine = SyncEngine(database, transport, box, clock, lambda _: connector, resources=resources)
            return SyncRig(database, engine, source, clock)

        yield make
