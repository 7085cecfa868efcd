"""Workers in processes of their own, over a MOCK provider of a standing market."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

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
    async def worker(
        self, program: str = WORKER, *args: str, **settings: str
    ) -> AsyncGenerator[asyncio.subprocess.Process]:
        """A worker process; killed at the end of the block if it still lives."""
        environment = {
            **os.environ,
            "DATABASE_URL": self.url,
            "PLATBOOK_SECRET_KEY": KEY,
            "PLATBOOK_PHOTO_BATCHES": "0",
            **settings,
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
async def open_board(database: Database, url: str, size: int) -> AsyncGenerator[Board]:
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
