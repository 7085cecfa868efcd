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
from platbook.listings.public_history import PublicHistory, get_public_history
from platbook.listings.reading import ListingView

_CHANGES = Identifier("listing_changes")
_PUBLIC_KINDS = SQL(
    "(kind IN ('listed', 'removed', 'returned') OR EXISTS (SELECT FROM jsonb_array_elements(changes) AS change"
    " WHERE change ->> 'field' = ANY(%(fields)s::text[])))"
)
_PUBLIC_PERIODS = SQL(
    "EXISTS (SELECT FROM unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS public (since, until)"
    " WHERE (since IS NULL OR at >= since) AND (until IS NULL OR at < until))"
)
_VISIBILITY: Mapping[str, tuple[bool, bool]] = MappingProxyType(
    {
        "listed": (False, True),
        "removed": (True, False),
        "out_of_scope": (True, False),
        "returned": (False, True),
    }
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
    """A page of a listing's changes; a public reader sees what `public_history` says. Errors: `InvalidInput`."""
    history = await get_public_history(connection, view.row) if surface is Surface.PUBLIC else None
    conditions = to_timeline_conditions(view.row.id, history)
    paging = Paging("at", page=page, limit=limit, cursor=cursor, count=Count.EXACT)
    found = await find_page(connection, TIMELINE, conditions, paging)
    return Timeline([_to_entry(row, history) for row in found.rows], found.total or 0, found.next_cursor)


def to_timeline_conditions(property_id: UUID, history: PublicHistory | None) -> Conditions:
    """The changes of one listing; what a public timeline shows of them, unless `history` is None."""
    conditions = Conditions(_CHANGES)
    conditions.text("property_id = %(property_id)s", property_id=property_id)
    if history is None:
        return conditions
    conditions.add(_PUBLIC_KINDS, fields=sorted(history.fields))
    if history.left_out:
        conditions.text("kind <> ALL(%(left_out)s)", left_out=sorted(history.left_out))
    if history.periods is not None:
        starts, ends = ([getattr(one, side) for one in history.periods] for side in ("start", "end"))
        conditions.add(_PUBLIC_PERIODS, starts=starts, ends=ends)
    return conditions


def _to_entry(row: _Row, history: PublicHistory | None) -> TimelineEntry:
    changes: Sequence[Mapping[str, object]] = row.changes
    if history is not None:
        changes = [change for change in changes if change["field"] in history.fields]
        if history.begins_at(row.at):
            changes = [{**change, "from": None} for change in changes]
    if not changes and row.kind in _VISIBILITY:
        before, after = _VISIBILITY[row.kind]
        changes = [{"field": "visible", "from": before, "to": after}]
    return TimelineEntry(
        at=row.at,
        recorded_at=row.recorded_at,
        kind=row.kind,
        changes=changes,
        source=row.source if history is None else None,
        sync_id=row.sync_id if history is None else None,
    )
