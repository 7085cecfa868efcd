"""The queue: named work under a key, at most one waiting and one running per key, whatever the number of workers.

A thin hand on the queue library, in a schema of its own. A job is a wake-up: its handler finds out what there is to
do, so that a job doubled or lost and put again does no harm.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.job_context import AbortReason
from procrastinate.jobs import Job, Status

from platbook.base.log import get_log

log = get_log("jobs")

Args = Mapping[str, str]
Handler = Callable[[Args], Awaitable[None]]
Tick = Callable[[], Awaitable[None]]

# A lost mark of a finished job means that its handler looks once more and finds nothing: worth not waiting for disks.
_OPTIONS = "-c search_path=queue -c synchronous_commit=off -c timezone=UTC"


@dataclass(frozen=True, slots=True)
class Repeated:
    """Something every worker does at once and then again and again."""

    name: str
    seconds: float
    tick: Tick


class JobQueue:
    """Puts, cancels and handles work. Handlers are registered before a worker starts."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.repeated: list[Repeated] = []

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, *, size: int = 4) -> AsyncGenerator[Self]:
        """Open the queue's own connections and close them at the end of the block."""
        connector = PsycopgConnector(
            conninfo=url, min_size=1, max_size=size, kwargs={"options": _OPTIONS, "application_name": "platbook queue"}
        )
        async with App(connector=connector).open_async() as app:
            yield cls(app)

    def handle(self, name: str, handler: Handler) -> None:
        """Say how work of a name is done. A handler cancelled because its worker stops is put in the queue again."""

        async def task(context: JobContext, **args: str) -> None:
            try:
                await handler(args)
            except asyncio.CancelledError:
                if context.abort_reason() is AbortReason.SHUTDOWN:
                    await asyncio.shield(self.put(name, key=context.job.lock or name, args=args))
                raise

        self.app.task(name=name, pass_context=True)(task)

    def repeat(self, name: str, seconds: float, tick: Tick) -> None:
        """Let every worker do something on start and every so many seconds; it must bear being done twice at once."""
        self.repeated.append(Repeated(name, seconds, tick))

    async def put(self, name: str, *, key: str, args: Args) -> bool:
        """Put work under a key; False: work of this key waits already."""
        deferrer = self.app.configure_task(name, lock=key, queueing_lock=key, allow_unknown=True)
        try:
            await deferrer.defer_async(**args)
        except AlreadyEnqueued:
            return False
        return True

    async def cancel(self, key: str) -> int:
        """Drop what waits under a key and interrupt what runs, within about a second; how many jobs this concerned."""
        touched = 0
        for status in (Status.TODO, Status.DOING):
            for job in await self._find(key, status):
                touched += await self.app.job_manager.cancel_job_by_id_async(job, abort=True)
        return touched

    async def recover_stalled(self, after_seconds: float) -> list[str]:
        """Give the work of dead workers to living ones; the keys concerned.

        A stalled job is failed and a fresh one put, never retried: a retry would go back to waiting, which the queue
        forbids while another job of the key waits, and the key would be stuck for ever.
        """
        manager = self.app.job_manager
        recovered: list[str] = []
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=after_seconds):
            await manager.finish_job(job, status=Status.FAILED, delete_job=False)
            key = job.lock or job.task_name
            log.warning("work of a dead worker is put again", key=key)
            await self.put(job.task_name, key=key, args={name: str(said) for name, said in job.task_kwargs.items()})
            recovered.append(key)
        return recovered

    async def delete_old(self, hours: int) -> None:
        """Forget work that ended so many hours ago."""
        await self.app.job_manager.delete_old_jobs(
            hours, include_failed=True, include_cancelled=True, include_aborted=True
        )

    async def count(self, key: str) -> dict[str, int]:
        """How many jobs wait and run under a key."""
        return {
            "waiting": len(await self._find(key, Status.TODO)),
            "running": len(await self._find(key, Status.DOING)),
        }

    async def _find(self, key: str, status: Status) -> list[int]:
        jobs: list[Job] = list(await self.app.job_manager.list_jobs_async(lock=key, status=status.value))
        return [job.id for job in jobs if job.id is not None]
