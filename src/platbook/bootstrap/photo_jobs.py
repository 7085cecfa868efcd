"""What a worker does beside runs: batches of photos, and what follows when listings are shown or hidden."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from platbook.base.log import get_log
from platbook.bootstrap.system import System
from platbook.db.errors import OperationalError
from platbook.media.photo_worker import BatchLimits, PhotoWorker

log = get_log("media")

_IDLE_SECONDS = 2.0
_TROUBLE_SECONDS = 15.0
_CLEANUP_SECONDS = 600.0


async def do_photo_work(system: System, stopping: asyncio.Event, *, pace: BatchLimits | None = None) -> None:
    """Do batches, so many at once as the settings say, until `stopping` is set; what is begun then is given back."""
    batches, exposure, cleanup = system.batches(pace), system.exposure(), system.cleanup()
    jobs = [_do_batch(batches)] * system.settings.platbook_photo_batches

    async def settle() -> float:
        await exposure.process_checks()
        return _IDLE_SECONDS

    async def clear() -> float:
        await cleanup.run()
        return _CLEANUP_SECONDS

    if jobs:
        jobs += [settle, clear]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_repeat(job, stopping)) for job in jobs]
        await stopping.wait()
        for task in tasks:
            task.cancel()


def _do_batch(batches: PhotoWorker) -> Callable[[], Awaitable[float]]:
    async def do() -> float:
        for provider_id in await batches.find_due():
            if await batches.run_next(provider_id):
                return 0
        return _IDLE_SECONDS

    return do


async def _repeat(job: Callable[[], Awaitable[float]], stopping: asyncio.Event) -> None:
    """Do a job again and again, after as many seconds as it says. What goes wrong is noted and tried again later."""
    while not stopping.is_set():
        try:
            seconds = await job()
        except OperationalError as error:
            log.warning("photo work waits for the database", error=type(error).__name__)
            seconds = _TROUBLE_SECONDS
        except Exception:
            log.exception("photo work failed")
            seconds = _TROUBLE_SECONDS
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), max(seconds, 0.001))
