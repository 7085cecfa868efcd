"""A handler that records what it did, and a worker with short intervals."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from platbook.jobs import Arguments, Handler, Job, JobDefinition, JobQueue, WorkerTiming, run_worker

WORK = JobDefinition("work", key="{key}", arguments=("key", "name"))
QUICK = WorkerTiming(heartbeat=0.5, stalled_after=2, look_for_stalled=1, grace=0.2, poll=0.5)


class RecordingHandler:
    """Records the names of the jobs it did, and waits at its gate."""

    def __init__(self, *, seconds: float = 0) -> None:
        self._seconds = seconds
        self.began: list[str] = []
        self.ended: list[str] = []
        self.cancelled: list[str] = []
        self.gate = asyncio.Event()
        self.most_at_once = 0

    async def __call__(self, arguments: Arguments) -> None:
        name = arguments["name"]
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
async def working(queue: JobQueue, handler: Handler) -> AsyncGenerator[asyncio.Event]:
    """A worker beside the block that does the work of `WORK`."""
    async with running(queue, Job(WORK, handler)) as stopping:
        yield stopping


@asynccontextmanager
async def running(queue: JobQueue, *jobs: Job) -> AsyncGenerator[asyncio.Event]:
    """A worker beside the block that does these jobs."""
    stopping = asyncio.Event()
    worker = asyncio.create_task(run_worker(queue, jobs, concurrency=4, stopping=stopping, timing=QUICK))
    try:
        yield stopping
    finally:
        stopping.set()
        await worker


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.05)
