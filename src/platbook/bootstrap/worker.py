"""The worker of a system: the list of all background work, and the runtime that does it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

from platbook.application.idempotency.jobs import to_key_deletion_job
from platbook.bootstrap.system import System
from platbook.crm.jobs import to_maintenance_job
from platbook.jobs import Job, WorkerTiming, run_worker
from platbook.jobs.workers import to_frozen_sessions_job
from platbook.listings.rebuild.jobs import to_expiry_job, to_rebuild_job
from platbook.media.jobs import to_clearing_job, to_move_job, to_photo_jobs, to_reprocess_job
from platbook.sync.jobs import to_erasure_job, to_scheduler_job, to_sync_job


async def run_jobs(
    system: System, stopping: asyncio.Event, *, schedule: bool = True, timing: WorkerTiming | None = None
) -> None:
    """Work until `stopping` is set. Without `schedule`, only what is in the queue is done, and nothing is started."""
    jobs = list_jobs(system) if schedule else [_without_period(job) for job in list_jobs(system)]
    jobs.append(to_frozen_sessions_job(system.database))
    workers = system.settings.platbook_workers
    await run_worker(system.queue, jobs, concurrency=workers, stopping=stopping, timing=timing)


@asynccontextmanager
async def working(system: System, *, schedule: bool = True) -> AsyncGenerator[None]:
    """A worker beside the block; what it is doing when the block ends is left for the next worker to resume."""
    stopping = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(run_jobs(system, stopping, schedule=schedule))
        try:
            yield
        finally:
            stopping.set()


def list_jobs(system: System) -> list[Job]:
    """All background work of a system."""
    settings, database, clock, queue = system.settings, system.database, system.clock, system.queue
    jobs = [
        to_sync_job(system.engine(), queue),
        to_scheduler_job(database, clock, queue, start_due=settings.enable_mls_sync),
        to_erasure_job(database, clock),
        to_rebuild_job(database, clock),
        to_expiry_job(database, clock),
        to_maintenance_job(database, clock),
        to_key_deletion_job(database, clock),
        to_reprocess_job(system.blobs()),
        to_clearing_job(system.cleanup()),
    ]
    if parallel := settings.platbook_photo_batches:
        jobs += to_photo_jobs(system.photo_worker(), system.media_visibility(), system.cleanup(), parallel=parallel)
        jobs.append(to_move_job(system.store_move()))
    return jobs


def _without_period(job: Job) -> Job:
    return replace(job, definition=replace(job.definition, period=None))
