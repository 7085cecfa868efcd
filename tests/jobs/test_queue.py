"""What the queue promises while all is well."""

import asyncio

import pytest
from psycopg.errors import LockNotAvailable

from platbook.db import Database, Query
from platbook.jobs import JobQueue
from platbook.jobs.queue import Args, CancelReason, RunningJob
from tests.jobs.bench import Bench, until, working


async def test_work_is_done_and_one_waits_per_key(database_url: str) -> None:
    async with JobQueue.open(database_url) as queue:
        bench = Bench()
        queue.handle("work", bench)
        assert await queue.put("work", key="a", args={"name": "first"})
        assert not await queue.put("work", key="a", args={"name": "doubled"})
        assert await queue.put("work", key="b", args={"name": "other"})
        async with working(queue):
            await until(lambda: len(bench.began) == 2)
            assert await queue.put("work", key="a", args={"name": "next"}), "one runs, another may wait"
            assert await queue.counts("a") == {"waiting": 1, "running": 1}
            bench.gate.set()
            await until(lambda: len(bench.ended) == 3)
        assert sorted(bench.ended) == ["first", "next", "other"]


async def test_work_that_waited_too_long_for_a_lock_is_done_again_and_has_not_failed(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platbook.jobs.queue._PAUSE_SECONDS", 1)
    done = asyncio.Event()
    tries = 0

    async def work(_: Args) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise LockNotAvailable("canceling statement due to lock timeout")
        done.set()

    async with JobQueue.open(database_url) as queue:
        queue.handle("work", work)
        assert await queue.put("work", key="a", args={"name": "first"})
        async with working(queue), asyncio.timeout(30):
            await done.wait()
    failed = Query("failed", "A test's look.", "SELECT 1 FROM queue.procrastinate_jobs WHERE status = 'failed'")
    async with database.read() as connection:
        assert await connection.tuples(failed) == []


async def test_two_workers_never_do_one_key_at_once(database_url: str) -> None:
    async with JobQueue.open(database_url) as one, JobQueue.open(database_url) as two:
        bench = Bench(seconds=0.05)
        bench.gate.set()
        for queue in (one, two):
            queue.handle("work", bench)
        async with working(one), working(two):
            for turn in range(10):
                while not await one.put("work", key="a", args={"name": str(turn)}):
                    await asyncio.sleep(0.01)
            await until(lambda: len(bench.ended) == 10)
        assert bench.most_at_once == 1


async def test_cancel_reaches_what_runs_and_drops_what_waits(database_url: str) -> None:
    async with JobQueue.open(database_url) as queue:
        bench = Bench()
        queue.handle("work", bench)
        async with working(queue):
            await queue.put("work", key="a", args={"name": "running"})
            await until(lambda: bench.began == ["running"])
            await queue.put("work", key="a", args={"name": "waiting"})
            assert await queue.cancel("a") == 2
            await until(lambda: bench.cancelled == ["running"])
        assert await queue.counts("a") == {"waiting": 0, "running": 0}


async def test_a_worker_that_stops_gives_its_work_back(database_url: str) -> None:
    async with JobQueue.open(database_url) as queue:
        bench = Bench()
        queue.handle("work", bench)
        await queue.put("work", key="a", args={"name": "it"})
        async with working(queue):
            await until(lambda: bench.began == ["it"])
        assert bench.cancelled == ["it"]
        assert await queue.counts("a") == {"waiting": 1, "running": 0}


async def test_ticks_come_on_start_and_again_and_survive_a_failure(database_url: str) -> None:
    ticked: list[int] = []

    async def tick() -> None:
        ticked.append(1)
        if len(ticked) == 1:
            raise ValueError("the first one fails")

    async with JobQueue.open(database_url) as queue:
        queue.repeat("tick", 0.2, tick)
        async with working(queue):
            await until(lambda: len(ticked) >= 3)


@pytest.mark.parametrize("reason", ["asked", "stopping"])
async def test_a_handler_can_learn_why_it_is_cancelled(database_url: str, reason: CancelReason) -> None:
    told: list[tuple[str, CancelReason | None]] = []
    began = asyncio.Event()

    async def handler(_args: Args, job: RunningJob) -> None:
        told.append((job.key, job.cancel_reason))
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            told.append((job.key, job.cancel_reason))

    async with JobQueue.open(database_url) as queue:
        queue.handle_job("work", handler)
        await queue.put("work", key="a", args={})
        async with working(queue):
            await began.wait()
            if reason == "asked":
                await queue.cancel("a")
                await until(lambda: len(told) == 2)
        assert told == [("a", None), ("a", reason)]
        assert await queue.counts() == {"waiting": 0 if reason == "asked" else 1, "running": 0}


async def test_a_stop_does_not_wait_for_a_tick(database_url: str) -> None:
    ended: list[str] = []
    began = asyncio.Event()

    async def tick() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("tick")

    async with JobQueue.open(database_url) as queue:
        queue.repeat("endless", 60, tick)
        async with working(queue):
            await began.wait()
        assert ended == ["tick"]
