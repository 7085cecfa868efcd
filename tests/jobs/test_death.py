"""Workers that are killed, told to end or cancelled, and a database that goes away under them."""

import asyncio
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from psycopg.errors import DiskFull

from platbook.db import Database, Query
from platbook.jobs import Arguments, Job, JobQueue, run_worker
from tests.jobs.rig import QUICK, WORK, RecordingHandler, running, until, working

ROOT = Path(__file__).resolve().parents[2]
SLEEPER = """
import asyncio, signal, sys
from platbook.jobs import Job, JobQueue, WorkerTiming, run_worker
from tests.jobs.rig import WORK

async def work(arguments):
    print("started", flush=True)
    await asyncio.sleep(600)

async def main():
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    timing = WorkerTiming(heartbeat=0.5, stalled_after=2, grace=0.2)
    async with JobQueue.open(sys.argv[1]) as queue:
        await run_worker(queue, [Job(WORK, work)], concurrency=2, stopping=stopping, timing=timing)

asyncio.run(main())
"""


FILL_DISK = Query(
    "fill_disk",
    "No job can be put, as with a full disk.",
    """
    CREATE FUNCTION queue.full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE disk_full; END $$;
    CREATE TRIGGER full_disk BEFORE INSERT ON queue.procrastinate_jobs EXECUTE FUNCTION queue.full();
    """,
)
EMPTY_DISK = Query("empty_disk", "There is room again.", "DROP TRIGGER full_disk ON queue.procrastinate_jobs")


@asynccontextmanager
async def sleeper(database_url: str) -> AsyncGenerator[asyncio.subprocess.Process]:
    """A worker in a process of its own that has begun a job it will not end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SLEEPER, database_url, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"started\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.mark.parametrize(("waits", "done"), [(False, "killed"), (True, "waiting")])
async def test_the_work_of_a_killed_worker_goes_on_also_while_more_waits(
    database_url: str, *, waits: bool, done: str
) -> None:
    async with JobQueue.open(database_url) as queue:
        handler = RecordingHandler()
        handler.gate.set()
        await queue.put(WORK, key="a", name="killed")
        async with sleeper(database_url) as process:
            if waits:
                assert await queue.put(WORK, key="a", name="waiting")
            process.kill()
        async with working(queue, handler):
            await until(lambda: len(handler.ended) == 1)
        assert handler.ended == [done]
        assert await queue.counts() == {"waiting": 0, "running": 0}


async def test_a_worker_that_is_told_to_end_gives_its_work_back(database_url: str) -> None:
    async with JobQueue.open(database_url) as queue:
        await queue.put(WORK, key="a", name="it")
        async with sleeper(database_url) as process:
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0
        assert await queue.counts("a") == {"waiting": 1, "running": 0}


async def test_a_cancelled_worker_gives_its_work_back_before_it_ends(database_url: str) -> None:
    async with JobQueue.open(database_url) as queue:
        handler = RecordingHandler()
        await queue.put(WORK, key="a", name="it")
        worker = asyncio.create_task(
            run_worker(queue, [Job(WORK, handler)], concurrency=1, stopping=asyncio.Event(), timing=QUICK)
        )
        await until(lambda: handler.began == ["it"])
        worker.cancel()
        await asyncio.wait({worker})
        assert worker.cancelled()
        assert await queue.counts("a") == {"waiting": 1, "running": 0}


async def test_a_job_that_a_full_disk_stopped_is_put_again_when_there_is_room(
    database: Database, database_url: str
) -> None:
    work, asked = replace(WORK, retry=timedelta(seconds=0.2)), 0

    async def find_disk_full(_: Arguments) -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            await change(database, FILL_DISK)
            raise DiskFull("no space left on device")

    async with JobQueue.open(database_url) as queue, running(queue, Job(work, find_disk_full)):
        await queue.put(work, key="a", name="it")
        await until(lambda: asked == 1)
        await asyncio.sleep(0.5)
        await change(database, EMPTY_DISK)
        await until(lambda: asked == 2)


async def change(database: Database, statement: Query) -> None:
    async with database.transaction() as connection:
        await connection.run(statement)


@pytest.fixture
def home() -> Generator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="platbook-test-"))
    folder.chmod(0o711)  # the account that runs PostgreSQL must get through
    yield folder / "home"
    shutil.rmtree(folder)
