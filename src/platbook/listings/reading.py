"""Reading one listing: its document, photos, timeline, and what the source said."""

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
from platbook.listings.documents import finish, public_words
from platbook.listings.search.find import days_on_market

Q = load_queries("platbook.listings.search")

_CHANGES = NumberedSource(dict[str, object], Q.find_changes, ("at",), descending=True)


@dataclass(frozen=True, slots=True)
class ListingRow:
    """A listing's row as reading needs it. `row_version` changes with every change of the row."""

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
    visible: bool
    row_version: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One listing as a surface sees it. `version` changes whenever `document` does."""

    row: ListingRow
    document: str
    version: str


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One change; `source` and `sync_id` are None for a public reader."""

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


async def get_listing(connection: ReadConnection, property_id: UUID, surface: Surface, now: datetime) -> Reading:
    """One listing by our id. Errors: `NotFound`; `Gone` where staff asks for an erased one."""
    return await _get(connection, Q.get_listing, {"id": property_id}, surface, now)


async def get_listing_by_key(
    connection: ReadConnection, provider_id: str, listing_key: str, surface: Surface, now: datetime
) -> Reading:
    """One listing by its provider and the source's key. Errors: as `get_listing`."""
    params = {"provider_id": provider_id, "listing_key": listing_key}
    return await _get(connection, Q.get_listing_by_key, params, surface, now)


async def get_raw(connection: ReadConnection, property_id: UUID) -> str | None:
    """What the source said, as JSON text. For admins alone; the caller sees to it."""
    return await connection.value(str, Q.get_raw, {"id": property_id})


def to_media(reading: Reading) -> list[dict[str, object]]:
    """The photos and documents a reading shows, in their order."""
    document: dict[str, object] = orjson.loads(reading.document)
    return cast("list[dict[str, object]]", document["media"])


async def get_timeline(
    connection: ReadConnection, reading: Reading, surface: Surface, *, page: int, limit: int
) -> Timeline:
    """A page of a listing's changes. A public reader is told of public fields alone."""
    public = surface is Surface.PUBLIC
    words = public_words(shows_place=reading.row.shows_address) if public else frozenset[str]()
    params = {"id": reading.row.id, "public": public, "words": sorted(words)}
    changes = await find_numbered_page(connection, _CHANGES, PageNumber(page, limit), params)
    return Timeline([_entry(row, words if public else None) for row in changes.rows], changes.total)


def _entry(row: dict[str, object], words: frozenset[str] | None) -> TimelineEntry:
    changes = cast("Sequence[dict[str, object]]", row["changes"])
    return TimelineEntry(
        at=cast("datetime", row["at"]),
        kind=str(row["kind"]),
        changes=[change for change in changes if words is None or change["field"] in words],
        source=str(row["source"]) if words is None else None,
        sync_id=cast("UUID | None", row["sync_id"]) if words is None else None,
    )


async def _get(
    connection: ReadConnection, statement: Query, params: Mapping[str, object], surface: Surface, now: datetime
) -> Reading:
    row = await connection.first(ListingRow, statement, params)
    if row is None or row.hidden:
        raise _not_found()
    if row.erased and surface is Surface.INTERNAL:
        raise Gone("this listing was erased")
    document = row.internal_document
    if surface is Surface.PUBLIC:
        document = row.public_document if row.visible else None
    if document is None:
        raise _not_found()
    days = days_on_market(row.listed_at, row.off_market_at, now)
    text = finish(document, days=days, removed=row.removed_at, out_of_scope=row.out_of_scope)
    return Reading(row, text, f"{row.id.hex}-{row.row_version}-{days}")


def _not_found() -> NotFound:
    return NotFound("there is no such listing", code="PROPERTY_NOT_FOUND")
