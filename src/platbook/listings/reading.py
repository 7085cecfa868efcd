"""Reads one listing: its document, photos, timeline, and the source's raw record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

import orjson

from platbook.base.actor import Surface
from platbook.base.errors import Gone, NotFound
from platbook.db import Query, ReadConnection, load_queries
from platbook.db.lists import NumberedSource, PageNumber, find_numbered_page
from platbook.listings.documents import complete_document, public_field_names
from platbook.listings.search.find import days_on_market

Q = load_queries("platbook.listings.search")

_CHANGES = NumberedSource(dict[str, object], Q.find_changes, ("at",), descending=True)


@dataclass(frozen=True, slots=True)
class ListingRow:
    """The columns of a listing's row that a reader needs. `row_version` changes with every update of the row."""

    id: UUID
    provider_id: str
    listing_key: str
    is_local: bool
    author_id: UUID | None
    internal_document: str | None
    public_document: str | None
    shows_address: bool
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


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One change of a listing; `source` and `sync_id` are None for a public reader."""

    at: datetime
    kind: str
    changes: list[dict[str, object]]
    source: str | None
    sync_id: UUID | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """One page of a listing's changes, newest first."""

    entries: list[TimelineEntry]
    total: int


async def get_listing(connection: ReadConnection, property_id: UUID, surface: Surface, now: datetime) -> ListingView:
    """One listing by our id. Errors: `NotFound`; `Gone` for an erased one, to staff alone."""
    return await _get(connection, Q.get_listing, {"id": property_id}, surface, now)


async def get_listing_by_key(
    connection: ReadConnection, provider_id: str, listing_key: str, surface: Surface, now: datetime
) -> ListingView:
    """One listing by its provider and the source's key. Errors: as `get_listing`."""
    params = {"provider_id": provider_id, "listing_key": listing_key}
    return await _get(connection, Q.get_listing_by_key, params, surface, now)


async def get_raw(connection: ReadConnection, property_id: UUID) -> str | None:
    """The source's raw record, as JSON text. For admins alone: the caller checks the right."""
    return await connection.value(str, Q.get_raw, {"id": property_id})


def to_media(view: ListingView) -> list[dict[str, object]]:
    """The photos and documents of a listing that the surface may see, in their order."""
    document: dict[str, object] = orjson.loads(view.document)
    return cast("list[dict[str, object]]", document["media"])


async def get_timeline(
    connection: ReadConnection, view: ListingView, surface: Surface, *, page: int, limit: int
) -> Timeline:
    """A page of a listing's changes. A public reader sees changes of public fields alone."""
    public = surface is Surface.PUBLIC
    fields = public_field_names(shows_address=view.row.shows_address) if public else frozenset[str]()
    params = {"id": view.row.id, "public": public, "words": sorted(fields)}
    changes = await find_numbered_page(connection, _CHANGES, PageNumber(page, limit), params)
    return Timeline([_to_entry(row, fields if public else None) for row in changes.rows], changes.total)


def _to_entry(row: dict[str, object], fields: frozenset[str] | None) -> TimelineEntry:
    changes = cast("Sequence[dict[str, object]]", row["changes"])
    return TimelineEntry(
        at=cast("datetime", row["at"]),
        kind=str(row["kind"]),
        changes=[change for change in changes if fields is None or change["field"] in fields],
        source=str(row["source"]) if fields is None else None,
        sync_id=cast("UUID | None", row["sync_id"]) if fields is None else None,
    )


async def _get(
    connection: ReadConnection, statement: Query, params: Mapping[str, object], surface: Surface, now: datetime
) -> ListingView:
    row = await connection.first(ListingRow, statement, params)
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
    text = complete_document(document, days=days, removed_at=row.removed_at, out_of_scope=row.out_of_scope)
    return ListingView(row, text, f"{row.id.hex}-{row.row_version}-{days}")


def _not_found() -> NotFound:
    return NotFound("there is no listing with this id", code="PROPERTY_NOT_FOUND")
