"""The database of a process, embedded or external: started, migrated, with its secret key checked."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from platbook.base.clock import Clock, SystemClock
from platbook.base.errors import InvalidInput
from platbook.base.settings import Settings
from platbook.db import Database, SecretBox, SessionLimits
from platbook.db.conninfo import explaining_outages, parse_conninfo
from platbook.db.embedded import start_embedded, watching
from platbook.db.installation import check_key
from platbook.db.migrations import migrate

_KEY_FILE = "secret.key"


@dataclass(frozen=True, slots=True)
class DatabaseContext:
    """The database, and what services need to read and write it."""

    settings: Settings
    clock: Clock
    database: Database
    box: SecretBox


@asynccontextmanager
async def open_database(settings: Settings, *, watch: bool = False) -> AsyncGenerator[DatabaseContext]:
    """Start the database if it is embedded, migrate it, check the key, and close everything at the end of the block.

    `watch`: an embedded server that dies is restarted. InvalidInput names the invalid setting; NeedsOperator says what
    to do, also if the database cannot be reached.
    """
    async with AsyncExitStack() as stack:
        url = await _database_url(settings, stack, watch=watch)
        stack.enter_context(explaining_outages(url))
        limits = SessionLimits.from_settings(settings)
        box = _secret_box(settings)
        await migrate(url, limits=limits)
        database = await stack.enter_async_context(Database.open(url, size=settings.platbook_db_pool, limits=limits))
        async with database.transaction() as connection:
            await check_key(connection, box)
        yield DatabaseContext(settings, SystemClock(), database, box)


async def migrate_only(settings: Settings) -> list[str]:
    """Migrate the database to this release's schema; returns the migrations that were applied."""
    async with AsyncExitStack() as stack:
        url = await _database_url(settings, stack)
        stack.enter_context(explaining_outages(url))
        return await migrate(url, limits=SessionLimits.from_settings(settings))


def to_replica_url(settings: Settings) -> str | None:
    """Return the URL of the read replica, if one is set; InvalidInput names the setting."""
    read_url = settings.read_database_url
    return None if read_url is None else parse_conninfo("READ_DATABASE_URL", read_url.get_secret_value())


async def _database_url(settings: Settings, stack: AsyncExitStack, *, watch: bool = False) -> str:
    to_replica_url(settings)  # an invalid one is refused before anything is started
    if settings.database_url is not None:
        return parse_conninfo("DATABASE_URL", settings.database_url.get_secret_value())
    server = await asyncio.to_thread(start_embedded, settings.platbook_home, bindir=settings.platbook_pg_bindir)
    stack.push_async_callback(asyncio.to_thread, server.close)
    if watch:
        await stack.enter_async_context(watching(server))
    return server.url()


def _secret_box(settings: Settings) -> SecretBox:
    if settings.platbook_secret_key is not None:
        return SecretBox.from_text(settings.platbook_secret_key.get_secret_value())
    if settings.database_url is not None:
        raise InvalidInput.of(
            "PLATBOOK_SECRET_KEY", "is required with DATABASE_URL, the same on every machine (openssl rand -hex 32)"
        )
    return SecretBox.from_file(settings.platbook_home / _KEY_FILE)
