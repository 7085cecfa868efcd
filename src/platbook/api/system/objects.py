"""Stored photos and documents by URL: public ones for everyone, private ones by a signed URL.

Nothing outside the store can be reached: names cannot contain `..`, and are looked up below one of two folders.
"""

import contextlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from platbook.api.envelope import Failure
from platbook.api.etags import matches_etag
from platbook.api.services import ServicesDep
from platbook.application.services import Services
from platbook.base.errors import NotAllowed, NotFound
from platbook.media.blobs import find_place
from platbook.storage import Access, ObjectInfo, OpenObject, Storage

router = APIRouter(prefix="/media", tags=["Media"])

_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))")
_HEADERS = {
    # A browser must not execute what a source sent as a picture on our origin; any page may embed it.
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "cross-origin",
    "accept-ranges": "bytes",
}
_IN_MEMORY = 1024 * 1024
"""What is larger (videos, documents) is sent as it is read."""
_MISSING = "no stored photo or document has this URL"
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"*/*": {}}, "description": "The bytes, which never change under this URL."},
    206: {"content": {"*/*": {}}, "description": "The requested range."},
    302: {"description": "The photo was moved to another store since its URL was given out."},
    304: {"description": "Not modified."},
    404: {"model": Failure, "description": "No object has this name."},
    416: {"description": "The requested range is beyond the end."},
}
_FORBIDDEN: dict[int | str, dict[str, Any]] = {
    403: {"model": Failure, "description": "The URL is not signed, or has expired."}
}


Expires = Annotated[int, Query(description="seconds since 1970")]


@router.get("/public/{name:path}", responses=_RESPONSES, response_class=Response)
async def read_public_object(request: Request, services: ServicesDep, name: str) -> Response:
    """Get a public photo, video or document. It can be cached indefinitely: a changed photo has another URL."""
    return await _respond(request, services, name, Access.PUBLIC)


@router.head("/public/{name:path}", include_in_schema=False)
async def head_public_object(request: Request, services: ServicesDep, name: str) -> Response:
    """The headers of the same GET."""
    return await _respond(request, services, name, Access.PUBLIC)


@router.get("/private/{name:path}", responses={**_RESPONSES, **_FORBIDDEN}, response_class=Response)
async def read_private_object(
    request: Request, services: ServicesDep, name: str, expires: Expires = 0, signature: str = ""
) -> Response:
    """Get a private photo, video or document by a signed URL that has not expired."""
    _check_signature(services.storage, name, expires, signature)
    return await _respond(request, services, name, Access.PRIVATE, expires)


@router.head("/private/{name:path}", include_in_schema=False)
async def head_private_object(
    request: Request, services: ServicesDep, name: str, expires: Expires = 0, signature: str = ""
) -> Response:
    """The headers of the same GET."""
    _check_signature(services.storage, name, expires, signature)
    return await _respond(request, services, name, Access.PRIVATE, expires)


def _check_signature(storage: Storage, name: str, expires: int, signature: str) -> None:
    try:
        signed = storage.is_signed(name, expires, signature)
    except ValueError:
        signed = False
    if not signed:
        raise NotAllowed(
            "the signature of this URL is missing, invalid or expired; read the listing again for a new URL"
        )


async def _respond(request: Request, services: Services, name: str, access: Access, expires: int = 0) -> Response:
    try:
        storage, info = await _find(services, name, access)
        if info is None:
            url = await _to_url(storage, name, access, expires, services.clock.now())
            return Response(status_code=302, headers={**_HEADERS, "location": url, "cache-control": "no-store"})
        headers = _to_headers(name, info)
        if matches_etag(request.headers.get("if-none-match"), _to_version(name)):
            return Response(status_code=304, headers=headers)
        if request.method == "HEAD":
            return _full(b"", {**headers, "content-length": str(info.size)}, info)
        part = _find_range(request.headers, headers["etag"], info.size)
        if part is not None and part[0] >= info.size:
            return Response(status_code=416, headers={**headers, "content-range": f"bytes */{info.size}"})
        return await _send(await storage.open(name, access, part), headers, part)
    except (ValueError, NotFound):
        raise NotFound(_MISSING) from None


async def _find(services: Services, name: str, access: Access) -> tuple[Storage, ObjectInfo | None]:
    """The store that holds an object, with what it says of it; None where the store serves it by itself. NotFound."""
    here = services.storage
    if here.is_served_here:
        with contextlib.suppress(NotFound):
            return here, await here.head(name, access)
    async with services.database.read() as connection:
        place = await find_place(connection, name)
    if place is None or place.is_public != (access is Access.PUBLIC):
        raise NotFound(_MISSING)
    storage = await here.at(place.store_id)
    return storage, await storage.head(name, access) if storage.is_served_here else None


async def _to_url(storage: Storage, name: str, access: Access, expires: int, now: datetime) -> str:
    """The URL at the store that an object was moved to, signed for as long as the one that was asked for."""
    if access is Access.PUBLIC:
        return storage.public_url(name)
    return (await storage.sign_urls([name], datetime.fromtimestamp(expires, UTC) - now))[0]


def _to_headers(name: str, info: ObjectInfo) -> dict[str, str]:
    disposition = info.attributes.content_disposition
    return {
        **_HEADERS,
        **({} if disposition is None else {"content-disposition": disposition}),
        "cache-control": info.attributes.cache_control,
        "etag": f'"{_to_version(name)}"',
        "last-modified": format_datetime(info.stored_at, usegmt=True),
    }


def _to_version(name: str) -> str:
    return name.rpartition("/")[2]


def _find_range(request: Mapping[str, str], etag: str, size: int) -> tuple[int, int] | None:
    """The requested range, from one position to before another; None: all.

    A range that is not supported is ignored (RFC 9110 section 14). One beyond the end starts at `size` or behind it.
    """
    match = _RANGE.fullmatch(request.get("range", ""))
    if match is None or request.get("if-range", etag) != etag:
        return None
    first, last, length = match.groups()
    if not first:
        return (max(0, size - int(length)), size) if int(length) else (size, size)
    end = min(size, int(last) + 1) if last else size
    return None if last and int(last) < int(first) else (int(first), end)


async def _send(opened: OpenObject, headers: dict[str, str], part: tuple[int, int] | None) -> Response:
    """An object, or a part of it: from memory where that is small."""
    size, status = opened.info.size, 200
    if part is not None:
        headers, status = {**headers, "content-range": f"bytes {part[0]}-{part[1] - 1}/{size}"}, 206
        size = part[1] - part[0]
    media_type = opened.info.attributes.content_type
    if size <= _IN_MEMORY:
        return Response(await opened.read(), status, headers, media_type)
    return StreamingResponse(opened.chunks, status, {**headers, "content-length": str(size)}, media_type)


def _full(content: bytes, headers: dict[str, str], info: ObjectInfo) -> Response:
    return Response(content, media_type=info.attributes.content_type, headers=headers)
