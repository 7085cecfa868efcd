"""The photo rig: a source of photos on loopback, a sync engine, a photo worker, and an in-memory store."""

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
from platbook.sync.runs.lifecycle import request_run
from platbook.sync.runs.run import RunRequest, SyncType
from platbook.transport import Transport
from tests.fakes.photo_source import PhotoConnector, PhotoSource, serving
from tests.storage.conftest import bucket, moto, radosgw

__all__ = ["bucket", "moto", "radosgw"]

PROVIDER = "board"


@dataclass(frozen=True, slots=True)
class ShiftedClock(SystemClock):
    """The system clock, moved ahead."""

    ahead: list[timedelta] = field(default_factory=lambda: [timedelta(0)])

    def now(self) -> datetime:
        return SystemClock.now(self) + self.ahead[0]


@dataclass
class PhotoRig:
    """One provider over one source of photos."""

    database: Database
    engine: SyncEngine
    worker: PhotoWorker
    visibility: MediaVisibility
    storage: Storage
    source: PhotoSource
    clock: ShiftedClock

    @property
    def blobs(self) -> Blobs:
        return self.worker.blobs

    def use_storage(self, storage: Storage) -> None:
        """Store pictures in another store from now on."""
        self.storage = storage
        self.worker = replace(self.worker, blobs=replace(self.blobs, storage=storage))
        self.visibility = replace(self.visibility, storage=storage)

    async def sync(self, sync_type: SyncType = SyncType.FULL) -> UUID:
        """Request a run and execute it."""
        async with self.database.transaction() as connection:
            sync_id = await request_run(connection, RunRequest(PROVIDER, sync_type), COMMAND_LINE, self.clock.now())
        await self.engine.run_next(PROVIDER)
        return sync_id

    async def work(self) -> int:
        """Do photo work until nothing is due."""
        done = 0
        while await self.worker.find_due() and (count := await self.worker.run_next(PROVIDER)):
            done += count
        await self.visibility.process_checks()
        return done

    async def skip_delays(self) -> None:
        """Make everything that was deferred due now."""
        await self.run_sql("UPDATE property_media SET retry_at = NULL")
        await self.run_sql("UPDATE media_work SET due_at = now() WHERE holder IS NULL")

    async def clean_up(self, grace: timedelta = timedelta(hours=48), *, scan_store: bool = True) -> object:
        return await Cleanup(self.visibility, grace).run(scan_store=scan_store)

    async def rows(self, sql: str, **params: object) -> list[dict[str, object]]:
        async with self.database.read() as connection:
            return await connection.dicts(Query("select", "A test's query.", sql), params)

    async def run_sql(self, sql: str, **params: object) -> int:
        async with self.database.transaction() as connection:
            return await connection.run(Query("update", "A test's update.", sql), params)

    async def states(self) -> dict[str, int]:
        """How many photos are in each state."""
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
        """A listing's photos as in its document."""
        document = await self.document(key, kind)
        return [] if document is None else cast("list[dict[str, object]]", document["media"])

    async def objects(self) -> dict[Access, set[str]]:
        """The names of everything in the store."""
        return {access: {one.name async for one in self.storage.list(access)} for access in Access}


MakePhotoRig = Callable[..., Awaitable[PhotoRig]]


@pytest.fixture
async def make_photo_rig(database: Database) -> AsyncGenerator[MakePhotoRig]:
    """Make a rig: `await make_photo_rig(source, media={…}, retention="erase")`."""
    box, clock = SecretBox(os.urandom(32)), ShiftedClock()
    async with AsyncExitStack() as stack:
        transport = await stack.enter_async_context(Transport.open(database, clock))
        image_pool = stack.enter_context(ImagePool.open(threads=2))

        async def make(source: PhotoSource, *, limits: BatchLimits | None = None, **configuration: object) -> PhotoRig:
            await stack.enter_async_context(serving(source))
            media = {"privateAddresses": True, **cast("dict[str, object]", configuration.pop("media", {}))}
            values = {
                "providerId": PROVIDER, "providerName": "The Board", "providerType": "PHOTOS", "media": media,
                **configuration,
            }  # fmt: skip
            async with database.transaction() as connection:
                await add_provider(connection, box, Configuration.model_validate(values), clock.now())
            connector = PhotoConnector(source)
            storage = open_memory_storage(b"k" * 32, clock)
            blobs = Blobs(database, storage, image_pool, clock, VariantSpec())

            def find(_: str) -> Connector:
                return connector

            worker = PhotoWorker(database, transport, box, clock, blobs, find, limits or BatchLimits())
            engine = SyncEngine(database, transport, box, clock, find, photos=worker)
            return PhotoRig(database, engine, worker, MediaVisibility(database, storage, clock), storage, source, clock)

        yield make
