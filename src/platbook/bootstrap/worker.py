"""What a worker does: syncs from the queue, the schedule's tick, documents made anew."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from platbook.base.actor import SCHEDULE
from platbook.bootstrap.photo_jobs import do_photo_work
from platbook.bootstrap.system import System
from platbook.crm.interactions.statistics import fold_numbers
from platbook.crm.leads.maintenance import end_claims, renew_scores
from platbook.crm.tasks.store import give_reminders
from platbook.db import load_queries
from platbook.db.frozen import end_frozen_sessions
from platbook.jobs import WorkerTiming, run_worker
from platbook.listings.rebuild import rebuild_documents
from platbook.media.reprocessing import reprocess_photos
from platbook.providers.display import DisplaySettings
from platbook.providers.providers import LOCAL, find_providers
from platbook.sync.erasure import erase_removed
from platbook.sync.runs.scheduler import TICK_SECONDS, find_work

Q = load_queries(__package__ or "platbook.bootstrap")

SYNC = "sync"
REBUILD = "rebuild"
REPROCESS = "reprocess"
CLEAR_MEDIA = "clear media"

_REBUILD_SECONDS = 60
_ERASE_SECONDS = 60
_ALIVE_SECONDS = 30
_TEND_SECONDS = 20


async def wake(system: System, provider_id: str) -> bool:
    """Let a worker look for a run of a provider; False: one is on its way already."""
    return await system.queue.put(SYNC, key=f"provider:{provider_id}", args={"providerId": provider_id})


async def has_workers(system: System) -> bool:
    """Whether some worker has given a sign of life lately, on whichever machine."""
    async with system.database.read() as connection:
        return bool(await connection.value(int, Q.count_workers, {"seconds": _ALIVE_SECONDS}))


async def run_jobs(
    system: System, stopping: asyncio.Event, *, schedule: bool = True, pace: WorkerTiming | None = None
) -> None:
    """Work until `stopping` is set. Without `schedule`, only what is in the queue is done, and nothing is started."""
    _prepare(system, schedule=schedule)
    photographing = asyncio.create_task(do_photo_work(system, stopping)) if schedule else None
    try:
        await run_worker(system.queue, concurrency=system.settings.platbook_workers, stopping=stopping, pace=pace)
    finally:
        if photographing is not None:
            photographing.cancel()
            await asyncio.wait([photographing])


@asynccontextmanager
async def working(system: System, *, schedule: bool = True) -> AsyncGenerator[None]:
    """A worker beside the block; what it has begun when the block ends is left for the next worker to resume."""
    stopping = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(run_jobs(system, stopping, schedule=schedule))
        try:
            yield
        finally:
            stopping.set()


def _prepare(system: System, *, schedule: bool) -> None:
    engine, queue = system.engine(), system.queue

    async def sync(args: Mapping[str, str]) -> None:
        provider_id = args["providerId"]
        await engine.run_next(provider_id)
        if provider_id in await find_work(system.database, system.clock, start_due=False):
            await wake(system, provider_id)

    async def rebuild(args: Mapping[str, str]) -> None:
        await _rebuild(system, args.get("providerId"))

    async def tick() -> None:
        start_due = schedule and system.settings.enable_mls_sync
        for provider_id in await find_work(system.database, system.clock, start_due=start_due):
            await wake(system, provider_id)

    queue.handle(SYNC, sync)

    async def reprocess(args: Mapping[str, str]) -> None:
        await reprocess_photos(system.blobs(), args["providerId"], SCHEDULE, system.clock.now())

    async def clear(_: Mapping[str, str]) -> None:
        await system.cleanup().run(search_store=True)

    async def erase() -> None:
        await erase_removed(system.database, system.clock)

    queue.handle(REBUILD, rebuild)
    queue.handle(REPROCESS, reprocess)
    queue.handle(CLEAR_MEDIA, clear)
    database = system.database
    queue.repeat("end frozen sessions", database.limits.idle_in_transaction / 4, lambda: end_frozen_sessions(database))
    if schedule:
        queue.repeat("look for due providers", TICK_SECONDS, tick)
        queue.repeat("tend leads and tasks", _TEND_SECONDS, lambda: _tend(system))
        queue.repeat("erase what was kept", _ERASE_SECONDS, erase)
        queue.repeat("rebuild documents", _REBUILD_SECONDS, lambda: _rebuild(system, None))


async def _tend(system: System) -> None:
    """What time alone brings about in the CRM; a part that has more to do than it takes at once is asked again."""
    for part in (give_reminders, end_claims, renew_scores):
        done = 1
        while done:
            async with system.database.transaction() as connection:
                done = await part(connection, system.clock.now())
    async with system.database.transaction() as connection:
        await fold_numbers(connection)


async def _rebuild(system: System, provider_id: str | None) -> None:
    async with system.database.read() as connection:
        displays = {one.provider_id: one.display_rules for one in await find_providers(connection)}
    displays[LOCAL] = DisplaySettings()
    for known, display in displays.items():
        if provider_id in {None, known}:
            await rebuild_documents(system.database, known, display)
