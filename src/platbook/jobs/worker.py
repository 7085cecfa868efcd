"""A worker: does queued and periodic jobs until it is stopped, whatever happens to the database.

The one runtime of background work. Queued jobs are taken by the queue library's worker, which is started again with
exponential backoff whenever it ends; each periodic job is a loop beside it.
"""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from procrastinate.exceptions import ConnectorException
from procrastinate.worker import Worker

from platbook.base.log import get_log
from platbook.db.errors import is_database_away
from platbook.jobs.definition import Arguments, Job, JobDefinition
from platbook.jobs.queue import JobQueue
from platbook.jobs.stalled import StalledJobRecovery

log = get_log("jobs")

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 15.0
_RETENTION_HOURS = 72
_NEVER = timedelta(days=365).total_seconds()

HEARTBEAT = JobDefinition("send heartbeat", period=timedelta(seconds=10), retry=timedelta(seconds=1))
RECOVER_STALLED = JobDefinition("recover stalled jobs", period=timedelta(seconds=10))
DELETE_OLD = JobDefinition("delete old jobs", period=timedelta(days=1), retry=timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class WorkerTiming:
    """How often a worker sends its heartbeat and looks for stalled jobs, how long it lets jobs end; in seconds."""

    heartbeat: float = 10
    stalled_after: float = 30
    look_for_stalled: float = 10
    grace: float = 5
    poll: float = 5


async def run_worker(
    queue: JobQueue,
    jobs: Sequence[Job],
    *,
    concurrency: int,
    stopping: asyncio.Event,
    timing: WorkerTiming | None = None,
) -> None:
    """Do jobs until `stopping` is set; then running ones are cancelled after a grace and put in the queue again.

    Periodic jobs that are being done are cancelled, too. Cancelling this coroutine does the same as `stopping`.
    """
    timing = timing or WorkerTiming()
    supervisor = _Supervisor(queue, concurrency, timing)
    for job in jobs:
        if job.definition.key is not None:
            queue.register(job)
    periodic = [job for job in [*jobs, *_own_jobs(queue, supervisor, timing)] if job.definition.period is not None]
    async with asyncio.TaskGroup() as group:
        loops = [group.create_task(_repeat(job, stopping)) for job in periodic for _ in range(job.parallel)]
        await supervisor.run(stopping)
        for loop in loops:
            loop.cancel()


def _own_jobs(queue: JobQueue, supervisor: "_Supervisor", timing: WorkerTiming) -> list[Job]:
    recovery = StalledJobRecovery(queue, timing.stalled_after)

    async def send_heartbeat(_: Arguments) -> timedelta:
        if supervisor.worker_id is not None:
            await queue.app.job_manager.update_heartbeat(supervisor.worker_id)
        return timedelta(seconds=timing.heartbeat)

    async def recover(_: Arguments) -> timedelta:
        await recovery.recover(supervisor.worker_id)
        return timedelta(seconds=timing.look_for_stalled)

    async def delete_old(_: Arguments) -> None:
        await queue.delete_old(_RETENTION_HOURS)

    return [Job(HEARTBEAT, send_heartbeat), Job(RECOVER_STALLED, recover), Job(DELETE_OLD, delete_old)]


class _Supervisor:
    """The library's worker, started again whenever it ends: it does so when its database goes away."""

    def __init__(self, queue: JobQueue, concurrency: int, timing: WorkerTiming) -> None:
        self._queue = queue
        self._concurrency = concurrency
        self._timing = timing
        self._worker: Worker | None = None

    @property
    def worker_id(self) -> int | None:
        """The number the present worker is known by in the queue."""
        return None if self._worker is None else self._worker.worker_id

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until `stopping` is set and running jobs have ended or were put again."""
        pause = _FIRST_PAUSE
        while not stopping.is_set():
            started = time.monotonic()
            await self._work(stopping)
            worked_well = time.monotonic() - started > _LONGEST_PAUSE
            pause = _FIRST_PAUSE if worked_well else min(pause * 2, _LONGEST_PAUSE)
            await _sleep(pause, stopping)

    async def _work(self, stopping: asyncio.Event) -> None:
        self._worker = self._make_worker()
        working = asyncio.create_task(self._worker.run())
        stopped = asyncio.create_task(stopping.wait())
        try:
            await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:  # also when this coroutine is cancelled: no worker may be left that is not awaited
            stopped.cancel()
            working.cancel()
            await asyncio.wait({working})
            error = None if working.cancelled() else working.exception()
        if not stopping.is_set():
            log.warning("the worker lost its database and starts again", error=error and type(error).__name__)

    def _make_worker(self) -> Worker:
        return Worker(
            self._queue.app,
            concurrency=self._concurrency,
            install_signal_handlers=False,
            # Ours is sent by `HEARTBEAT`: the library's ends for good, and unnoticed, at the first that fails.
            update_heartbeat_interval=_NEVER,
            stalled_worker_timeout=self._timing.stalled_after,
            shutdown_graceful_timeout=self._timing.grace,
            fetch_job_polling_interval=self._timing.poll,
            abort_job_polling_interval=self._timing.poll,
        )


async def _repeat(job: Job, stopping: asyncio.Event) -> None:
    period = job.definition.period
    while not stopping.is_set():
        try:
            pause = await job.handler({})
            pause = period if pause is None else pause
        except Exception as error:
            expected = isinstance(error, ConnectorException) or is_database_away(error)
            log.warning(
                "a periodic job failed", job=job.definition.name, error=type(error).__name__, exc_info=not expected
            )
            pause = job.definition.retry
        await _sleep(0 if pause is None else pause.total_seconds(), stopping)


async def _sleep(seconds: float, stopping: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)
