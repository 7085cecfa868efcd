"""The ground all benchmarks stand on: a PostgreSQL of their own, made fresh and thrown away."""

import shutil
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median

import psycopg

from platbook.db.embedded import start_embedded
from platbook.db.migrations import migrate

REPEATS = 31


@asynccontextmanager
async def fresh_database() -> AsyncGenerator[str]:
    """The URL of a migrated database on a server of its own, settings as Platbook starts it."""
    home = Path(tempfile.mkdtemp(prefix="platbook-bench-"))
    home.chmod(0o711)
    server = start_embedded(home)
    try:
        await migrate(server.url())
        yield server.url()
    finally:
        server.close()
        shutil.rmtree(home, ignore_errors=True)


def fill(url: str, statements: Path, rows: int) -> None:
    """Run a file of statements, `%(rows)s` in it replaced by a size."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements.read_text().replace("%(rows)s", str(rows)).split(";\n"):
            if statement.strip():
                connection.execute(statement.encode())


async def median_times(*works: Callable[[], Awaitable[object]]) -> list[float]:
    """The median of many times of each, in milliseconds; they take turns."""
    took: list[list[float]] = [[] for _ in works]
    for _ in range(REPEATS):
        for work, times in zip(works, took, strict=True):
            began = time.perf_counter()
            await work()
            times.append((time.perf_counter() - began) * 1000)
    return [median(times) for times in took]


async def median_time(work: Callable[[], Awaitable[object]]) -> float:
    """The median of many times, in milliseconds."""
    (found,) = await median_times(work)
    return found


def settle(url: str, *tables: str, empty: bool = False) -> None:
    """Start from the same place: tables emptied or vacuumed, everything written out."""
    with psycopg.connect(url, autocommit=True) as connection:
        for table in tables:
            if empty:
                connection.execute(f"TRUNCATE {table} CASCADE".encode())
            else:
                connection.execute(f"VACUUM ANALYZE {table}".encode())
        connection.execute("CHECKPOINT")


def tell(name: str, value: str, bar: str = "") -> None:
    """One line of a result."""
    print(f"  {name:<58}{value:>14}  {bar}", flush=True)
