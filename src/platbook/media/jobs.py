"""The background work of photos: fetching them, moving those that were hidden or shown, clearing the store."""

from datetime import timedelta

from platbook.base.actor import SCHEDULE
from platbook.jobs import Arguments, Job, JobDefinition, JobQueue
from platbook.media.blobs import Blobs
from platbook.media.cleanup import Cleanup
from platbook.media.moving import StoreMove
from platbook.media.photo_worker import PhotoWorker
from platbook.media.reprocessing import reprocess_photos
from platbook.media.visibility import MediaVisibility

_AFTER_FAILURE = timedelta(seconds=15)

REPROCESS = JobDefinition("reprocess", key="media:{providerId}", arguments=("providerId",))
CLEAR_STORE = JobDefinition("clear media", key="media")
FETCH_PHOTOS = JobDefinition("fetch photos", period=timedelta(seconds=2), retry=_AFTER_FAILURE)
APPLY_VISIBILITY = JobDefinition("apply photo visibility", period=timedelta(seconds=2), retry=_AFTER_FAILURE)
MOVE_PHOTOS = JobDefinition("move photos", period=timedelta(seconds=5), retry=_AFTER_FAILURE)
CLEAN_UP = JobDefinition("clean up photos", period=timedelta(minutes=10), retry=_AFTER_FAILURE)


async def request_reprocessing(queue: JobQueue, provider_id: str) -> bool:
    """Let a worker make a provider's pictures again; False: a job for it waits already."""
    return await queue.put(REPROCESS, providerId=provider_id)


async def request_clearing(queue: JobQueue) -> bool:
    """Let a worker clear the store of what nothing shows; False: a job for it waits already."""
    return await queue.put(CLEAR_STORE)


def to_reprocess_job(blobs: Blobs) -> Job:
    """Makes a provider's pictures again under the present variants."""

    async def reprocess(arguments: Arguments) -> None:
        await reprocess_photos(blobs, arguments["providerId"], SCHEDULE, blobs.clock.now())

    return Job(REPROCESS, reprocess)


def to_clearing_job(cleanup: Cleanup) -> Job:
    """Clears the store, searching it for objects that no row knows."""

    async def clear(_: Arguments) -> None:
        await cleanup.run(scan_store=True)

    return Job(CLEAR_STORE, clear)


def to_move_job(move: StoreMove) -> Job:
    """Moves pictures from stores that are to be left, without a pause while there are any."""

    async def move_photos(_: Arguments) -> timedelta | None:
        return timedelta() if await move.run_batch() else None

    return Job(MOVE_PHOTOS, move_photos)


def to_photo_jobs(worker: PhotoWorker, visibility: MediaVisibility, cleanup: Cleanup, *, parallel: int) -> list[Job]:
    """Fetches photos in `parallel` loops, each without a pause while there is work, and what follows from photos."""

    async def fetch(_: Arguments) -> timedelta | None:
        for provider_id in await worker.find_due():
            if await worker.run_next(provider_id):
                return timedelta()
        return None

    async def apply_visibility(_: Arguments) -> None:
        await visibility.process_checks()

    async def clean_up(_: Arguments) -> None:
        await cleanup.run()

    return [Job(FETCH_PHOTOS, fetch, parallel), Job(APPLY_VISIBILITY, apply_visibility), Job(CLEAN_UP, clean_up)]
