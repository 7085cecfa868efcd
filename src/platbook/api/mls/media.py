"""Photo administration: status, retries, reprocessing, and deleting what nothing shows."""

from fastapi import APIRouter

from platbook.api.authentication import Caller
from platbook.api.envelope import Success
from platbook.api.mls.models import PhotoRetryRead, QueuedJobRead
from platbook.api.mls.params import FailureLimit
from platbook.api.services import ServicesDep
from platbook.application import media as use_cases
from platbook.media.reports import PhotoStatus, get_photo_status

router = APIRouter(prefix="/admin/mls/media", tags=["MLS admin"])


@router.get("/{provider_id}")
async def get_media_status(provider_id: str, services: ServicesDep, limit: FailureLimit = 20) -> Success[PhotoStatus]:
    """A provider's photos by state, and those that could not be fetched."""
    can_invalidate = services.cdn is not None and services.cdn.can_invalidate
    async with services.database.read() as connection:
        status = await get_photo_status(connection, provider_id, limit=limit, can_invalidate=can_invalidate)
    return Success(data=status)


@router.post("/{provider_id}/retry", status_code=202)
async def retry_media(provider_id: str, services: ServicesDep, caller: Caller) -> Success[PhotoRetryRead]:
    """Retry a provider's photos that could not be fetched."""
    count = await use_cases.retry_photos(services, provider_id, caller)
    return Success(data=PhotoRetryRead(photos=count))


@router.post("/{provider_id}/reprocess", status_code=202)
async def reprocess_media(provider_id: str, services: ServicesDep, caller: Caller) -> Success[QueuedJobRead]:
    """Render a provider's pictures again, after the formats changed; a worker does it."""
    put = await use_cases.queue_reprocessing(services, provider_id, caller)
    return Success(data=QueuedJobRead(queued=put))


@router.post("/gc", status_code=202)
async def clear_media(services: ServicesDep, caller: Caller) -> Success[QueuedJobRead]:
    """Delete stored pictures that nothing shows; a worker does it. What it finds is deleted after a grace period."""
    put = await use_cases.queue_clearing(services, caller)
    return Success(data=QueuedJobRead(queued=put))
