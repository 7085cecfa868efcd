"""A process's database (embedded or one's own), migrated, with its key checked: all that a command needs to read."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from platbook.base.clock import Clock, SystemClock
from platbook.base.errors import InvalidInput
from platbook.base.settings import Settings
from platbook.db import Database, SecretBox
from platbook.db.embedded import start_embedded
from platbook.db.facts import check_key
from platbook.db.migrations import migrate

_KEY_FILE = "secret.key"


@dataclass(frozen=True, slots=True)
class DatabaseContext:
    """The database, and what reading and writing it takes."""

    settings: Settings
    clock: Clock
    database: Database
    box: SecretBox


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncGenerator[DatabaseContext]:
    """Start the database if it is embedded, migrate it, check the key, and close everything at the end of the block.

    InvalidInput names the setting that cannot work; NeedsOperator says what a person must do.
    """
    async with AsyncExitStack() as stack:
        url = await _database_url(settings, stack)
        box = _secret_box(settings)
        await migrate(url)
        database = await stack.enter_async_context(Database.open(url, size=settings.platbook_db_pool))
        async with database.transaction() as connection:
            await check_key(connection, box)
        yield DatabaseContext(settings, SystemClock(), database, box)


async def migrate_only(settings: Settings) -> list[str]:
    """Bring the database to this release's schema; the migrations applied now."""
    async with AsyncExitStack() as stack:
        return await migrate(await _database_url(settings, stack))


async def _database_url(settings: Settings, stack: AsyncExitStack) -> str:
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    server = await asyncio.to_thread(start_embedded, settings.platbook_home, bindir=settings.platbook_pg_bindir)
    stack.push_async_callback(asyncio.to_thread, server.close)
    return server.url()


def _secret_box(settings: Settings) -> SecretBox:
    if settings.platbook_secret_key is not None:
        return SecretBox.from_text(settings.platbook_secret_key.get_secret_value())
    if settings.database_url is not None:
        raise InvalidInput.of(
            "PLATBOOK_SECRET_KEY", "is required with DATABASE_URL, the same on every machine (openssl rand -hex 32)"
        )
    return SecretBox.from_file(settings.platbook_home / _KEY_FILE)
