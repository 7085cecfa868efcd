"""The queue: jobs under a key, at most one waiting and one running per key, whatever the number of workers.

A thin layer over the queue library, in a schema of its own. A job is a wake-up, delivered at least once: its handler
finds out what there is to do, so that a job duplicated, or lost and put again, does no harm.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Self

from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.job_context import AbortReason
from procrastinate.jobs import Job as QueuedJob
from procrastinate.jobs import Status

from platbook.base.log import get_log
from platbook.db import DEFAULT_LIMITS, SessionLimits
from platbook.db.errors import is_database_away
from platbook.jobs.definition import Job, JobDefinition

# A lost mark of a finished job means that its handler looks once more and finds nothing: worth not waiting for disks.
_CONFIGURATION = {"search_path": "queue", "synchronous_commit": "off", "timezone": "UTC"}

log = get_log("jobs")


class JobQueue:
    """Puts, cancels and handles jobs. Handlers are registered before a worker starts."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.running_here: set[int] = set()
        """Numbers of the jobs that a handler of this process is doing."""

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, *, size: int = 4, limits: SessionLimits = DEFAULT_LIMITS) -> AsyncGenerator[Self]:
        """Open the queue's own connections and close them at the end of the block."""
        session = limits.to_parameters(url, **_CONFIGURATION) | {"application_name": "platbook queue"}
        connector = PsycopgConnector(conninfo=url, min_size=1, max_size=size, timeout=limits.pool, kwargs=session)
        async with App(connector=connector).open_async() as app:
            yield cls(app)

    def register(self, job: Job) -> None:
        """Let this process do a queued job.

        The handler of a later worker of this process replaces that of an earlier one. A job is put again if its worker
        stops, and after the definition's `retry` if the database does not answer it.
        """

        async def task(context: JobContext, **arguments: str) -> None:
            self.running_here.add(id_of(context.job))
            try:
                await job.handler(arguments)
            except asyncio.CancelledError:
                if context.abort_reason() is AbortReason.SHUTDOWN:
                    await asyncio.shield(self.requeue(context.job))
                raise
            except Exception as error:
                if not is_database_away(error):
                    raise
                log.warning("job waits for the database", key=key_of(context.job), error=type(error).__name__)
                await self._requeue_once_possible(context.job, job.definition.retry)
            finally:
                self.running_here.discard(id_of(context.job))

        self.app.tasks.pop(job.definition.name, None)  # pyright: ignore[reportUnknownMemberType] - of tasks, any
        self.app.task(name=job.definition.name, pass_context=True)(task)

    async def put(self, definition: JobDefinition, **arguments: str) -> bool:
        """Put a job; False: one of its key waits already. ValueError: the definition takes other arguments."""
        return await self._put(definition.name, definition.to_key(arguments), arguments)

    async def requeue(self, job: QueuedJob, *, after: timedelta = timedelta()) -> bool:
        """Put the work of a job once more, to be done after a pause; False: work of its key waits already."""
        arguments = {name: str(value) for name, value in job.task_kwargs.items()}
        return await self._put(job.task_name, key_of(job), arguments, after)

    async def _requeue_once_possible(self, job: QueuedJob, pause: timedelta) -> None:
        """Requeue a job as soon as the database takes it; if the worker ends before, it is recovered as stalled."""
        while True:
            try:
                await self.requeue(job, after=pause)
            except ConnectorException:
                await asyncio.sleep(pause.total_seconds())
            else:
                return

    async def cancel(self, definition: JobDefinition, **arguments: str) -> int:
        """Drop what waits under a key and interrupt what runs, within about a second; how many jobs this concerned."""
        key = definition.to_key(arguments)
        touched = 0
        for status in (Status.TODO, Status.DOING):
            for job in await self._find(key, status):
                touched += await self.app.job_manager.cancel_job_by_id_async(job, abort=True)
        return touched

    async def delete_old(self, hours: int) -> None:
        """Delete the rows of jobs that ended so many hours ago."""
        await self.app.job_manager.delete_old_jobs(
            hours, include_failed=True, include_cancelled=True, include_aborted=True
        )

    async def counts(self, key: str | None = None) -> dict[str, int]:
        """How many jobs wait and run, under a key or in all."""
        return {
            "waiting": len(await self._find(key, Status.TODO)),
            "running": len(await self._find(key, Status.DOING)),
        }

    async def _put(self, name: str, key: str, arguments: dict[str, str], after: timedelta = timedelta()) -> bool:
        later = {"schedule_in": {"seconds": int(after.total_seconds())}} if after else {}
        deferrer = self.app.configure_task(name, lock=key, queueing_lock=key, allow_unknown=True, **later)
        try:
            await deferrer.defer_async(**arguments)
        except AlreadyEnqueued:
            return False
        return True

    async def _find(self, key: str | None, status: Status) -> list[int]:
        return [id_of(job) for job in await self.app.job_manager.list_jobs_async(lock=key, status=status.value)]


def key_of(job: QueuedJob) -> str:
    """The key a job was put under."""
    return job.lock or job.task_name


def id_of(job: QueuedJob) -> int:
    """The number of a job that is in the queue."""
    if job.id is None:
        raise LookupError("a job read from the queue has a number")
    return job.id
