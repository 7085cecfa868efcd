"""A process's system: its database (embedded or one's own) migrated and its key checked, queue, transport, engine."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from platbook.base.clock import Clock, SystemClock
from platbook.base.errors import InvalidInput
from platbook.base.settings import Settings
from platbook.db import Database, SecretBox, SessionLimits
from platbook.db.conninfo import explaining_outages, parse_conninfo
from platbook.db.embedded import start_embedded, watching
from platbook.db.installation import check_key
from platbook.db.migrations import migrate
from platbook.jobs import JobQueue
from platbook.media.blobs import Blobs
from platbook.media.cleanup import Cleanup
from platbook.media.photo_worker import Batches, Pace
from platbook.media.pictures import Format, Recipe, Studio
from platbook.media.visibility import Exposure
from platbook.storage import Cdn, Storage, open_cdn, open_storage
from platbook.sync.engine import Engine
from platbook.transport import Transport

_KEY_FILE = "secret.key"


@dataclass(frozen=True, slots=True)
class System:
    """Everything a part of Platbook may be given."""

    settings: Settings
    clock: Clock
    database: Database
    box: SecretBox
    queue: JobQueue
    transport: Transport
    storage: Storage
    studio: Studio
    cdn: Cdn | None
    replica: Database | None = None
    """The database whose reads may lag: for the API's lists alone. Whatever decides or writes is given `database`."""

    def engine(self) -> Engine:
        """An engine that does syncs in this process; where photos are done here, it lends its sessions to them."""
        return Engine(
            self.database,
            self.transport,
            self.box,
            self.clock,
            photos=self.batches() if self.settings.platbook_photo_batches else None,
        )

    def batches(self, pace: Pace | None = None) -> Batches:
        """Photo work in this process."""
        warmed = self.cdn if self.settings.platbook_warm_cdn else None
        return Batches(
            self.database, self.transport, self.box, self.clock, self.blobs(), pace=pace or Pace(), cdn=warmed
        )

    def blobs(self) -> Blobs:
        """A place for pictures, made as the settings say."""
        formats = tuple(dict.fromkeys(Format(word) for word in self.settings.platbook_photo_formats.split(",")))
        recipe = Recipe(formats=formats)
        keeps = self.settings.platbook_keep_originals
        return Blobs(self.database, self.storage, self.studio, self.clock, recipe, keeps_originals=keeps)

    def exposure(self) -> Exposure:
        """Who may see stored pictures, kept true."""
        return Exposure(self.database, self.storage, self.clock, self.cdn)

    def cleanup(self) -> Cleanup:
        """The store, cleared of what nobody shows."""
        grace = timedelta(hours=self.settings.platbook_photo_grace_hours)
        return Cleanup(self.exposure(), grace)


@asynccontextmanager
async def open_system(settings: Settings) -> AsyncGenerator[System]:
    """Start what is needed, migrate, check the key, and close everything at the end of the block.

    InvalidInput names the setting that cannot work; NeedsOperator says what a person must do, also when the database
    cannot be reached.
    """
    async with AsyncExitStack() as stack:
        url = await _database_url(settings, stack, watch=True)
        stack.enter_context(explaining_outages(url))
        limits = SessionLimits.from_settings(settings)
        box, clock = _secret_box(settings), SystemClock()
        storage = open_storage(settings, box.derive("media-addresses"), clock)
        await migrate(url, limits=limits)
        database = await stack.enter_async_context(Database.open(url, size=settings.platbook_db_pool, limits=limits))
        replica = await _open_replica(database, settings, stack)
        async with database.transaction() as connection:
            await check_key(connection, box)
        queue = await stack.enter_async_context(JobQueue.open(url, limits=limits))
        transport = await stack.enter_async_context(Transport.open(database, clock))
        studio = stack.enter_context(Studio.open())
        cdn = open_cdn(settings, transport.for_service("cdn", tries=1), clock)
        yield System(settings, clock, database, box, queue, transport, storage, studio, cdn, replica)


async def migrate_only(settings: Settings) -> list[str]:
    """Bring the database to this release's schema; the migrations applied now."""
    async with AsyncExitStack() as stack:
        url = await _database_url(settings, stack)
        stack.enter_context(explaining_outages(url))
        return await migrate(url, limits=SessionLimits.from_settings(settings))


async def _database_url(settings: Settings, stack: AsyncExitStack, *, watch: bool = False) -> str:
    _replica_url(settings)  # one that cannot be used is refused before anything is done
    if settings.database_url is not None:
        return parse_conninfo("DATABASE_URL", settings.database_url.get_secret_value())
    server = await asyncio.to_thread(start_embedded, settings.platbook_home, bindir=settings.platbook_pg_bindir)
    stack.push_async_callback(asyncio.to_thread, server.close)
    if watch:
        await stack.enter_async_context(watching(server))
    return server.url()


async def _open_replica(database: Database, settings: Settings, stack: AsyncExitStack) -> Database | None:
    read_url = _replica_url(settings)
    if read_url is None:
        return None
    return await stack.enter_async_context(database.with_replica(read_url, size=settings.platbook_db_pool))


def _replica_url(settings: Settings) -> str | None:
    read_url = settings.read_database_url
    return None if read_url is None else parse_conninfo("READ_DATABASE_URL", read_url.get_secret_value())


def _secret_box(settings: Settings) -> SecretBox:
    if settings.platbook_secret_key is not None:
        return SecretBox.from_text(settings.platbook_secret_key.get_secret_value())
    if settings.database_url is not None:
        raise InvalidInput.of(
            "PLATBOOK_SECRET_KEY", "is required with DATABASE_URL, the same on every machine (openssl rand -hex 32)"
        )
    return SecretBox.from_file(settings.platbook_home / _KEY_FILE)
