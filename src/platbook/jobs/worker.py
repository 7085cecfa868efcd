"""A worker: takes work from the queue and ticks, until it is told to stop, whatever happens to the database."""

import asyncio
import contextlib
import time
from dataclasses import dataclass

from procrastinate.exceptions import ConnectorException

from platbook.base.log import get_log
from platbook.jobs.queue import JobQueue, Repeated

log = get_log("jobs")

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 15.0
_DAY = 24 * 3600.0
_KEEP_HOURS = 72


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a worker gives signs of life and looks for the dead, in seconds."""

    heartbeat: float = 10
    stalled_after: float = 30
    look_for_stalled: float = 30
    grace: float = 5
    poll: float = 5


async def run_worker(queue: JobQueue, *, concurrency: int, stopping: asyncio.Event, pace: Pace | None = None) -> None:
    """Work until `stopping` is set; then running work is cancelled after a grace and put in the queue again."""
    pace = pace or Pace()

    async def recover() -> None:
        await queue.recover_stalled(pace.stalled_after)

    async def clean() -> None:
        await queue.delete_old(_KEEP_HOURS)

    ticks = [
        *queue.repeated,
        Repeated("recover stalled work", pace.look_for_stalled, recover),
        Repeated("forget old work", _DAY, clean),
    ]
    async with asyncio.TaskGroup() as group:
        for repeated in ticks:
            group.create_task(_repeat(repeated, stopping))
        group.create_task(_work(queue, concurrency, stopping, pace))


async def _work(queue: JobQueue, concurrency: int, stopping: asyncio.Event, pace: Pace) -> None:
    pause = _FIRST_PAUSE
    while not stopping.is_set():
        began = time.monotonic()
        worker = asyncio.create_task(
            queue.app.run_worker_async(
                concurrency=concurrency,
                install_signal_handlers=False,
                update_heartbeat_interval=pace.heartbeat,
                stalled_worker_timeout=pace.stalled_after,
                shutdown_graceful_timeout=pace.grace,
                fetch_job_polling_interval=pace.poll,
                abort_job_polling_interval=pace.poll,
            )
        )
        stopped = asyncio.create_task(stopping.wait())
        await asyncio.wait({worker, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if stopping.is_set():
            worker.cancel()
        try:
            await worker
        except asyncio.CancelledError:
            if not stopping.is_set():
                raise
        except Exception as error:  # noqa: BLE001 - the library ends in many ways when its database goes away
            log.warning("the worker lost its database and tries again", error=type(error).__name__, pause=pause)
        worked_well = time.monotonic() - began > _LONGEST_PAUSE
        pause = _FIRST_PAUSE if worked_well else min(pause * 2, _LONGEST_PAUSE)
        await _sleep(pause, stopping)


async def _repeat(repeated: Repeated, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        try:
            await repeated.tick()
        except Exception as error:
            known = isinstance(error, ConnectorException)
            log.warning("a tick failed", tick=repeated.name, error=type(error).__name__, exc_info=not known)
        await _sleep(repeated.seconds, stopping)


async def _sleep(seconds: float, stopping: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)
