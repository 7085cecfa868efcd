"""The composition root of a process: database, job queue, transport, storage, and the services over them."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from platbook.base.settings import Settings
from platbook.bootstrap.database import DatabaseContext, open_database, to_replica_url
from platbook.db import Database, SessionLimits
from platbook.jobs import JobQueue
from platbook.media.blobs import Blobs
from platbook.media.cleanup import Cleanup
from platbook.media.moving import StoreMove
from platbook.media.photo_worker import BatchLimits, PhotoWorker
from platbook.media.pictures import Format, ImagePool, VariantSpec
from platbook.media.visibility import MediaVisibility
from platbook.storage import Cdn, Storage, StoreRegistry, open_cdn
from platbook.sync.engine import SyncEngine
from platbook.transport import TransferLimits, Transport


@dataclass(frozen=True, slots=True)
class System(DatabaseContext):
    """The shared resources of a process, and factories of its services."""

    queue: JobQueue
    transport: Transport
    storage: Storage
    image_pool: ImagePool
    cdn: Cdn | None
    replica: Database | None = None
    """A read replica, whose reads may lag: for the API's lists only. Whatever decides or writes uses `database`."""

    def engine(self) -> SyncEngine:
        """Return a sync engine; if this process handles photos, their download shares the engine's sessions."""
        return SyncEngine(
            self.database,
            self.transport,
            self.box,
            self.clock,
            photos=self.photo_worker() if self.settings.platbook_photo_batches else None,
        )

    def photo_worker(self, limits: BatchLimits | None = None) -> PhotoWorker:
        """Return a photo worker."""
        warmed = self.cdn if self.settings.platbook_warm_cdn else None
        return PhotoWorker(
            self.database,
            self.transport,
            self.box,
            self.clock,
            self.blobs(),
            limits=limits or BatchLimits(),
            cdn=warmed,
        )

    def blobs(self) -> Blobs:
        """Return the store of images, with the variants that the settings name."""
        formats = tuple(dict.fromkeys(Format(name) for name in self.settings.platbook_photo_formats.split(",")))
        variants = VariantSpec(formats=formats)
        keeps = self.settings.platbook_keep_originals
        return Blobs(self.database, self.storage, self.image_pool, self.clock, variants, keep_originals=keeps)

    def media_visibility(self) -> MediaVisibility:
        """Return the service that makes stored images public or private."""
        return MediaVisibility(self.database, self.storage, self.clock, self.cdn)

    def store_move(self) -> StoreMove:
        """Return the service that moves stored images to the store of the settings."""
        grace = timedelta(hours=self.settings.platbook_photo_grace_hours)
        return StoreMove(self.database, self.storage, self.clock, grace)

    def cleanup(self) -> Cleanup:
        """Return the service that deletes unreferenced images."""
        grace = timedelta(hours=self.settings.platbook_photo_grace_hours)
        return Cleanup(self.media_visibility(), grace)


@asynccontextmanager
async def open_system(settings: Settings) -> AsyncGenerator[System]:
    """Open all resources, migrate the database, check the key, and close everything at the end of the block.

    InvalidInput names the invalid setting; NeedsOperator says what to do, also if the database cannot be reached.
    """
    async with AsyncExitStack() as stack:
        opened = await stack.enter_async_context(open_database(settings, watch=True))
        clock, database, box = opened.clock, opened.database, opened.box
        stores = StoreRegistry(database, box, settings.platbook_home, box.derive("media-addresses"), clock)
        storage = await stores.register(settings)
        await storage.check()
        replica = await _open_replica(database, settings, stack)
        queue = await stack.enter_async_context(
            JobQueue.open(database.url, limits=SessionLimits.from_settings(settings))
        )
        limits = TransferLimits.from_settings(settings)
        transport = await stack.enter_async_context(Transport.open(database, clock, limits=limits))
        studio = stack.enter_context(ImagePool.open())
        cdn = open_cdn(settings, transport.for_service("cdn", max_attempts=1), clock)
        yield System(settings, clock, database, box, queue, transport, storage, studio, cdn, replica)


async def _open_replica(database: Database, settings: Settings, stack: AsyncExitStack) -> Database | None:
    read_url = to_replica_url(settings)
    if read_url is None:
        return None
    return await stack.enter_async_context(database.with_replica(read_url, size=settings.platbook_db_pool))
