"""Numbered SQL files, applied in order under an advisory lock, each in its own transaction, with its checksum kept.

A file whose first line is `-- no-transaction` runs outside one (CREATE INDEX CONCURRENTLY). A file that was applied
and has changed since is refused: the past is not edited.
"""

import hashlib
import re
from dataclasses import dataclass
from importlib import resources

from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from platbook.base.errors import NeedsOperator
from platbook.db.session import DEFAULT_LIMITS, SessionLimits

_LOCK = 0x706C6174  # "plat"
_FILE = re.compile(r"^(\d{4})_[a-z0-9_]+\.sql$")
_LEAST_VERSION = 150000
_BOOK = """
CREATE TABLE IF NOT EXISTS public.schema_migrations (
    version text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
)
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file."""

    version: str
    sql: str

    @property
    def sha256(self) -> str:
        """The checksum that is kept when it is applied."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def find_migrations() -> list[Migration]:
    """Every migration of this release, in order."""
    folder = resources.files("platbook.db").joinpath("migrations")
    files = sorted((file for file in folder.iterdir() if _FILE.match(file.name)), key=lambda file: file.name)
    return [Migration(file.name.removesuffix(".sql"), file.read_text(encoding="utf-8")) for file in files]


async def migrate(url: str, *, limits: SessionLimits = DEFAULT_LIMITS) -> list[str]:
    """Apply what is missing; the versions applied now. Processes that race wait for one another."""
    session = limits.to_migration_parameters(url) | {"application_name": "platbook migrations"}
    async with await AsyncConnection.connect(make_conninfo(url, **session), autocommit=True) as connection:
        if connection.info.server_version < _LEAST_VERSION:
            raise NeedsOperator(f"PostgreSQL 15 or later is needed; this one is {connection.info.server_version}")
        await connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        try:
            return await _apply_missing(connection)
        finally:
            await connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))


async def _apply_missing(connection: AsyncConnection) -> list[str]:
    await connection.execute(_BOOK)
    rows = await (await connection.execute("SELECT version, sha256 FROM public.schema_migrations")).fetchall()
    applied = {str(version): str(sha256) for version, sha256 in rows}
    fresh: list[str] = []
    for migration in find_migrations():
        known = applied.pop(migration.version, None)
        if known is None:
            await _apply(connection, migration)
            fresh.append(migration.version)
        elif known != migration.sha256:
            raise NeedsOperator(f"migration {migration.version} was applied with other content than this release has")
    if applied:
        raise NeedsOperator(f"the database is newer than this release: it has {', '.join(sorted(applied))}")
    return fresh


async def _apply(connection: AsyncConnection, migration: Migration) -> None:
    book = "INSERT INTO public.schema_migrations (version, sha256) VALUES (%s, %s)"
    if migration.sql.startswith("-- no-transaction"):
        await connection.execute(migration.sql.encode())
        await connection.execute(book, (migration.version, migration.sha256))
        return
    async with connection.transaction():
        await connection.execute(migration.sql.encode())
        await connection.execute(book, (migration.version, migration.sha256))
