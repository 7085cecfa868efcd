"""Readiness: the database answers and is migrated, and what this process writes to is writable and has room."""

import asyncio
from functools import cache

from platbook.api.system.folder_check import find_folder_problem
from platbook.application.services import Services
from platbook.base.errors import TryLater
from platbook.base.settings import Settings
from platbook.db import Database, ReadConnection, load_queries
from platbook.db.errors import OperationalError
from platbook.db.migrations import find_migrations
from platbook.storage import FOLDER_NAME

Q = load_queries(__package__ or "platbook.api.system")

_TIMEOUT_SECONDS = 3.0


class Readiness:
    """One check at a time, however often it is asked for: what hangs must not hang once more with each request."""

    def __init__(self, services: Services, *, timeout_seconds: float = _TIMEOUT_SECONDS) -> None:
        self._services = services
        self._timeout_seconds = timeout_seconds
        self._running: asyncio.Task[str | None] | None = None

    async def check(self) -> None:
        """Pass, or raise TryLater with the reason, within three seconds whatever the database and the disk do.

        The check is not cancelled then: a driver that waits for a frozen server takes its time to be cancelled, too.
        """
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._find_problem())
        done, _ = await asyncio.wait({self._running}, timeout=self._timeout_seconds)
        if not done:
            raise TryLater("the database or the disk does not answer; try again shortly")
        problem = await self._running
        if problem is not None:
            raise TryLater(problem)

    async def _find_problem(self) -> str | None:
        problem = await _find_database_problem(self._services.database)
        settings = self._services.settings
        if problem is not None or not _writes_to_home(settings):
            return problem
        home, floor = settings.platbook_home, settings.platbook_min_free_bytes
        problem = await asyncio.to_thread(find_folder_problem, home, min_free_bytes=floor)
        if problem is not None:
            return f"PLATBOOK_HOME {problem}"
        if settings.aws_s3_enabled:
            return None
        problem = await asyncio.to_thread(find_folder_problem, home / FOLDER_NAME, min_free_bytes=floor)
        return None if problem is None else f"photos cannot be stored: their folder {problem}"


async def _find_database_problem(database: Database) -> str | None:
    try:
        async with database.read() as connection:
            missing = _required() - await _find_applied(connection)
    except OperationalError:
        return "the database does not answer; try again shortly"
    if missing:
        return f"the database lacks migrations: {', '.join(sorted(missing))}; run platbook migrate"
    return None


def _writes_to_home(settings: Settings) -> bool:
    """Whether anything is kept there: the embedded database, or photos."""
    return settings.database_url is None or not settings.aws_s3_enabled


async def _find_applied(connection: ReadConnection) -> frozenset[str]:
    if not await connection.value(bool, Q.has_migrations):
        return frozenset()
    return frozenset(await connection.column(str, Q.find_migrations))


@cache
def _required() -> frozenset[str]:
    return frozenset(migration.version for migration in find_migrations())
