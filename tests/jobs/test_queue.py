"""The queue on a real database, with real workers that die."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from procrastinate.exceptions import ConnectorException

from platbook.db import Database, Query
from platbook.jobs import JobQueue, Pace, run_worker

QUICK = Pace(heartbeat=0.5, stalled_after=2, look_for_stalled=1, grace=0.2, poll=0.5)
SLEEPER = """
import asyncio, sys
from platbook.jobs import JobQueue, Pace, run_worker

async def main():
    async with JobQueue.open(sys.argv[1]) as queue:
        async def handler(args):
            print("started", flush=True)
            await asyncio.sleep(600)
        queue.handle("work", handler)
        await run_worker(queue, concurrency=2, stopping=asyncio.Event(), pace=Pace(heartbeat=0.5, stalled_after=2))

asyncio.run(main())
"""


class Bench:
    """A handler that notes what it did and can be told to wait."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.ended: list[str] = []
        self.cancelled: list[str] = []
        self.gate = asyncio.Event()
        self.most_at_once = 0

    async def __call__(self, args: object) -> None:
        name = str(args["name"])  # pyright: ignore[reportIndexIssue, reportUnknownArgumentType] - the queue's mapping
        self.began.append(name)
        self.most_at_once = max(self.most_at_once, len(self.began) - len(self.ended) - len(self.cancelled))
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled.append(name)
            raise
        self.ended.append(name)


@asynccontextmanager
async def working(queue: JobQueue) -> AsyncGenerator[asyncio.Event]:
    stopping = asyncio.Event()
    worker = asyncio.create_task(run_worker(queue, concurrency=4, stopping=stopping, pace=QUICK))
    try:
        yield stopping
    finally:
        stopping.set()
        await worker


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in another process or the database
            await asyncio.sleep(0.05)


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
            assert await queue.count("a") == {"waiting": 1, "running": 1}
            bench.gate.set()
            await until(lambda: len(bench.ended) == 3)
        assert sorted(bench.ended) == ["first", "next", "other"]


async def test_two_workers_never_do_one_key_at_once(database_url: str) -> None:
    async with JobQueue.open(database_url) as one, JobQueue.open(database_url) as two:
        bench = Bench()
        bench.gate.set()
        for queue in (one, two):
            queue.handle("work", bench)
        async with working(one), working(two):
            for turn in range(20):
                await one.put("work", key="a", args={"name": str(turn)})
                await asyncio.sleep(0.02)
            await until(lambda: len(bench.ended) == len(bench.began) > 0)
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
        assert await queue.count("a") == {"waiting": 0, "running": 0}


async def test_a_worker_that_stops_gives_its_work_back(database_url: str) -> None:
    async with JobQueue.open(database_url) as queue:
        bench = Bench()
        queue.handle("work", bench)
        await queue.put("work", key="a", args={"name": "it"})
        async with working(queue):
            await until(lambda: bench.began == ["it"])
        assert bench.cancelled == ["it"]
        assert await queue.count("a") == {"waiting": 1, "running": 0}


async def test_the_work_of_a_killed_worker_goes_on_even_while_more_waits(database_url: str) -> None:
    async with JobQueue.open(database_url) as queue:
        bench = Bench()
        bench.gate.set()
        queue.handle("work", bench)
        for waits in (False, True):
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", SLEEPER, database_url, stdout=asyncio.subprocess.PIPE
            )
            await queue.put("work", key="a", args={"name": "killed"})
            assert process.stdout is not None
            assert await process.stdout.readline() == b"started\n"
            if waits:
                assert await queue.put("work", key="a", args={"name": "waiting"})
            process.kill()
            await process.wait()
            bench.ended.clear()
            async with working(queue):
                await until(lambda: len(bench.ended) == 1)
            assert bench.ended == ["waiting" if waits else "killed"]
            assert await queue.count("a") == {"waiting": 0, "running": 0}


async def test_a_worker_outlives_its_connections(database: Database, database_url: str) -> None:
    async with JobQueue.open(database_url) as queue:
        bench = Bench()
        bench.gate.set()
        queue.handle("work", bench)
        async with working(queue):
            await queue.put("work", key="a", args={"name": "before"})
            await until(lambda: bench.ended == ["before"])
            end_all = Query(
                "end_all",
                "As a restart of the server does.",
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND application_name = 'platbook queue'",
            )
            async with database.transaction() as connection:
                await connection.run(end_all)
            async with asyncio.timeout(20):
                while True:
                    try:
                        await queue.put("work", key="a", args={"name": "after"})
                        break
                    except ConnectorException:  # the pool may still lend a dead connection
                        await asyncio.sleep(0.2)
            await until(lambda: "after" in bench.ended)


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
