"""The ground all benchmarks stand on: a PostgreSQL of their own, made fresh and thrown away."""

import asyncio
import os
import shutil
import signal
import socket
import sys
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
KEY = "33" * 32
"""The secret key of servers that are measured."""


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


@asynccontextmanager
async def serving(url: str, *, pool: int) -> AsyncGenerator[str]:
    """The address of one `platbook serve` on a database, with so many connections to it."""
    port = free_port()
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "PLATBOOK_SECRET_KEY": KEY,
        "PLATBOOK_DB_POOL": str(pool),
        "PLATBOOK_LOG_LEVEL": "WARNING",
        "PLATBOOK_API_RATE": "0",
    }
    command = [str(Path(sys.executable).with_name("platbook")), "serve", "--port", str(port)]
    async with process(command, environment, port) as address:
        yield address


@asynccontextmanager
async def process(command: list[str], environment: dict[str, str], port: int) -> AsyncGenerator[str]:
    """The address of a server's process, once it answers."""
    started = await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.DEVNULL)
    try:
        async with asyncio.timeout(60):
            while not _answers(port):
                await asyncio.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        started.send_signal(signal.SIGTERM)
        await started.wait()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


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
