"""Workers killed with -9 or frozen at any moment: nothing is lost, nothing is told twice, another takes over."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from platbook.base.actor import COMMAND_LINE
from platbook.db import Database, Query, SecretBox
from platbook.jobs import JobQueue
from platbook.market import Market
from platbook.providers.configuration import parse_configuration
from platbook.providers.providers import add_provider
from platbook.sync.jobs import wake_worker
from platbook.sync.runs.lifecycle import request_run
from platbook.sync.runs.run import RunRequest, SyncType

START = datetime(2026, 1, 1, tzinfo=UTC)
KEY = "22" * 32
WORKER = """
import asyncio
from platbook.base.log import configure_log
from platbook.base.settings import Settings
from platbook.bootstrap.system import open_system
from platbook.bootstrap.worker import run_jobs
from platbook.jobs import WorkerTiming

async def main():
    configure_log("ERROR")
    async with open_system(Settings(enable_mls_sync=False)) as system:
        timing = WorkerTiming(heartbeat=0.5, stalled_after=2, look_for_stalled=0.5, grace=1, poll=0.5)
        await run_jobs(system, asyncio.Event(), timing=timing)

asyncio.run(main())
"""

# Holds the provider's row in an open transaction until it is killed: between statements, or in the middle of a COPY.
HOLDER = """
import asyncio
import sys
import time
from datetime import UTC, datetime
from platbook.base.settings import Settings
from platbook.bootstrap.system import open_system
from platbook.sync.runs.lifecycle import claim_run

def rows():
    yield ("one", b"1")
    print("held", flush=True)
    time.sleep(3600)

async def main():
    async with open_system(Settings()) as system, system.database.transaction() as connection:
        assert await claim_run(connection, "mock", datetime.now(UTC))
        if sys.argv[1] == "copy":
            await connection.copy_in("platbook_facts", ["name", "value"], ["text", "bytea"], rows())
        print("held", flush=True)
        await asyncio.sleep(3600)

asyncio.run(main())
"""


@dataclass
class Board:
    """A MOCK provider of a standing market, and workers to be killed."""

    database: Database
    url: str
    queue: JobQueue
    size: int

    async def ask(self, sync_type: SyncType = SyncType.FULL) -> object:
        """Ask for a run and wake a worker."""
        async with self.database.transaction() as connection:
            sync_id = await request_run(connection, RunRequest("mock", sync_type), COMMAND_LINE, datetime.now(UTC))
        await self.wake()
        return sync_id

    async def wake(self) -> None:
        await wake_worker(self.queue, "mock")

    async def rows(self, sql: str, **params: object) -> list[dict[str, object]]:
        async with self.database.read() as connection:
            return await connection.dicts(Query("look", "A test's query.", sql), params)

    async def count(self) -> int:
        return int(str((await self.rows("SELECT count(*) AS n FROM properties"))[0]["n"]))

    @asynccontextmanager
    async def worker(self, program: str = WORKER, *args: str) -> AsyncGenerator[asyncio.subprocess.Process]:
        """A worker process; killed at the end of the block if it still lives."""
        environment = {
            **os.environ,
            "DATABASE_URL": self.url,
            "PLATBOOK_SECRET_KEY": KEY,
            "PLATBOOK_PHOTO_BATCHES": "0",
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", program, *args), env=environment, stdout=asyncio.subprocess.PIPE
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def until_ended(self, runs: int) -> list[dict[str, object]]:
        """Wait until so many runs have ended."""
        async with asyncio.timeout(240):
            while True:
                ended = await self.rows(
                    "SELECT * FROM mls_sync_history WHERE parent_id IS NULL AND ended_at IS NOT NULL ORDER BY queued_at"
                )
                if len(ended) == runs:
                    return ended
                await asyncio.sleep(0.2)

    async def check_end(self) -> None:
        """What is stored is the market, and each listing was told of once."""
        market = {one.key: one.record for one in Market(3, self.size, START).listings(START)}
        stored = {row["listing_key"]: row["raw"] for row in await self.rows("SELECT listing_key, raw FROM properties")}
        assert stored == market
        told = await self.rows(
            "SELECT kind, count(*) AS n, count(DISTINCT property_id) AS d FROM listing_changes GROUP BY 1"
        )
        assert told == [{"kind": "listed", "n": self.size, "d": self.size}]
        doubled = await self.rows("SELECT 1 FROM mls_sync_history WHERE parent_id IS NULL AND status = 'running'")
        assert doubled == []


@asynccontextmanager
async def _board(database: Database, url: str, size: int) -> AsyncGenerator[Board]:
    said = {
        "providerId": "mock",
        "providerName": "Mock",
        "providerType": "MOCK",
        "settings": {
            "seed": 3,
            "listings": size,
            "started": START.isoformat(),
            "at": START.isoformat(),
            "page_size": 500,
            "order": "key",
        },
    }
    async with database.transaction() as connection:
        await add_provider(connection, SecretBox.from_text(KEY), parse_configuration(said), START)
    async with JobQueue.open(url) as queue:
        yield Board(database, url, queue, size)


async def _kill_at_random(board: Board, kills: int, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - the moments of a test
    for _ in range(kills):
        async with board.worker() as process:
            before, began = await board.count(), asyncio.get_running_loop().time()
            # Long enough for some to die before their first page, between pages, and in the middle of one.
            while await board.count() == before and asyncio.get_running_loop().time() - began < 20:
                await asyncio.sleep(0.05)
            await asyncio.sleep(dice.uniform(0, 1.5))
            process.kill()


async def test_a_sync_survives_three_kills_while_another_run_waits(database: Database, database_url: str) -> None:
    async with _board(database, database_url, 20_000) as board:
        first = await board.ask()
        async with board.worker():
            while await board.count() == 0:
                await asyncio.sleep(0.05)
            await board.ask(SyncType.SWEEP)  # one under way, one that waits
        await _kill_at_random(board, 2, seed=1)
        async with board.worker(), board.worker():
            ended = await board.until_ended(2)
        assert [run["status"] for run in ended] == ["success", "success"], [run["error"] for run in ended]
        assert ended[0]["sync_id"] == first, "resumed under its own id"
        assert (ended[0]["added"], ended[1]["deleted"]) == (20_000, 0)
        await board.check_end()


@pytest.mark.parametrize("moment", ["idle", "copy"])
async def test_a_worker_takes_over_from_one_that_froze_while_it_held_the_provider(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    monkeypatch.setenv("PLATBOOK_DB_IDLE_IN_TRANSACTION_SECONDS", "1")
    monkeypatch.setenv("PLATBOOK_DB_LOCK_SECONDS", "1")
    async with _board(database, database_url, 500) as board:
        asked = await board.ask()
        async with board.worker(HOLDER, moment) as holder, asyncio.timeout(90):
            assert holder.stdout is not None
            assert await holder.stdout.readline() == b"held\n"
            holder.send_signal(signal.SIGSTOP)
            async with board.worker():
                (ended,) = await board.until_ended(1)
            assert holder.returncode is None, "it is frozen, not gone"
        assert (ended["sync_id"], ended["status"], ended["added"]) == (asked, "success", 500)
        await board.check_end()


@pytest.mark.soak
async def test_a_sync_survives_twenty_kills(database: Database, database_url: str) -> None:
    async with _board(database, database_url, 20_000) as board:
        await board.ask()
        await _kill_at_random(board, 20, seed=2)
        async with board.worker():
            (ended,) = await board.until_ended(1)
        assert ended["status"] == "success", ended["error"]
        await board.check_end()
