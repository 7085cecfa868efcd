"""Listings: search, one listing with its photos and timeline, and local listings."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, cast
from uuid import UUID

import orjson
from fastapi import APIRouter, Body, Query, Request, Response

from platbook.accounts.member_links import find_own_listings
from platbook.api.authentication import Caller
from platbook.api.envelope import Success, paginate, raw_json
from platbook.api.etags import matches_etag, to_etag
from platbook.api.listing_schemas import to_search_schema, to_write_schema
from platbook.api.listings.gzip_lists import to_gzip_body
from platbook.api.listings.params import FIELDS, FILTER_PARAMETERS, SEARCH_PARAMETERS
from platbook.api.listings.photos_models import PhotoList
from platbook.api.listings.properties_models import (
    FeaturedList,
    ListingList,
    ListingRead,
    MarketStatsRead,
    SuggestionList,
    TimelineList,
)
from platbook.api.listings.query_string import Texts, to_author, to_fields, to_search_texts, to_texts
from platbook.api.listings.responses import (
    Envelope,
    to_envelope,
    to_featured_envelope,
    to_list_body,
    to_one_body,
    to_stats,
    to_suggestions,
    to_timeline,
    with_notices,
    with_photo_urls,
)
from platbook.api.schemas import to_json_body
from platbook.api.services import ServicesDep
from platbook.application.content_coding import GZIP, ZSTD, choose_coding
from platbook.application.services import Services
from platbook.base.actor import Actor, Surface
from platbook.base.errors import InvalidInput
from platbook.base.rights import Right, require
from platbook.db import Database, ReadConnection
from platbook.listings.explanation import Explanation, explain_listing
from platbook.listings.reading import (
    ListingView,
    get_listing,
    get_listing_by_key,
    get_raw,
    to_media,
)
from platbook.listings.search import (
    Listings,
    ListingSearch,
    find_featured,
    find_listings,
    get_notices,
    get_stats,
    parse_search,
    suggest,
)
from platbook.listings.search.versions import VersionCache
from platbook.listings.sparse import parse_fields
from platbook.listings.timeline import get_timeline
from platbook.local.listings import change_local, create_local, remove_local, to_listing_patch
from platbook.providers.local import LOCAL

router = APIRouter(prefix="/properties", tags=["Properties"])

_LISTS: dict[int | str, dict[str, object]] = {200: {"model": Success[ListingList]}, 304: {"description": "unchanged"}}
_ONE: dict[int | str, dict[str, object]] = {200: {"model": Success[ListingRead]}, 304: {"description": "unchanged"}}
_CREATED: dict[int | str, dict[str, object]] = {201: {"model": Success[ListingRead]}}
_CACHED = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}

Include = Annotated[Literal["raw"] | None, Query(description="adds the source's raw record; admins only")]
ListingFields = Annotated[dict[str, object], Body()]
_EXAMPLE: dict[str, object] = {
    "standardStatus": "Active",
    "propertyType": "Residential",
    "listPrice": 489000,
    "address": {"streetNumber": "12", "streetName": "Elm", "city": "Austin", "state": "TX"},
    "bathrooms": {"total": 2},
}
_CHANGES = to_write_schema({"isFeatured": {"type": "boolean"}})
_NEW = to_write_schema(
    {
        "isFeatured": {"type": "boolean"},
        "providerId": {"type": "string", "const": LOCAL},
        "authorId": {"type": ["string", "null"], "format": "uuid", "description": "an agent the caller writes for"},
    }
)


@router.get("", responses=_LISTS, openapi_extra={"parameters": SEARCH_PARAMETERS})
async def list_properties(request: Request, services: ServicesDep, caller: Caller) -> Response:
    """List listings, the most recently modified first by default."""
    return await _respond_with_list(request, services, caller, to_texts(request.query_params.multi_items()))


@router.get("/search", responses=_LISTS, openapi_extra={"parameters": SEARCH_PARAMETERS})
async def search_properties(request: Request, services: ServicesDep, caller: Caller) -> Response:
    """Search listings; the same as `GET /properties`."""
    return await _respond_with_list(request, services, caller, to_texts(request.query_params.multi_items()))


@router.post(
    "/search",
    responses={200: {"model": Success[ListingList]}},
    openapi_extra=to_json_body(to_search_schema(SEARCH_PARAMETERS), {"city": ["Austin"], "maxPrice": 500000}),
)
async def search_properties_by_body(
    request: Request,
    services: ServicesDep,
    caller: Caller,
    body: Annotated[dict[str, object], Body()],
) -> Response:
    """Search by the same parameters in JSON; a polygon may be GeoJSON."""
    return await _respond_with_list(request, services, caller, to_search_texts(body))


@router.get(
    "/stats",
    responses={200: {"model": Success[MarketStatsRead]}},
    openapi_extra={"parameters": FILTER_PARAMETERS},
)
async def get_market_stats(request: Request, services: ServicesDep, caller: Caller) -> Response:
    """Count the matches of the list's filters, with prices of sales and leases apart, in all and by month."""
    search = await _parse(services, caller, to_texts(request.query_params.multi_items()))
    async with _get_database(services, search).read() as connection:
        return _respond(to_stats(await get_stats(connection, search, services.clock.now())))


@router.get("/featured", responses={200: {"model": Success[FeaturedList]}}, openapi_extra={"parameters": [FIELDS]})
async def list_featured(
    request: Request, services: ServicesDep, caller: Caller, limit: Annotated[int, Query(ge=1, le=100)] = 10
) -> Response:
    """List featured listings, then the newest ones with photos."""
    search = ListingSearch(surface=caller.surface, fields=parse_fields(request.query_params.getlist("fields")))
    async with services.listings.read() as connection:
        featured = await find_featured(connection, caller.surface, limit, services.clock.now())
        notices = await get_notices(connection, search)
    return await _respond_with_rows(request, services, featured, to_featured_envelope(notices), search)


@router.get("/suggest", responses={200: {"model": Success[SuggestionList]}})
async def suggest_properties(
    services: ServicesDep,
    caller: Caller,
    q: Annotated[str, Query(description="the text typed so far", examples=["aust"])],
    limit: Annotated[int, Query(ge=1, le=20)] = 10,
) -> Response:
    """Suggest cities, postal codes, subdivisions, addresses and MLS numbers; spelling mistakes are tolerated."""
    async with services.listings.read() as connection:
        suggestions = await suggest(connection, q, caller.surface, services.clock.now(), limit=limit)
    return _respond({"suggestions": to_suggestions(suggestions)})


@router.get("/by-key", responses=_ONE)
async def get_property_by_key(
    request: Request,
    services: ServicesDep,
    caller: Caller,
    provider_id: Annotated[str, Query(alias="providerId", min_length=1, max_length=200)],
    listing_key: Annotated[str, Query(alias="listingKey", min_length=1, max_length=200)],
) -> Response:
    """Get a listing by its provider and the source's key."""
    async with services.listings_of(caller).read() as connection:
        now = services.clock.now()
        reading = await get_listing_by_key(connection, provider_id, listing_key, caller.surface, now)
    return await _respond_with_one(request, services, reading)


@router.get("/{property_id}", responses=_ONE)
async def get_property(
    request: Request, services: ServicesDep, caller: Caller, property_id: UUID, include: Include = None
) -> Response:
    """Get a listing. Staff also see those that were removed or left the scope; for an erased one 410."""
    if include:
        require(caller, Right.READ_RAW)
    async with services.listings_of(caller).read() as connection:
        reading = await get_listing(connection, property_id, caller.surface, services.clock.now())
        if include:
            raw = await get_raw(connection, property_id)
            return await _respond_with_photos(services, to_one_body(reading.document, raw or "null"))
    return await _respond_with_one(request, services, reading)


@router.get("/{property_id}/media", responses={200: {"model": Success[PhotoList]}})
async def list_media(services: ServicesDep, caller: Caller, property_id: UUID) -> Response:
    """List a listing's photos and documents in order."""
    async with services.listings_of(caller).read() as connection:
        reading = await get_listing(connection, property_id, caller.surface, services.clock.now())
    return await _respond_with_photos(services, orjson.dumps({"success": True, "data": {"media": to_media(reading)}}))


@router.get("/{property_id}/timeline", responses={200: {"model": Success[TimelineList]}})
async def list_timeline(
    services: ServicesDep,
    caller: Caller,
    property_id: UUID,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(description="nextCursor of the previous page; without page")] = None,
) -> Response:
    """List a listing's changes with old and new values, the newest first."""
    async with services.listings_of(caller).read() as connection:
        reading = await get_listing(connection, property_id, caller.surface, services.clock.now())
        timeline = await get_timeline(connection, reading, caller.surface, page=page, limit=limit, cursor=cursor)
    pagination = paginate(page, limit, timeline.total).model_copy(update={"next_cursor": timeline.next_cursor})
    return _respond({"timeline": to_timeline(timeline), "pagination": pagination.to_json()})


@router.get("/{property_id}/explain", responses={200: {"model": Success[Explanation]}})
async def explain_property(
    services: ServicesDep, caller: Caller, property_id: UUID, surface: Surface = Surface.PUBLIC
) -> Response:
    """Explain what is shown of a listing in public, or to staff: by which display rule and setting, and why."""
    async with services.listings_of(caller).read() as connection:
        explanation = await explain_listing(connection, property_id, surface, services.clock.now())
    return _respond(explanation.to_json())


@router.post("", status_code=201, responses=_CREATED, openapi_extra=to_json_body(_NEW, _EXAMPLE))
async def create_property(services: ServicesDep, caller: Caller, body: ListingFields) -> Response:
    """Create a local listing, at provider `local`; with `authorId`, for a user whose listings the caller edits."""
    if body.get("providerId", LOCAL) != LOCAL:
        raise InvalidInput.of("providerId", f"must be {LOCAL}, or left out: listings of an MLS cannot be created here")
    author_id = to_author(body.get("authorId"))
    fields = to_fields({name: value for name, value in body.items() if name not in {"providerId", "authorId"}})
    now = services.clock.now()
    async with services.database.transaction() as connection:
        property_id = await create_local(connection, caller, to_listing_patch(fields), now, author_id=author_id)
        reading = await _read_back(connection, property_id, caller, now)
    headers = {"Location": f"/api/v1/properties/{property_id}", "ETag": to_etag(reading.version)}
    return await _respond_with_photos(services, to_one_body(reading.document), status=201, headers=headers)


@router.put(
    "/{property_id}",
    responses={200: {"model": Success[ListingRead]}},
    openapi_extra=to_json_body(_CHANGES, {"listPrice": 479000}),
)
async def change_property(services: ServicesDep, caller: Caller, property_id: UUID, body: ListingFields) -> Response:
    """Change the fields that are sent of a local listing. For who may edit it; 409 for a listing of an MLS."""
    now = services.clock.now()
    async with services.database.transaction() as connection:
        await change_local(connection, caller, property_id, to_listing_patch(to_fields(body)), now)
        reading = await _read_back(connection, property_id, caller, now)
    return await _respond_with_photos(
        services, to_one_body(reading.document), headers={"ETag": to_etag(reading.version)}
    )


@router.delete("/{property_id}", status_code=204)
async def remove_property(services: ServicesDep, caller: Caller, property_id: UUID) -> Response:
    """Remove a local listing (soft delete). For who may edit it; 409 for a listing of an MLS."""
    async with services.database.transaction() as connection:
        await remove_local(connection, caller, property_id, services.clock.now())
    return Response(status_code=204)


async def _respond_with_list(request: Request, services: Services, caller: Actor, texts: Texts) -> Response:
    search = await _parse(services, caller, texts)
    tags = request.headers.get("if-none-match")
    versions = _get_versions(request)
    now = services.clock.now()
    async with _get_database(services, search).read() as connection:
        current = await versions.get_current(connection, search, now) if tags else None
        if current is not None and matches_etag(tags, current):
            return _not_modified(current)
        notices = await get_notices(connection, search)
        listings = with_notices(await find_listings(connection, search, now), notices)
    listings = with_photo_urls(listings, services.photo_urls, now)
    versions.store(search, listings, now)
    if matches_etag(tags, listings.version):
        return _not_modified(listings.version)
    response = await _respond_with_rows(request, services, listings, to_envelope(listings, search, notices), search)
    response.headers.update({"ETag": to_etag(listings.version), **_CACHED})
    return response


async def _respond_with_rows(
    request: Request, services: Services, listings: Listings, envelope: Envelope, search: ListingSearch
) -> Response:
    """A list of whole documents is joined from compressed ones where the client accepts gzip."""
    joins = choose_coding(request.scope["headers"], (GZIP, ZSTD)) == GZIP
    if joins and listings.rows and not search.fields:
        body = await to_gzip_body(services, listings.rows, envelope, search.surface, services.clock.now())
        return raw_json(body, headers={"Content-Encoding": GZIP})
    return await _respond_with_photos(services, to_list_body(listings, envelope, search.fields))


async def _parse(services: Services, caller: Actor, texts: Texts) -> ListingSearch:
    mine = None
    if "mine" in texts:
        async with services.database.read() as connection:
            mine = await find_own_listings(connection, caller)
    return parse_search(texts, surface=caller.surface, mine=mine)


def _get_database(services: Services, search: ListingSearch) -> Database:
    """Where a search is read: the caller's own listings without the lag of a replica."""
    return services.listings if search.mine is None else services.database


def _get_versions(request: Request) -> VersionCache:
    """This application's cache of the versions of lists."""
    state = request.app.state
    if not hasattr(state, "listing_versions"):
        state.listing_versions = VersionCache()
    return cast("VersionCache", state.listing_versions)


async def _respond_with_one(request: Request, services: Services, reading: ListingView) -> Response:
    version = reading.version + services.photo_urls.to_version([reading.document], services.clock.now())
    if matches_etag(request.headers.get("if-none-match"), version):
        return _not_modified(version)
    headers = {"ETag": to_etag(version), **_CACHED}
    return await _respond_with_photos(services, to_one_body(reading.document), headers=headers)


async def _respond_with_photos(
    services: Services, body: bytes, *, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """A body of documents, with the URLs of their photos filled in."""
    filled = await services.photo_urls.fill(body, services.clock.now())
    return raw_json(filled, status=status, headers=headers)


async def _read_back(connection: ReadConnection, property_id: UUID, caller: Actor, now: datetime) -> ListingView:
    return await get_listing(connection, property_id, caller.surface, now)


def _not_modified(version: str) -> Response:
    return Response(status_code=304, headers={"ETag": to_etag(version), **_CACHED})


def _respond(data: Mapping[str, object]) -> Response:
    return raw_json(orjson.dumps({"success": True, "data": data}, option=orjson.OPT_UTC_Z))
