"""Stored photos and documents by their address: public ones for anybody, private ones for who holds a signed address.

Nothing outside the store can be reached: a name has no way to say `..`, and is looked up below one folder of the two.
"""

import re
from collections.abc import Mapping
from email.utils import format_datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from platbook.api.envelope import Failure
from platbook.api.services import ServicesDep
from platbook.base.errors import NotAllowed, NotFound
from platbook.storage import Access, ObjectInfo, Storage

router = APIRouter(prefix="/media", tags=["Media"])

_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))")
_HEADERS = {
    # Whatever a source sent as a picture, a browser must not run it on our origin; any page may show it.
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "cross-origin",
    "accept-ranges": "bytes",
}
_MISSING = "there is nothing at this address"
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/*": {}}, "description": "The bytes, which never change under this address."},
    206: {"content": {"image/*": {}}, "description": "The part asked for."},
    304: {"description": "The caller has these bytes."},
    404: {"model": Failure, "description": "There is nothing of this name."},
    416: {"description": "The part asked for is beyond the end."},
}
_REFUSAL: dict[int | str, dict[str, Any]] = {
    403: {"model": Failure, "description": "The address is not signed, or is no longer good."}
}


Expires = Annotated[int, Query(description="seconds since 1970")]


@router.get("/public/{name:path}", responses=_ANSWERS, response_class=Response)
async def read_public_object(request: Request, services: ServicesDep, name: str) -> Response:
    """A public photo. It may be kept for ever: a changed photo has another address."""
    return await _answer(request, services.storage, name, Access.PUBLIC)


@router.head("/public/{name:path}", include_in_schema=False)
async def look_at_public_object(request: Request, services: ServicesDep, name: str) -> Response:
    """Its headers alone."""
    return await _answer(request, services.storage, name, Access.PUBLIC)


@router.get("/private/{name:path}", responses={**_ANSWERS, **_REFUSAL}, response_class=Response)
async def read_private_object(
    request: Request, services: ServicesDep, name: str, expires: Expires = 0, signature: str = ""
) -> Response:
    """A private photo, for whoever holds an address that was signed and is still good."""
    _check_signature(services.storage, name, expires, signature)
    return await _answer(request, services.storage, name, Access.PRIVATE)


@router.head("/private/{name:path}", include_in_schema=False)
async def look_at_private_object(
    request: Request, services: ServicesDep, name: str, expires: Expires = 0, signature: str = ""
) -> Response:
    """Its headers alone."""
    _check_signature(services.storage, name, expires, signature)
    return await _answer(request, services.storage, name, Access.PRIVATE)


def _check_signature(storage: Storage, name: str, expires: int, signature: str) -> None:
    try:
        signed = storage.is_signed(name, expires, signature)
    except ValueError:
        signed = False
    if not signed:
        raise NotAllowed("this is private; its address must be signed, and not have expired")


async def _answer(request: Request, storage: Storage, name: str, access: Access) -> Response:
    try:
        facts = await storage.head(name, access)
        headers = _to_headers(name, facts)
        if _is_known(request.headers, headers["etag"]):
            return Response(status_code=304, headers=headers)
        if request.method == "HEAD":
            return _whole(b"", {**headers, "content-length": str(facts.size)}, facts)
        content = (await storage.get(name, access)).content
    except (ValueError, NotFound):
        raise NotFound(_MISSING) from None
    return _part(request.headers, content, headers, facts)


def _to_headers(name: str, facts: ObjectInfo) -> dict[str, str]:
    return {
        **_HEADERS,
        "cache-control": facts.attributes.cache_control,
        "etag": f'"{name.rpartition("/")[2]}"',
        "last-modified": format_datetime(facts.stored_at, usegmt=True),
    }


def _is_known(asked: Mapping[str, str], etag: str) -> bool:
    """Whether the caller has it (RFC 9110 section 13.1.2; `W/` makes no difference here)."""
    known = {tag.strip().removeprefix("W/") for tag in asked.get("if-none-match", "").split(",")}
    return etag in known or "*" in known


def _part(asked: Mapping[str, str], content: bytes, headers: dict[str, str], facts: ObjectInfo) -> Response:
    """All, or one range of it (RFC 9110 section 14); what is not understood is ignored, as it asks for."""
    match = _RANGE.fullmatch(asked.get("range", ""))
    if match is None or asked.get("if-range", headers["etag"]) != headers["etag"]:
        return _whole(content, headers, facts)
    first, last, length = match.groups()
    size = len(content)
    start = int(first) if first else max(0, size - int(length))
    end = min(size, int(last) + 1) if last else size
    if start >= size:
        return Response(status_code=416, headers={**headers, "content-range": f"bytes */{size}"})
    if last and int(last) < start:
        return _whole(content, headers, facts)
    told = {**headers, "content-range": f"bytes {start}-{end - 1}/{size}"}
    return Response(content[start:end], status_code=206, media_type=facts.attributes.content_type, headers=told)


def _whole(content: bytes, headers: dict[str, str], facts: ObjectInfo) -> Response:
    return Response(content, media_type=facts.attributes.content_type, headers=headers)
