"""What the queue promises while all is well."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from psycopg.errors import LockNotAvailable

from platbook.db import Database, Query
from platbook.jobs import Arguments, Job, JobDefinition, JobQueue
from tests.jobs.rig import WORK, RecordingHandler, running, until, working


async def test_work_is_done_and_one_waits_per_key(database_url: str) -> None:
    async with JobQueue.open(database_url) as queue:
        handler = RecordingHandler()
        assert await queue.put(WORK, key="a", name="first")
        assert not await queue.put(WORK, key="a", name="doubled")
        assert await queue.put(WORK, key="b", name="other")
        async with working(queue, handler):
            await until(lambda: len(handler.began) == 2)
            assert await queue.put(WORK, key="a", name="next"), "one runs, another may wait"
            assert await queue.counts("a") == {"waiting": 1, "running": 1}
            handler.gate.set()
            await until(lambda: len(handler.ended) == 3)
        assert sorted(handler.ended) == ["first", "next", "other"]


async def test_work_that_waited_too_long_for_a_lock_is_done_again_and_has_not_failed(
    database: Database, database_url: str
) -> None:
    quick = replace(WORK, retry=timedelta(seconds=1))
    done = asyncio.Event()
    tries = 0

    async def work(_: Arguments) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise LockNotAvailable("canceling statement due to lock timeout")
        done.set()

    async with JobQueue.open(database_url) as queue:
        assert await queue.put(WORK, key="a", name="first")
        async with running(queue, Job(quick, work)), asyncio.timeout(30):
            await done.wait()
    failed = Query("failed", "A test's look.", "SELECT 1 FROM queue.procrastinate_jobs WHERE status = 'failed'")
    async with database.read() as connection:
        assert await connection.tuples(failed) == []


async def test_two_workers_never_do_one_key_at_once(database_url: str) -> None:
    async with JobQueue.open(database_url) as one, JobQueue.open(database_url) as two:
        handler = RecordingHandler(seconds=0.05)
        handler.gate.set()
        async with working(one, handler), working(two, handler):
            for turn in range(10):
                while not await one.put(WORK, key="a", name=str(turn)):
                    await asyncio.sleep(0.01)
            await until(lambda: len(handler.ended) == 10)
        assert handler.most_at_once == 1


async def test_cancel_reaches_what_runs_and_drops_what_waits(database_url: str) -> None:
    async with JobQueue.open(database_url) as queue:
        handler = RecordingHandler()
        async with working(queue, handler):
            await queue.put(WORK, key="a", name="running")
            await until(lambda: handler.began == ["running"])
            await queue.put(WORK, key="a", name="waiting")
            assert await queue.cancel(WORK, key="a", name="") == 2
            await until(lambda: handler.cancelled == ["running"])
        assert await queue.counts("a") == {"waiting": 0, "running": 0}


async def test_a_worker_that_stops_gives_its_work_back(database_url: str) -> None:
    async with JobQueue.open(database_url) as queue:
        handler = RecordingHandler()
        await queue.put(WORK, key="a", name="it")
        async with working(queue, handler):
            await until(lambda: handler.began == ["it"])
        assert handler.cancelled == ["it"]
        assert await queue.counts("a") == {"waiting": 1, "running": 0}


async def test_periodic_jobs_run_on_start_and_again_and_survive_a_failure(database_url: str) -> None:
    runs: list[int] = []

    async def tick(_: Arguments) -> None:
        runs.append(1)
        if len(runs) == 1:
            raise ValueError("the first one fails")

    soon = timedelta(seconds=0.2)
    job = Job(JobDefinition("tick", period=soon, retry=soon), tick)
    async with JobQueue.open(database_url) as queue, running(queue, job):
        await until(lambda: len(runs) >= 3)


async def test_a_periodic_job_may_ask_to_be_run_again_at_once(database_url: str) -> None:
    runs: list[int] = []

    async def tick(_: Arguments) -> timedelta | None:
        runs.append(1)
        return timedelta() if len(runs) < 5 else None

    job = Job(JobDefinition("tick", period=timedelta(hours=1)), tick)
    async with JobQueue.open(database_url) as queue, running(queue, job):
        await until(lambda: len(runs) == 5)
        await asyncio.sleep(0.1)
    assert len(runs) == 5


async def test_a_periodic_job_runs_in_parallel_loops(database_url: str) -> None:
    everybody = asyncio.Barrier(3)

    async def tick(_: Arguments) -> None:
        await everybody.wait()

    job = Job(JobDefinition("tick", period=timedelta(hours=1)), tick, parallel=2)
    async with JobQueue.open(database_url) as queue, running(queue, job), asyncio.timeout(30):
        await everybody.wait()


@pytest.mark.parametrize("cancelled", [True, False])
async def test_a_job_is_put_again_if_its_worker_stops_but_not_if_it_is_cancelled(
    database_url: str, *, cancelled: bool
) -> None:
    handler = RecordingHandler()
    async with JobQueue.open(database_url) as queue:
        await queue.put(WORK, key="a", name="it")
        async with working(queue, handler):
            await until(lambda: handler.began == ["it"])
            if cancelled:
                await queue.cancel(WORK, key="a", name="")
                await until(lambda: handler.cancelled == ["it"])
        assert handler.cancelled == ["it"]
        assert await queue.counts() == {"waiting": 0 if cancelled else 1, "running": 0}


@pytest.mark.parametrize(
    ("definition", "arguments"),
    [
        (WORK, {"key": "a"}),
        (WORK, {"key": "a", "name": "b", "more": "c"}),
        (JobDefinition("periodic", period=timedelta(seconds=1)), {}),
    ],
)
def test_a_job_with_other_arguments_has_no_key(definition: JobDefinition, arguments: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="takes"):
        definition.to_key(arguments)


async def test_a_stop_does_not_wait_for_a_tick(database_url: str) -> None:
    ended: list[str] = []
    began = asyncio.Event()

    async def tick(_: Arguments) -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("tick")

    async with JobQueue.open(database_url) as queue:
        async with running(queue, Job(JobDefinition("endless", period=timedelta(minutes=1)), tick)):
            await began.wait()
        assert ended == ["tick"]
