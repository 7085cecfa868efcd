"""A worker: takes work from the queue and ticks, until it is told to stop, whatever happens to the database."""

import asyncio
import contextlib
import time
from dataclasses import dataclass

from procrastinate.exceptions import ConnectorException
from procrastinate.worker import Worker

from platbook.base.log import get_log
from platbook.db.errors import is_database_away
from platbook.jobs.queue import JobQueue, Repeated
from platbook.jobs.stalled import StalledSweep

log = get_log("jobs")

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 15.0
_DAY = 24 * 3600.0
_KEEP_HOURS = 72


@dataclass(frozen=True, slots=True)
class WorkerTiming:
    """How often a worker gives signs of life and looks for the dead, in seconds."""

    heartbeat: float = 10
    stalled_after: float = 30
    look_for_stalled: float = 30
    grace: float = 5
    poll: float = 5


async def run_worker(
    queue: JobQueue, *, concurrency: int, stopping: asyncio.Event, pace: WorkerTiming | None = None
) -> None:
    """Work until `stopping` is set; then running work is cancelled after a grace and put in the queue again.

    Ticks under way are cancelled, too. Cancelling this coroutine does the same as `stopping`.
    """
    pace = pace or WorkerTiming()
    supervised = _Supervised(queue, concurrency, pace)
    stalled = StalledSweep(queue, pace.stalled_after)

    async def sweep() -> None:
        await stalled.sweep(supervised.worker_id)

    async def clean() -> None:
        await queue.delete_old(_KEEP_HOURS)

    ticks = [
        *queue.repeated,
        Repeated("give on stalled work", pace.look_for_stalled, sweep),
        Repeated("forget old work", _DAY, clean),
    ]
    async with asyncio.TaskGroup() as group:
        ticking = [group.create_task(_repeat(repeated, stopping)) for repeated in ticks]
        await supervised.run(stopping)
        for tick in ticking:
            tick.cancel()


class _Supervised:
    """The library's worker, begun again whenever it ends: it does so when its database goes away."""

    def __init__(self, queue: JobQueue, concurrency: int, pace: WorkerTiming) -> None:
        self._queue = queue
        self._concurrency = concurrency
        self._pace = pace
        self._worker: Worker | None = None

    @property
    def worker_id(self) -> int | None:
        """The number the present worker is known by in the queue."""
        return None if self._worker is None else self._worker.worker_id

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until `stopping` is set and running jobs have ended or were put again."""
        pause = _FIRST_PAUSE
        while not stopping.is_set():
            began = time.monotonic()
            await self._work(stopping)
            worked_well = time.monotonic() - began > _LONGEST_PAUSE
            pause = _FIRST_PAUSE if worked_well else min(pause * 2, _LONGEST_PAUSE)
            await _sleep(pause, stopping)

    async def _work(self, stopping: asyncio.Event) -> None:
        self._worker = self._make_worker()
        working = asyncio.create_task(self._worker.run())
        stopped = asyncio.create_task(stopping.wait())
        try:
            await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:  # also when this coroutine is cancelled: no worker must be left that nobody waits for
            stopped.cancel()
            working.cancel()
            await asyncio.wait({working})
            error = None if working.cancelled() else working.exception()
        if not stopping.is_set():
            log.warning("the worker lost its database and begins again", error=error and type(error).__name__)

    def _make_worker(self) -> Worker:
        return Worker(
            self._queue.app,
            concurrency=self._concurrency,
            install_signal_handlers=False,
            update_heartbeat_interval=self._pace.heartbeat,
            stalled_worker_timeout=self._pace.stalled_after,
            shutdown_graceful_timeout=self._pace.grace,
            fetch_job_polling_interval=self._pace.poll,
            abort_job_polling_interval=self._pace.poll,
        )


async def _repeat(repeated: Repeated, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        try:
            await repeated.tick()
        except Exception as error:
            known = isinstance(error, ConnectorException) or is_database_away(error)
            log.warning("a tick failed", tick=repeated.name, error=type(error).__name__, exc_info=not known)
        await _sleep(repeated.seconds, stopping)


async def _sleep(seconds: float, stopping: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)
