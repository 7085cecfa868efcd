"""A migrated PostgreSQL database of its own for every test that asks for one.

One embedded server serves all workers and all test runs of an account; its home, in memory where there is room and else
below the temp folder, is kept, so that only the first run pays for making it. Each test's database is a copy of a
template that is named for the migrations it was made by, and is dropped after the test; what a killed run left behind
is dropped by the next.
"""

import asyncio
import hashlib
import os
import re
from collections.abc import AsyncGenerator, Generator

import psutil
import pytest
from argon2 import PasswordHasher
from psycopg.sql import SQL, Identifier

from platbook.accounts import passwords
from platbook.base.log import configure_log
from platbook.db import Database
from platbook.db.embedded import EmbeddedPostgres, start_embedded
from platbook.db.migrations import find_migrations, migrate
from tests.fresh_database import admin, drop, fresh_database
from tests.scratch import find_scratch_place

_LOCK = 0x74657374  # "test"
_PROCESS = re.compile(r"^(?:test|unfinished)_([0-9]+)(?:_|$)")


@pytest.fixture(scope="session", autouse=True)
def log() -> None:
    """Logs as a server writes them; the library's own default draws every local variable of a traceback."""
    configure_log("DEBUG", "json")


@pytest.fixture(scope="session", autouse=True)
def production_hasher() -> Generator[PasswordHasher]:
    """What passwords are hashed by, but for tests' own: those protect nothing, so that they need cost nothing."""
    production = passwords.hasher
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield production


@pytest.fixture(scope="session")
def postgres() -> Generator[EmbeddedPostgres]:
    """The server. Its data is worth nothing, so it need not wait for the disk, nor lie on it where memory is plenty."""
    home = find_scratch_place() / f"platbook-tests-{os.geteuid()}"
    home.mkdir(mode=0o711, exist_ok=True)
    with start_embedded(home) as server:
        with admin(server) as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(SQL("ALTER SYSTEM SET {} = off").format(Identifier(setting)))
            connection.execute("SELECT pg_reload_conf()")
        yield server


@pytest.fixture(scope="session")
def template(postgres: EmbeddedPostgres) -> str:
    """The name of a migrated database to copy, made by whoever comes first."""
    digest = hashlib.sha256("".join(migration.sha256 for migration in find_migrations()).encode())
    name = f"template_{digest.hexdigest()[:16]}"
    with admin(postgres) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        present = {str(row[0]) for row in connection.execute("SELECT datname FROM pg_database")}
        for leftover in filter(_is_orphan, present):
            drop(connection, leftover)
        if name not in present:
            unfinished = f"unfinished_{os.getpid()}"
            connection.execute(SQL("CREATE DATABASE {}").format(Identifier(unfinished)))
            asyncio.run(migrate(postgres.url(unfinished)))
            connection.execute(SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(unfinished), Identifier(name)))
    return name


@pytest.fixture
def database_url(postgres: EmbeddedPostgres, template: str) -> Generator[str]:
    """The URL of a fresh, migrated database."""
    with fresh_database(postgres, template) as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    """Pools on a fresh, migrated database."""
    async with Database.open(database_url) as opened:
        yield opened


def _is_orphan(name: str) -> bool:
    match = _PROCESS.match(name)
    return match is not None and not psutil.pid_exists(int(match[1]))
