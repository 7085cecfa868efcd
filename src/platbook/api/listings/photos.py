"""Photos of local listings: sent as bytes or named by their address, put in order, removed."""

import re
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, ValidationError
from starlette.requests import ClientDisconnect

from platbook.api.authentication import Caller
from platbook.api.envelope import Success, raw_json
from platbook.api.listings.properties_models import PhotoList
from platbook.api.models import RequestBody
from platbook.api.services import ServicesDep
from platbook.application.services import Services
from platbook.base.actor import Actor
from platbook.base.errors import InvalidInput, MediaRejected, PayloadTooLarge, SourceUnavailable, TryLater
from platbook.listings.reading import get_listing, to_media
from platbook.local.listings import get_own
from platbook.local.photos import PhotoPatch, add_photo, arrange_photos, remove_photos
from platbook.media.photo_urls import PhotoUrls
from platbook.media.visibility import MediaVisibility
from platbook.providers.media import MediaSettings
from platbook.transport import DownloadLimits

router = APIRouter(prefix="/properties", tags=["Properties"])

LARGEST_PHOTO = MediaSettings().max_bytes
_LARGEST_WORDS = 16 * 1024
_JSON = re.compile(r"application/json(;|$)")

_SENT: dict[str, Any] = {
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

Caption = Annotated[str | None, Query(max_length=1000, description="what it shows")]
Public = Annotated[bool, Query(alias="isPublic", description="whether it may be shown in public")]


class PhotoFromUrl(RequestBody):
    """Where a photo is to be fetched from."""

    url: Annotated[str, Field(min_length=1, max_length=2000)]


class PhotoOrderItem(RequestBody):
    """One photo in its place. What is left out stays; an empty caption takes it away."""

    media_key: Annotated[str, Field(min_length=1, max_length=200)]
    caption: Annotated[str, Field(max_length=1000)] | None = None
    is_public: bool | None = None


class PhotoOrderUpdate(RequestBody):
    """All photos of a listing, in the order they are to have."""

    media: Annotated[list[PhotoOrderItem], Field(max_length=1000)]


@router.post(
    "/{property_id}/media", status_code=201, responses={201: {"model": Success[PhotoList]}}, openapi_extra=_SENT
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
    """Add a photo to a local listing, by whoever writes for its author: its bytes as body, or JSON with its `url`."""
    async with services.database.transaction() as connection:
        await get_own(connection, caller, property_id)  # before a large body is read
    content = await _receive(request, services)
    try:
        blob_id = await services.blobs.keep(content, is_public=False, keeps_original=True)
    except MediaRejected as error:
        raise InvalidInput.of("body", str(error)) from None
    now = services.clock.now()
    async with services.database.transaction() as connection:
        await add_photo(connection, caller, property_id, blob_id, now, caption=caption or None, is_public=is_public)
    return await _answer(services, caller, property_id, status=201)


@router.put("/{property_id}/media", responses={200: {"model": Success[PhotoList]}})
async def arrange_media(services: ServicesDep, caller: Caller, property_id: UUID, body: PhotoOrderUpdate) -> Response:
    """Put all photos of a local listing in order, and change their words; by whoever writes for its author."""
    words = [PhotoPatch(one.media_key, one.caption, one.is_public) for one in body.media]
    async with services.database.transaction() as connection:
        await arrange_photos(connection, caller, property_id, words, services.clock.now())
    return await _answer(services, caller, property_id)


@router.delete("/{property_id}/media", status_code=204)
async def remove_all_media(services: ServicesDep, caller: Caller, property_id: UUID) -> Response:
    """Take all photos of a local listing away; by whoever writes for its author."""
    return await _remove(services, caller, property_id, None)


@router.delete("/{property_id}/media/{media_key}", status_code=204)
async def remove_media(services: ServicesDep, caller: Caller, property_id: UUID, media_key: str) -> Response:
    """Take one photo of a local listing away; by whoever writes for its author."""
    return await _remove(services, caller, property_id, media_key)


async def _remove(services: Services, caller: Actor, property_id: UUID, media_key: str | None) -> Response:
    async with services.database.transaction() as connection:
        await remove_photos(connection, caller, property_id, media_key, services.clock.now())
    await _to_exposure(services).settle()
    return Response(status_code=204)


async def _receive(request: Request, services: Services) -> bytes:
    """The bytes that were sent, or those at the address that was."""
    if not _JSON.match(request.headers.get("content-type", "").lower()):
        return await _read(request.stream(), LARGEST_PHOTO)
    try:
        said = PhotoFromUrl.model_validate(orjson.loads(await _read(request.stream(), _LARGEST_WORDS)))
    except (orjson.JSONDecodeError, ValidationError):
        raise InvalidInput.of("url", "is required, and nothing else is known here") from None
    downloads = services.transport.downloads(DownloadLimits(LARGEST_PHOTO))
    try:
        download = await downloads.fetch(said.url)
    except (MediaRejected, TryLater) as error:
        raise InvalidInput.of("url", str(error)) from None
    return download.content or b""


async def _read(stream: AsyncIterator[bytes], most: int) -> bytes:
    content = bytearray()
    try:
        async for chunk in stream:
            content += chunk
            if len(content) > most:
                raise PayloadTooLarge(f"a photo may have {most} bytes")
    except ClientDisconnect:
        raise SourceUnavailable("the body stopped short") from None
    return bytes(content)


async def _answer(services: Services, caller: Actor, property_id: UUID, *, status: int = 200) -> Response:
    """The listing's photos, once they lie where everybody who may see them finds them."""
    await _to_exposure(services).settle()
    now = services.clock.now()
    async with services.database.transaction() as connection:
        reading = await get_listing(connection, property_id, caller.surface, now)
    body = orjson.dumps({"success": True, "data": {"media": to_media(reading)}})
    return raw_json(await PhotoUrls(services.storage).fill(body, now), status=status)


def _to_exposure(services: Services) -> MediaVisibility:
    return MediaVisibility(services.database, services.storage, services.clock, services.cdn)
