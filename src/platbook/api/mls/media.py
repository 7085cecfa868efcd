"""Photos' administration: what is owed, what failed, trying again, making anew, clearing."""

from typing import Annotated

from fastapi import APIRouter, Query

from platbook.api.authentication import Caller
from platbook.api.envelope import Success
from platbook.api.mls.media_models import PhotoStatusAnswer, QueuedAnswer, RetriedAnswer
from platbook.api.services import Given
from platbook.application import media
from platbook.media.reports import find_photo_failures, find_photo_statuses
from platbook.storage import COPY_LIFETIME

router = APIRouter(prefix="/admin/mls/media", tags=["MLS admin"])


@router.get("/{provider_id}")
async def get_media_status(
    provider_id: str, given: Given, limit: Annotated[int, Query(ge=1, le=1000)] = 20
) -> Success[PhotoStatusAnswer]:
    """How a provider's photos stand, and which could not be had."""
    async with given.database.read() as connection:
        (status,) = await find_photo_statuses(connection, provider_id)
        failures = await find_photo_failures(connection, provider_id, limit)
    can_invalidate = given.cdn is not None and given.cdn.can_invalidate
    lifetime = 0 if can_invalidate else int(COPY_LIFETIME.total_seconds())
    return Success(data=PhotoStatusAnswer.of(status, failures, lifetime))


@router.post("/{provider_id}/retry", status_code=202)
async def retry_media(provider_id: str, given: Given, caller: Caller) -> Success[RetriedAnswer]:
    """Have a provider's photos that could not be had tried again now."""
    count = await media.retry_photos(given, provider_id, caller)
    return Success(data=RetriedAnswer(photos=count))


@router.post("/{provider_id}/reprocess", status_code=202)
async def reprocess_media(provider_id: str, given: Given, caller: Caller) -> Success[QueuedAnswer]:
    """Make a provider's pictures anew after the formats changed; a worker does it."""
    put = await media.queue_reprocessing(given, provider_id, caller)
    return Success(data=QueuedAnswer(queued=put))


@router.post("/gc", status_code=202)
async def clear_media(given: Given, caller: Caller) -> Success[QueuedAnswer]:
    """Clear the store of what nothing shows; a worker does it. What is found is deleted once its grace is over."""
    put = await media.queue_clearing(given, caller)
    return Success(data=QueuedAnswer(queued=put))
