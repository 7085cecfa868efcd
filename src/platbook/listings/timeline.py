"""Reads a listing's timeline: a page of its changes, the newest first, by page number or by cursor (keyset pagination).

The order is of one clock: when a change happened by the source, else when it was recorded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from platbook.base.actor import Surface
from platbook.db import ReadConnection
from platbook.db.compose import SQL, Identifier
from platbook.db.lists import Conditions, Count, ListSource, Paging, Sort, find_page, timestamp_key
from platbook.listings.display import find_shown_fields
from platbook.listings.documents import to_field_names
from platbook.listings.reading import ListingView

_CHANGES = Identifier("listing_changes")
_PUBLIC_KINDS = SQL(
    "(kind IN ('listed', 'removed', 'returned') OR EXISTS (SELECT FROM jsonb_array_elements(changes) AS change"
    " WHERE change ->> 'field' = ANY(%(fields)s::text[])))"
)
_VISIBILITY: Mapping[str, tuple[bool, bool]] = MappingProxyType(
    {"removed": (True, False), "out_of_scope": (True, False), "returned": (False, True)}
)
"""Whether lists showed the listing before and after a change of these kinds."""


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One change of a listing; `source` and `sync_id` are None for a public reader."""

    at: datetime
    recorded_at: datetime
    kind: str
    changes: Sequence[Mapping[str, object]]
    source: str | None
    sync_id: UUID | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """One page of a listing's changes, the newest first."""

    entries: list[TimelineEntry]
    total: int
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class _Row:
    id: UUID
    at: datetime
    recorded_at: datetime
    kind: str
    changes: list[dict[str, object]]
    source: str
    sync_id: UUID | None


def _at(row: _Row) -> datetime:
    return row.at


TIMELINE = ListSource(
    name="timeline",
    row_type=_Row,
    columns=SQL("id, at, recorded_at, kind, changes, source, sync_id"),
    sorts={"at": Sort(timestamp_key("at"), _at)},
    id_of=lambda row: row.id,
    indexed_sort="at",
)
"""The list of one listing's changes."""


async def get_timeline(
    connection: ReadConnection,
    view: ListingView,
    surface: Surface,
    *,
    page: int = 1,
    limit: int = 20,
    cursor: str | None = None,
) -> Timeline:
    """A page of a listing's changes. A public reader sees changes of public fields alone. Errors: `InvalidInput`."""
    fields = None
    if surface is Surface.PUBLIC:
        shown = find_shown_fields(view.row.hidden_fields or (), shows_address=view.row.shows_address)
        fields = to_field_names(shown)
    conditions = to_timeline_conditions(view.row.id, fields)
    paging = Paging("at", page=page, limit=limit, cursor=cursor, count=Count.EXACT)
    found = await find_page(connection, TIMELINE, conditions, paging)
    return Timeline([_to_entry(row, fields) for row in found.rows], found.total or 0, found.next_cursor)


def to_timeline_conditions(property_id: UUID, fields: frozenset[str] | None) -> Conditions:
    """The changes of one listing; of `fields` alone, unless that is None."""
    conditions = Conditions(_CHANGES)
    conditions.text("property_id = %(property_id)s", property_id=property_id)
    if fields is not None:
        conditions.add(_PUBLIC_KINDS, fields=sorted(fields))
    return conditions


def _to_entry(row: _Row, fields: frozenset[str] | None) -> TimelineEntry:
    changes = [change for change in row.changes if fields is None or change["field"] in fields]
    if not changes and row.kind in _VISIBILITY:
        before, after = _VISIBILITY[row.kind]
        changes = [{"field": "visible", "from": before, "to": after}]
    return TimelineEntry(
        at=row.at,
        recorded_at=row.recorded_at,
        kind=row.kind,
        changes=changes,
        source=row.source if fields is None else None,
        sync_id=row.sync_id if fields is None else None,
    )
