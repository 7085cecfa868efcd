"""The background work of syncs: the queued run of one provider, the scheduler, the erasure of what was retained.

The rows are the truth: a job only wakes a worker, and one that is lost is put again by the scheduler.
"""

from datetime import timedelta

from platbook.base.clock import Clock
from platbook.base.errors import SessionSlotLost
from platbook.base.log import get_log
from platbook.db import Database
from platbook.jobs import Arguments, Job, JobDefinition, JobQueue
from platbook.sync.engine import SyncEngine
from platbook.sync.erasure import erase_removed
from platbook.sync.runs.scheduler import find_work

log = get_log("sync")

SYNC = JobDefinition("sync", key="provider:{providerId}", arguments=("providerId",))
SCHEDULE_SYNCS = JobDefinition("schedule due syncs", period=timedelta(seconds=30))
ERASE_RETAINED = JobDefinition("erase retained listings", period=timedelta(seconds=60))


async def wake_worker(queue: JobQueue, provider_id: str) -> bool:
    """Let a worker look for a run of a provider; False: a job for it waits already."""
    return await queue.put(SYNC, providerId=provider_id)


async def interrupt_run(queue: JobQueue, provider_id: str) -> None:
    """Interrupt a provider's run; its row is marked already."""
    await queue.cancel(SYNC, providerId=provider_id)


def to_sync_job(engine: SyncEngine, queue: JobQueue) -> Job:
    """Does the run of a provider that waits or was left behind, and wakes a worker again while there is another."""

    async def run(arguments: Arguments) -> None:
        provider_id = arguments["providerId"]
        try:
            await engine.run_next(provider_id)
        except SessionSlotLost as error:
            log.warning("run is resumed", provider=provider_id, reason=str(error))
            await wake_worker(queue, provider_id)
            return
        if provider_id in await find_work(engine.database, engine.clock, start_due=False):
            await wake_worker(queue, provider_id)

    return Job(SYNC, run)


def to_scheduler_job(database: Database, clock: Clock, queue: JobQueue, *, start_due: bool) -> Job:
    """Wakes workers for providers that are due (if `start_due`), and for runs that no worker is doing."""

    async def schedule(_: Arguments) -> None:
        for provider_id in await find_work(database, clock, start_due=start_due):
            await wake_worker(queue, provider_id)

    return Job(SCHEDULE_SYNCS, schedule)


def to_erasure_job(database: Database, clock: Clock) -> Job:
    """Erases removed listings of providers whose retention rule has become `erase`."""

    async def erase(_: Arguments) -> None:
        await erase_removed(database, clock)

    return Job(ERASE_RETAINED, erase)
