"""A desk for photo work: a source of photos on loopback, an engine, batches, and a store in memory."""

import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

import orjson
import pytest

from platbook.base.actor import COMMAND_LINE
from platbook.base.clock import SystemClock
from platbook.connectors.contract import Connector
from platbook.db import Database, Query, SecretBox
from platbook.media.blobs import Blobs
from platbook.media.cleanup import Cleanup
from platbook.media.photo_worker import BatchLimits, PhotoWorker
from platbook.media.pictures import ImagePool, VariantSpec
from platbook.media.visibility import MediaVisibility
from platbook.providers.configuration import Configuration
from platbook.providers.providers import add_provider
from platbook.storage import Access, Storage, open_memory_storage
from platbook.sync.engine import SyncEngine
from platbook.sync.runs.lifecycle import RunRequest, SyncType, request_run
from platbook.transport import Transport
from tests.fakes.photo_source import PhotoConnector, PhotoSource, serving
from tests.storage.conftest import bucket, moto, radosgw

__all__ = ["bucket", "moto", "radosgw"]

PROVIDER = "board"


@dataclass(frozen=True, slots=True)
class ShiftedClock(SystemClock):
    """The machine's clock, moved on."""

    ahead: list[timedelta] = field(default_factory=lambda: [timedelta(0)])

    def now(self) -> datetime:
        return SystemClock.now(self) + self.ahead[0]


@dataclass
class Desk:
    """One provider over one source of photos."""

    database: Database
    engine: SyncEngine
    batches: PhotoWorker
    exposure: MediaVisibility
    storage: Storage
    source: PhotoSource
    clock: ShiftedClock

    @property
    def blobs(self) -> Blobs:
        return self.batches.blobs

    def keep_in(self, storage: Storage) -> None:
        """Keep pictures in another store from now on."""
        self.storage = storage
        self.batches = replace(self.batches, blobs=replace(self.blobs, storage=storage))
        self.exposure = replace(self.exposure, storage=storage)

    async def sync(self, sync_type: SyncType = SyncType.FULL) -> UUID:
        """Ask for a run and do it."""
        async with self.database.transaction() as connection:
            sync_id = await request_run(connection, RunRequest(PROVIDER, sync_type), COMMAND_LINE, self.clock.now())
        await self.engine.run_next(PROVIDER)
        return sync_id

    async def work(self) -> int:
        """Do photo work until nothing is due."""
        done = 0
        while await self.batches.find_due() and (count := await self.batches.run_next(PROVIDER)):
            done += count
        await self.exposure.settle()
        return done

    async def hurry(self) -> None:
        """Let the time pass for which failures are left alone."""
        await self.run_sql("UPDATE property_media SET retry_at = NULL")
        await self.run_sql("UPDATE media_work SET due_at = now() WHERE holder IS NULL")

    async def clear(self, grace: timedelta = timedelta(hours=48), *, search_store: bool = True) -> object:
        return await Cleanup(self.exposure, grace).run(search_store=search_store)

    async def rows(self, sql: str, **params: object) -> list[dict[str, object]]:
        async with self.database.read() as connection:
            return await connection.dicts(Query("look", "A test's look.", sql), params)

    async def run_sql(self, sql: str, **params: object) -> int:
        async with self.database.transaction() as connection:
            return await connection.run(Query("set", "A test's hand.", sql), params)

    async def states(self) -> dict[str, int]:
        """How many photos stand so."""
        rows = await self.rows("SELECT state, count(*) AS n FROM property_media GROUP BY 1")
        return {str(row["state"]): int(str(row["n"])) for row in rows}

    async def document(self, key: str, kind: str = "internal") -> dict[str, object] | None:
        column = f"{kind}_document"
        rows = await self.rows(
            "SELECT internal_document, public_document FROM properties WHERE listing_key = %(key)s", key=key
        )
        text = rows[0][column]
        return None if text is None else cast("dict[str, object]", orjson.loads(str(text)))

    async def media(self, key: str, kind: str = "internal") -> list[dict[str, object]]:
        """A listing's photos as its document tells them."""
        document = await self.document(key, kind)
        return [] if document is None else cast("list[dict[str, object]]", document["media"])

    async def objects(self) -> dict[Access, set[str]]:
        """The names of everything in the store."""
        return {access: {one.name async for one in self.storage.list(access)} for access in Access}


MakeDesk = Callable[..., Awaitable[Desk]]


@pytest.fixture
async def make_desk(database: Database) -> AsyncGenerator[MakeDesk]:
    """Make a desk: `await make_desk(source, media={…}, retention="erase")`."""
    box, clock = SecretBox(os.urandom(32)), ShiftedClock()
    async with AsyncExitStack() as stack:
        transport = await stack.enter_async_context(Transport.open(database, clock))
        studio = stack.enter_context(ImagePool.open(threads=2))

        async def make(source: PhotoSource, *, pace: BatchLimits | None = None, **configuration: object) -> Desk:
            await stack.enter_async_context(serving(source))
            media = {"privateAddresses": True, **cast("dict[str, object]", configuration.pop("media", {}))}
            said = {
                "providerId": PROVIDER, "providerName": "The Board", "providerType": "PHOTOS", "media": media,
                **configuration,
            }  # fmt: skip
            async with database.transaction() as connection:
                await add_provider(connection, box, Configuration.model_validate(said), clock.now())
            connector = PhotoConnector(source)
            storage = open_memory_storage(b"k" * 32, clock)
            blobs = Blobs(database, storage, studio, clock, VariantSpec())

            def find(_: str) -> Connector:
                return connector

            batches = PhotoWorker(database, transport, box, clock, blobs, find, pace or BatchLimits())
            engine = SyncEngine(database, transport, box, clock, find, photos=batches)
            return Desk(database, engine, batches, MediaVisibility(database, storage, clock), storage, source, clock)

        yield make


def with_recipe(desk: Desk, recipe: VariantSpec) -> Blobs:
    """The same store under another recipe."""
    return replace(desk.blobs, recipe=recipe)
