"""Photos of local listings: upload or fetch by URL, order, caption, remove."""

import io
import re
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError
from starlette.requests import ClientDisconnect

from platbook.api.authentication import Caller
from platbook.api.envelope import Success, raw_json
from platbook.api.listings.photos_models import PhotoFromUrl, PhotoList, PhotoOrderUpdate
from platbook.api.services import ServicesDep
from platbook.application.services import Services
from platbook.application.uploads import open_upload, receive
from platbook.base.actor import Actor
from platbook.base.errors import InvalidInput, MediaRejected, PayloadTooLarge, SourceUnavailable, TryLater
from platbook.listings.reading import get_listing, to_media
from platbook.local.listings import get_own
from platbook.local.photos import PhotoPatch, add_photo, arrange_photos, remove_photos
from platbook.media.visibility import MediaVisibility
from platbook.providers.media import MediaSettings
from platbook.transport import DownloadLimits

router = APIRouter(prefix="/properties", tags=["Properties"])

MAX_PHOTO_BYTES = MediaSettings().max_bytes
_MAX_JSON_BYTES = 16 * 1024
_JSON = re.compile(r"application/json(;|$)")

_UPLOAD: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "image/*": {"schema": {"type": "string", "format": "binary"}},
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["url"],
                    "properties": {"url": {"type": "string", "maxLength": 2000}},
                    "additionalProperties": False,
                },
                "example": {"url": "https://photos.example.com/front.jpg"},
            },
        },
    }
}

Caption = Annotated[str | None, Query(max_length=1000, description="a caption of the photo")]
Public = Annotated[bool, Query(alias="isPublic", description="whether the public may see it")]


@router.post(
    "/{property_id}/media", status_code=201, responses={201: {"model": Success[PhotoList]}}, openapi_extra=_UPLOAD
)
async def add_media(
    request: Request,
    services: ServicesDep,
    caller: Caller,
    property_id: UUID,
    caption: Caption = None,
    *,
    is_public: Public = True,
) -> Response:
    """Add a photo to a local listing: the bytes as body, or JSON with a `url` to fetch. For who may edit it."""
    async with services.database.transaction() as connection:
        await get_own(connection, caller, property_id)  # checked before a large body is read
    try:
        blob_id = await _store(request, services)
    except MediaRejected as error:
        raise InvalidInput.of("body", str(error)) from None
    except ClientDisconnect:
        raise SourceUnavailable("the connection was closed before the whole body had arrived") from None
    now = services.clock.now()
    async with services.database.transaction() as connection:
        await add_photo(connection, caller, property_id, blob_id, now, caption=caption or None, is_public=is_public)
    return await _to_response(services, caller, property_id, status=201)


@router.put("/{property_id}/media", responses={200: {"model": Success[PhotoList]}})
async def arrange_media(services: ServicesDep, caller: Caller, property_id: UUID, body: PhotoOrderUpdate) -> Response:
    """Set the order, captions and visibility of all photos of a local listing. For who may edit the listing."""
    patches = [PhotoPatch(one.media_key, one.caption, one.is_public) for one in body.media]
    async with services.database.transaction() as connection:
        await arrange_photos(connection, caller, property_id, patches, services.clock.now())
    return await _to_response(services, caller, property_id)


@router.delete("/{property_id}/media", status_code=204)
async def remove_all_media(services: ServicesDep, caller: Caller, property_id: UUID) -> Response:
    """Remove all photos of a local listing. For who may edit the listing."""
    return await _remove(services, caller, property_id, None)


@router.delete("/{property_id}/media/{media_key}", status_code=204)
async def remove_media(services: ServicesDep, caller: Caller, property_id: UUID, media_key: str) -> Response:
    """Remove one photo of a local listing. For who may edit the listing."""
    return await _remove(services, caller, property_id, media_key)


async def _remove(services: Services, caller: Actor, property_id: UUID, media_key: str | None) -> Response:
    async with services.database.transaction() as connection:
        removed = await remove_photos(connection, caller, property_id, media_key, services.clock.now())
    await _to_visibility(services).settle_listing(property_id, removed)
    return Response(status_code=204)


async def _store(request: Request, services: Services) -> str:
    """Store the picture that was sent, or that at the URL that was sent."""
    uploads, blobs = services.uploads, services.blobs
    if _JSON.match(request.headers.get("content-type", "").lower()):
        content = await _fetch(request, services)
        return await blobs.store(content, is_public=False, keep_original=True)
    with uploads.reserve(_expect_size(request)), open_upload() as file:
        size = await receive(request.stream(), file, MAX_PHOTO_BYTES)
        async with uploads.load(file, size) as content:
            return await blobs.store(content, is_public=False, keep_original=True)


def _expect_size(request: Request) -> int:
    """The most bytes a body may have: what it declares, else what a photo may have. PayloadTooLarge."""
    declared = request.headers.get("content-length", "")
    size = int(declared) if declared.isascii() and declared.isdecimal() else MAX_PHOTO_BYTES
    if size > MAX_PHOTO_BYTES:
        raise PayloadTooLarge(f"the body is too large: at most {MAX_PHOTO_BYTES} bytes are accepted")
    return size


async def _fetch(request: Request, services: Services) -> bytes:
    """The bytes at the URL that was sent."""
    text = io.BytesIO()
    await receive(request.stream(), text, _MAX_JSON_BYTES)
    try:
        body = PhotoFromUrl.model_validate(orjson.loads(text.getvalue()))
    except (orjson.JSONDecodeError, ValidationError):
        raise InvalidInput.of(
            "url", "is required, as text of at most 2000 characters; no other field is allowed"
        ) from None
    downloads = services.transport.downloads(DownloadLimits(MAX_PHOTO_BYTES))
    with services.uploads.reserve(MAX_PHOTO_BYTES):
        try:
            download = await downloads.fetch(body.url)
        except (MediaRejected, TryLater) as error:
            raise InvalidInput.of("url", str(error)) from None
    return download.content or b""


async def _to_response(services: Services, caller: Actor, property_id: UUID, *, status: int = 200) -> Response:
    """The listing's photos, after they are moved to where those who may see them can read them."""
    await _to_visibility(services).settle_listing(property_id)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        reading = await get_listing(connection, property_id, caller.surface, now)
    body = orjson.dumps({"success": True, "data": {"media": to_media(reading)}})
    return raw_json(await services.photo_urls.fill(body, now), status=status)


def _to_visibility(services: Services) -> MediaVisibility:
    return MediaVisibility(services.database, services.storage, services.clock, services.cdn)
