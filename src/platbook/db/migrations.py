"""Numbered SQL files, applied in order under an advisory lock, each in its own transaction, with its checksum stored.

A file whose first line is `-- no-transaction` runs outside one (CREATE INDEX CONCURRENTLY). An applied
file that has changed since is refused: applied migrations are immutable.
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
_FILE_NAME = re.compile(r"^(\d{4})_[a-z0-9_]+\.sql$")
_MIN_SERVER_VERSION = 150000
_CREATE_TABLE = """
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
        """The checksum that is stored when it is applied."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def find_migrations() -> list[Migration]:
    """Every migration of this release, in order."""
    folder = resources.files("platbook.db").joinpath("migrations")
    files = sorted((file for file in folder.iterdir() if _FILE_NAME.match(file.name)), key=lambda file: file.name)
    return [Migration(file.name.removesuffix(".sql"), file.read_text(encoding="utf-8")) for file in files]


async def migrate(url: str, *, limits: SessionLimits = DEFAULT_LIMITS) -> list[str]:
    """Apply the pending migrations and return their versions. Concurrent processes wait for one another."""
    session = limits.to_migration_parameters(url) | {"application_name": "platbook migrations"}
    async with await AsyncConnection.connect(make_conninfo(url, **session), autocommit=True) as connection:
        if connection.info.server_version < _MIN_SERVER_VERSION:
            raise NeedsOperator(f"PostgreSQL 15 or later is needed; this one is {connection.info.server_version}")
        await connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        try:
            return await _apply_pending(connection)
        finally:
            await connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))


async def _apply_pending(connection: AsyncConnection) -> list[str]:
    await connection.execute(_CREATE_TABLE)
    rows = await (await connection.execute("SELECT version, sha256 FROM public.schema_migrations")).fetchall()
    applied = {str(version): str(sha256) for version, sha256 in rows}
    newly_applied: list[str] = []
    for migration in find_migrations():
        stored = applied.pop(migration.version, None)
        if stored is None:
            await _apply(connection, migration)
            newly_applied.append(migration.version)
        elif stored != migration.sha256:
            raise NeedsOperator(f"migration {migration.version} was applied with other content than this release has")
    if applied:
        raise NeedsOperator(f"the database is newer than this release: it has {', '.join(sorted(applied))}")
    return newly_applied


async def _apply(connection: AsyncConnection, migration: Migration) -> None:
    record = "INSERT INTO public.schema_migrations (version, sha256) VALUES (%s, %s)"
    if migration.sql.startswith("-- no-transaction"):
        await connection.execute(migration.sql.encode())
        await connection.execute(record, (migration.version, migration.sha256))
        return
    async with connection.transaction():
        await connection.execute(migration.sql.encode())
        await connection.execute(record, (migration.version, migration.sha256))
