"""Reads one listing: its document, photos, and the source's raw record."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

import orjson

from platbook.base.actor import Surface
from platbook.base.errors import Gone, NotFound
from platbook.db import ReadConnection, load_queries
from platbook.listings.documents import complete_document, to_reading_fields
from platbook.listings.search.find import days_on_market
from platbook.reso.public_fields import DAYS_ON_MARKET

Q = load_queries("platbook.listings.search")


@dataclass(frozen=True, slots=True)
class ListingRow:
    """The columns of a listing's row that a reader needs. `row_version` changes with every update of the row.

    `originating_system`, `licences` and `offices` (keys and MLS ids) decide which display rules hold for it.
    """

    id: UUID
    provider_id: str
    listing_key: str
    is_local: bool
    author_id: UUID | None
    internal_document: str | None
    public_document: str | None
    shows_address: bool
    hidden_fields: list[str] | None
    originating_system: str | None
    licences: list[str] | None
    offices: list[str]
    listed_at: datetime | None
    off_market_at: datetime | None
    removed_at: datetime | None
    out_of_scope: bool
    erased: bool
    hidden: bool
    is_public: bool
    row_version: str


@dataclass(frozen=True, slots=True)
class ListingView:
    """One listing as a surface sees it. `version` changes whenever `document` does (an ETag)."""

    row: ListingRow
    document: str
    version: str


async def get_listing(connection: ReadConnection, property_id: UUID, surface: Surface, now: datetime) -> ListingView:
    """One listing by our id. Errors: `NotFound`; `Gone` for an erased one, to staff alone."""
    params = {"id": property_id, "provider_id": None, "listing_key": None}
    return await _get(connection, params, surface, now)


async def get_listing_by_key(
    connection: ReadConnection, provider_id: str, listing_key: str, surface: Surface, now: datetime
) -> ListingView:
    """One listing by its provider and the source's key. Errors: as `get_listing`."""
    params = {"id": None, "provider_id": provider_id, "listing_key": listing_key}
    return await _get(connection, params, surface, now)


async def get_raw(connection: ReadConnection, property_id: UUID) -> str | None:
    """The source's raw record, as JSON text. For admins alone: the caller checks the right."""
    return await connection.value(str, Q.get_raw, {"id": property_id})


def to_media(view: ListingView) -> list[dict[str, object]]:
    """The photos and documents of a listing that the surface may see, in their order."""
    document: dict[str, object] = orjson.loads(view.document)
    return cast("list[dict[str, object]]", document["media"])


async def _get(
    connection: ReadConnection, params: Mapping[str, object], surface: Surface, now: datetime
) -> ListingView:
    row = await connection.first(ListingRow, Q.get_listing, {**params, "now": now})
    if row is None or row.hidden:
        raise _not_found()
    if row.erased and surface is Surface.INTERNAL:
        raise Gone("this listing was erased")
    document = row.internal_document
    if surface is Surface.PUBLIC:
        document = row.public_document if row.is_public else None
    if document is None:
        raise _not_found()
    days = days_on_market(row.listed_at, row.off_market_at, now)
    if surface is Surface.PUBLIC and DAYS_ON_MARKET in (row.hidden_fields or ()):
        days = None
    fields = to_reading_fields(days=days, removed_at=row.removed_at, out_of_scope=row.out_of_scope)
    return ListingView(row, complete_document(document, fields), f"{row.id.hex}-{row.row_version}-{days}")


def _not_found() -> NotFound:
    return NotFound("there is no listing with this id", code="PROPERTY_NOT_FOUND")
