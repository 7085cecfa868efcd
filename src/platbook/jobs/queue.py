"""The queue: named work under a key, at most one waiting and one running per key, whatever the number of workers.

A thin hand on the queue library, in a schema of its own. A job is a wake-up: its handler finds out what there is to
do, so that a job doubled or lost and put again does no harm.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal, Self

from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.job_context import AbortReason
from procrastinate.jobs import Job, Status

from platbook.base.log import get_log
from platbook.db import DEFAULT_LIMITS, SessionLimits
from platbook.db.errors import is_database_away

Args = Mapping[str, str]
Handler = Callable[[Args], Awaitable[None]]
JobHandler = Callable[[Args, "RunningJob"], Awaitable[None]]
CancelReason = Literal["asked", "stopping"]
Tick = Callable[[], Awaitable[None]]

# A lost mark of a finished job means that its handler looks once more and finds nothing: worth not waiting for disks.
_CONFIGURATION = {"search_path": "queue", "synchronous_commit": "off", "timezone": "UTC"}
_PAUSE_SECONDS = 5

log = get_log("jobs")

_REASONS: Mapping[AbortReason, CancelReason] = {AbortReason.USER_REQUEST: "asked", AbortReason.SHUTDOWN: "stopping"}


@dataclass(frozen=True, slots=True)
class RunningJob:
    """The job a handler does, for handlers that must know why they were cancelled."""

    name: str
    key: str
    context: JobContext

    @property
    def cancel_reason(self) -> CancelReason | None:
        """Whether somebody asked for the end of this work or its worker stops; None: neither."""
        reason = self.context.abort_reason()
        return None if reason is None else _REASONS[reason]


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
        self.in_hand: set[int] = set()

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, *, size: int = 4, limits: SessionLimits = DEFAULT_LIMITS) -> AsyncGenerator[Self]:
        """Open the queue's own connections and close them at the end of the block."""
        session = limits.to_parameters(url, **_CONFIGURATION) | {"application_name": "platbook queue"}
        connector = PsycopgConnector(conninfo=url, min_size=1, max_size=size, kwargs=session)
        async with App(connector=connector).open_async() as app:
            yield cls(app)

    def handle(self, name: str, handler: Handler) -> None:
        """Say how work of a name is done.

        It is put in the queue again if its worker stops, or if the database does not answer it.
        """

        async def without_job(args: Args, _job: RunningJob) -> None:
            await handler(args)

        self.handle_job(name, without_job)

    def handle_job(self, name: str, handler: JobHandler) -> None:
        """As `handle`, for a handler that is told of its job, too."""

        async def task(context: JobContext, **args: str) -> None:
            running = RunningJob(name, key_of(context.job), context)
            self.in_hand.add(id_of(context.job))
            try:
                await handler(args, running)
            except asyncio.CancelledError:
                if running.cancel_reason == "stopping":
                    await asyncio.shield(self.put_again(context.job))
                raise
            except Exception as error:
                if not is_database_away(error):
                    raise
                log.warning("work waits for the database", key=running.key, error=type(error).__name__)
                await self.put_again(context.job, after_seconds=_PAUSE_SECONDS)
            finally:
                self.in_hand.discard(id_of(context.job))

        self.app.task(name=name, pass_context=True)(task)

    def repeat(self, name: str, seconds: float, tick: Tick) -> None:
        """Let every worker do something on start and every so many seconds; it must bear being done twice at once."""
        self.repeated.append(Repeated(name, seconds, tick))

    async def put(self, name: str, *, key: str, args: Args, after_seconds: int = 0) -> bool:
        """Put work under a key, to be done after so many seconds; False: work of this key waits already."""
        later = {"schedule_in": {"seconds": after_seconds}} if after_seconds else {}
        deferrer = self.app.configure_task(name, lock=key, queueing_lock=key, allow_unknown=True, **later)
        try:
            await deferrer.defer_async(**args)
        except AlreadyEnqueued:
            return False
        return True

    async def put_again(self, job: Job, *, after_seconds: int = 0) -> bool:
        """Put the work of a job once more; False: work of its key waits already."""
        args = {name: str(said) for name, said in job.task_kwargs.items()}
        return await self.put(job.task_name, key=key_of(job), args=args, after_seconds=after_seconds)

    async def cancel(self, key: str) -> int:
        """Drop what waits under a key and interrupt what runs, within about a second; how many jobs this concerned."""
        touched = 0
        for status in (Status.TODO, Status.DOING):
            for job in await self._find(key, status):
                touched += await self.app.job_manager.cancel_job_by_id_async(job, abort=True)
        return touched

    async def delete_old(self, hours: int) -> None:
        """Forget work that ended so many hours ago."""
        await self.app.job_manager.delete_old_jobs(
            hours, include_failed=True, include_cancelled=True, include_aborted=True
        )

    async def counts(self, key: str | None = None) -> dict[str, int]:
        """How many jobs wait and run, under a key or in all."""
        return {
            "waiting": len(await self._find(key, Status.TODO)),
            "running": len(await self._find(key, Status.DOING)),
        }

    async def _find(self, key: str | None, status: Status) -> list[int]:
        return [id_of(job) for job in await self.app.job_manager.list_jobs_async(lock=key, status=status.value)]


def key_of(job: Job) -> str:
    """The key a job was put under."""
    return job.lock or job.task_name


def id_of(job: Job) -> int:
    """The number of a job that is in the queue."""
    if job.id is None:
        raise LookupError("a job read from the queue has a number")
    return job.id
