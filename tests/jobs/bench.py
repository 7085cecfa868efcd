"""A handler that can be watched, and a worker in a hurry."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from platbook.jobs import JobQueue, WorkerTiming, run_worker
from platbook.jobs.queue import Args

QUICK = WorkerTiming(heartbeat=0.5, stalled_after=2, look_for_stalled=1, grace=0.2, poll=0.5)


class Bench:
    """A handler that notes what it did and can be told to wait."""

    def __init__(self, *, seconds: float = 0) -> None:
        self._seconds = seconds
        self.began: list[str] = []
        self.ended: list[str] = []
        self.cancelled: list[str] = []
        self.gate = asyncio.Event()
        self.most_at_once = 0

    async def __call__(self, args: Args) -> None:
        name = args["name"]
        self.began.append(name)
        self.most_at_once = max(self.most_at_once, len(self.began) - len(self.ended) - len(self.cancelled))
        try:
            await self.gate.wait()
            await asyncio.sleep(self._seconds)
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
        while not condition():
            await asyncio.sleep(0.05)
