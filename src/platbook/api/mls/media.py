"""Photo administration: status, retries, reprocessing, and deleting what nothing shows."""

from fastapi import APIRouter

from platbook import audit
from platbook.api.authentication import Caller
from platbook.api.envelope import Success
from platbook.api.mls.models import PhotoRetryRead, QueuedJobRead
from platbook.api.mls.params import FailureLimit
from platbook.api.services import Given
from platbook.audit import AuditSubject
from platbook.media.jobs import request_clearing, request_reprocessing
from platbook.media.reports import PhotoStatus, count_photos, get_photo_status
from platbook.media.reprocessing import retry_photos

router = APIRouter(prefix="/admin/mls/media", tags=["MLS admin"])


@router.get("/{provider_id}")
async def get_media_status(provider_id: str, given: Given, limit: FailureLimit = 20) -> Success[PhotoStatus]:
    """A provider's photos by state, and those that could not be fetched."""
    can_invalidate = given.cdn is not None and given.cdn.can_invalidate
    async with given.database.read() as connection:
        status = await get_photo_status(connection, provider_id, limit=limit, can_invalidate=can_invalidate)
    return Success(data=status)


@router.post("/{provider_id}/retry", status_code=202)
async def retry_media(provider_id: str, given: Given, caller: Caller) -> Success[PhotoRetryRead]:
    """Retry a provider's photos that could not be fetched."""
    async with given.database.transaction() as connection:
        count = await retry_photos(connection, provider_id, caller, given.clock.now())
    return Success(data=PhotoRetryRead(photos=count))


@router.post("/{provider_id}/reprocess", status_code=202)
async def reprocess_media(provider_id: str, given: Given, caller: Caller) -> Success[QueuedJobRead]:
    """Render a provider's pictures again, after the formats changed; a worker does it."""
    async with given.database.transaction() as connection:
        await count_photos(connection, provider_id)
        await audit.record(
            connection, caller, "photos to be made anew", AuditSubject("photos", provider_id), given.clock.now()
        )
    put = await request_reprocessing(given.queue, provider_id)
    return Success(data=QueuedJobRead(queued=put))


@router.post("/gc", status_code=202)
async def clear_media(given: Given, caller: Caller) -> Success[QueuedJobRead]:
    """Delete stored pictures that nothing shows; a worker does it. What it finds is deleted after a grace period."""
    async with given.database.transaction() as connection:
        await audit.record(connection, caller, "store to be cleared", AuditSubject("photos", "all"), given.clock.now())
    put = await request_clearing(given.queue)
    return Success(data=QueuedJobRead(queued=put))
