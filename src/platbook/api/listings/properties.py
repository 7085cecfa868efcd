"""Listings: lists and searches, one listing with its photos and timeline, and listings made here."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, cast
from uuid import UUID

import orjson
from fastapi import APIRouter, Body, Query, Request, Response

from platbook.accounts.member_links import find_own_listings
from platbook.api.authentication import Caller
from platbook.api.envelope import Success, paginate, raw_json
from platbook.api.listings.properties_models import (
    SEARCH_PARAMETERS,
    FeaturedShown,
    ListingShown,
    ListingsShown,
    PhotosShown,
    StatsShown,
    SuggestionsShown,
    TimelineShown,
)
from platbook.api.listings.query_string import Texts, to_author, to_said, to_search_texts, to_texts
from platbook.api.listings.responses import (
    holds,
    to_etag,
    to_list_body,
    to_one_body,
    to_signed,
    to_stats,
    to_suggestions,
    to_timeline,
)
from platbook.api.services import Given, Services
from platbook.base.actor import Actor
from platbook.base.errors import InvalidInput
from platbook.base.rights import Right, require
from platbook.db import ReadConnection
from platbook.listings.reading import (
    Reading,
    get_listing,
    get_listing_by_key,
    get_raw,
    get_timeline,
    to_media,
)
from platbook.listings.search import (
    KnownVersions,
    find_featured,
    find_listings,
    get_stats,
    parse_search,
    suggest,
)
from platbook.local.listings import change_local, create_local, remove_local
from platbook.media.photo_urls import PhotoUrls, to_window
from platbook.providers.providers import LOCAL

router = APIRouter(prefix="/properties", tags=["Properties"])

_LISTS: dict[int | str, dict[str, object]] = {200: {"model": Success[ListingsShown]}, 304: {"description": "unchanged"}}
_ONE: dict[int | str, dict[str, object]] = {200: {"model": Success[ListingShown]}, 304: {"description": "unchanged"}}
_MADE: dict[int | str, dict[str, object]] = {201: {"model": Success[ListingShown]}}
_CACHED = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}

Include = Annotated[Literal["raw"] | None, Query(description="the source's own record beside; for admins alone")]
Said = Annotated[
    dict[str, object],
    Body(
        examples=[
            {
                "standardStatus": "Active",
                "propertyType": "Residential",
                "listPrice": 489000,
                "address": {"streetNumber": "12", "streetName": "Elm", "city": "Austin", "state": "TX"},
                "bathrooms": {"total": 2},
            }
        ]
    ),
]


@router.get("", responses=_LISTS, openapi_extra={"parameters": SEARCH_PARAMETERS})
async def list_properties(request: Request, given: Given, caller: Caller) -> Response:
    """List listings, the newest change first unless told otherwise."""
    return await _answer_list(request, given, caller, to_texts(request.query_params.multi_items()))


@router.get("/search", responses=_LISTS, openapi_extra={"parameters": SEARCH_PARAMETERS})
async def search_properties(request: Request, given: Given, caller: Caller) -> Response:
    """Search listings; the same as the list."""
    return await _answer_list(request, given, caller, to_texts(request.query_params.multi_items()))


@router.post("/search", responses={200: {"model": Success[ListingsShown]}})
async def search_properties_by_body(
    request: Request,
    given: Given,
    caller: Caller,
    body: Annotated[
        dict[str, object], Body(examples=[{"city": ["Austin"], "maxPrice": 500000, "sortBy": "listPrice"}])
    ],
) -> Response:
    """Search by the same words in JSON; a polygon may be GeoJSON."""
    return await _answer_list(request, given, caller, to_search_texts(body))


@router.get("/stats", responses={200: {"model": Success[StatsShown]}})
async def get_market_stats(given: Given, caller: Caller) -> Response:
    """Counts by status, type and city (the hundred with most), and what listings cost."""
    async with given.listings.read() as connection:
        return _answer(to_stats(await get_stats(connection, caller.surface)))


@router.get("/featured", responses={200: {"model": Success[FeaturedShown]}})
async def list_featured(given: Given, caller: Caller, limit: Annotated[int, Query(ge=1, le=100)] = 10) -> Response:
    """Those marked featured, then the newest with photos."""
    async with given.listings.read() as connection:
        found = await find_featured(connection, caller.surface, limit, given.clock.now())
    body = b'{"success":true,"data":{"properties":[' + ",".join(found.documents).encode() + b"]}}"
    return await _answer_filled(given, body)


@router.get("/suggest", responses={200: {"model": Success[SuggestionsShown]}})
async def suggest_properties(
    given: Given,
    caller: Caller,
    q: Annotated[str, Query(description="what was typed so far", examples=["aust"])],
    limit: Annotated[int, Query(ge=1, le=20)] = 10,
) -> Response:
    """Complete a city, postal code, subdivision, address or MLS number; misspellings are forgiven."""
    async with given.listings.read() as connection:
        offers = await suggest(connection, q, caller.surface, given.clock.now(), limit=limit)
    return _answer({"suggestions": to_suggestions(offers)})


@router.get("/by-key", responses=_ONE)
async def get_property_by_key(
    request: Request,
    given: Given,
    caller: Caller,
    provider_id: Annotated[str, Query(alias="providerId", min_length=1, max_length=200)],
    listing_key: Annotated[str, Query(alias="listingKey", min_length=1, max_length=200)],
) -> Response:
    """One listing by its provider and the source's key."""
    async with given.listings_of(caller).read() as connection:
        now = given.clock.now()
        reading = await get_listing_by_key(connection, provider_id, listing_key, caller.surface, now)
    return await _answer_one(request, given, reading)


@router.get("/{property_id}", responses=_ONE)
async def get_property(
    request: Request, given: Given, caller: Caller, property_id: UUID, include: Include = None
) -> Response:
    """One listing. One that was removed, or left the scope, answers staff; an erased one is gone (410)."""
    if include:
        require(caller, Right.READ_RAW)
    async with given.listings_of(caller).read() as connection:
        reading = await get_listing(connection, property_id, caller.surface, given.clock.now())
        if include:
            raw = await get_raw(connection, property_id)
            return await _answer_filled(given, to_one_body(reading.document, raw or "null"))
    return await _answer_one(request, given, reading)


@router.get("/{property_id}/media", responses={200: {"model": Success[PhotosShown]}})
async def list_media(given: Given, caller: Caller, property_id: UUID) -> Response:
    """A listing's photos and documents, in their order."""
    async with given.listings_of(caller).read() as connection:
        reading = await get_listing(connection, property_id, caller.surface, given.clock.now())
    return await _answer_filled(given, orjson.dumps({"success": True, "data": {"media": to_media(reading)}}))


@router.get("/{property_id}/timeline", responses={200: {"model": Success[TimelineShown]}})
async def list_timeline(
    given: Given,
    caller: Caller,
    property_id: UUID,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:
    """What changed, from what to what, newest first."""
    async with given.listings_of(caller).read() as connection:
        reading = await get_listing(connection, property_id, caller.surface, given.clock.now())
        found = await get_timeline(connection, reading, caller.surface, page=page, limit=limit)
    pagination = paginate(page, limit, found.total).model_dump(by_alias=True, exclude_none=True)
    return _answer({"timeline": to_timeline(found), "pagination": pagination})


@router.post("", status_code=201, responses=_MADE)
async def create_property(given: Given, caller: Caller, body: Said) -> Response:
    """Make a listing of one's own, at provider `local`; with `authorId`, of a user one writes for."""
    if body.get("providerId", LOCAL) != LOCAL:
        raise InvalidInput.of("providerId", f"must be {LOCAL}: only listings of one's own are made here")
    author_id = to_author(body.get("authorId"))
    said = to_said({word: value for word, value in body.items() if word not in {"providerId", "authorId"}})
    now = given.clock.now()
    async with given.database.transaction() as connection:
        property_id = await create_local(connection, caller, said, now, author_id=author_id)
        reading = await _read_back(connection, property_id, caller, now)
    headers = {"Location": f"/api/v1/properties/{property_id}", "ETag": to_etag(reading.version)}
    return await _answer_filled(given, to_one_body(reading.document), status=201, headers=headers)


@router.put("/{property_id}", responses={200: {"model": Success[ListingShown]}})
async def change_property(given: Given, caller: Caller, property_id: UUID, body: Said) -> Response:
    """Change what is said of a local listing; by whoever writes for its author. An MLS's answers 409."""
    now = given.clock.now()
    async with given.database.transaction() as connection:
        await change_local(connection, caller, property_id, to_said(body), now)
        reading = await _read_back(connection, property_id, caller, now)
    return await _answer_filled(given, to_one_body(reading.document), headers={"ETag": to_etag(reading.version)})


@router.delete("/{property_id}", status_code=204)
async def remove_property(given: Given, caller: Caller, property_id: UUID) -> Response:
    """Take a local listing off every list; by whoever writes for its author. An MLS's answers 409."""
    async with given.database.transaction() as connection:
        await remove_local(connection, caller, property_id, given.clock.now())
    return Response(status_code=204)


async def _answer_list(request: Request, given: Services, caller: Actor, texts: Texts) -> Response:
    mine = None
    if "mine" in texts:
        async with given.database.read() as connection:
            mine = await find_own_listings(connection, caller)
    search = parse_search(texts, surface=caller.surface, mine=mine)
    tags = request.headers.get("if-none-match")
    known = _get_known(request)
    now = given.clock.now()
    database = given.listings if mine is None else given.database  # one's own are to be seen as soon as they are made
    async with database.read() as connection:
        standing = await known.get_standing(connection, search, now) if tags else None
        if standing is not None and holds(tags, standing):
            return _unchanged(standing)
        found = to_signed(await find_listings(connection, search, now), now)
    known.remember(search, found)
    if holds(tags, found.version):
        return _unchanged(found.version)
    body = to_list_body(found, search)
    return await _answer_filled(given, body, headers={"ETag": to_etag(found.version), **_CACHED})


def _get_known(request: Request) -> KnownVersions:
    """What this application remembers of the lists it answered."""
    state = request.app.state
    if not hasattr(state, "known_listings"):
        state.known_listings = KnownVersions()
    return cast("KnownVersions", state.known_listings)


async def _answer_one(request: Request, given: Services, reading: Reading) -> Response:
    version = reading.version + to_window([reading.document], given.clock.now())
    if holds(request.headers.get("if-none-match"), version):
        return _unchanged(version)
    headers = {"ETag": to_etag(version), **_CACHED}
    return await _answer_filled(given, to_one_body(reading.document), headers=headers)


async def _answer_filled(
    given: Services, body: bytes, *, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """A body of documents, with the addresses of their photos."""
    filled = await PhotoUrls(given.storage).fill(body, given.clock.now())
    return raw_json(filled, status=status, headers=headers)


async def _read_back(connection: ReadConnection, property_id: UUID, caller: Actor, now: datetime) -> Reading:
    return await get_listing(connection, property_id, caller.surface, now)


def _unchanged(version: str) -> Response:
    return Response(status_code=304, headers={"ETag": to_etag(version), **_CACHED})


def _answer(data: Mapping[str, object]) -> Response:
    return raw_json(orjson.dumps({"success": True, "data": data}, option=orjson.OPT_UTC_Z))
