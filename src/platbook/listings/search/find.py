"""One page of a listing search: rows, total, cursor, facets."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from platbook.base.errors import InvalidInput
from platbook.db import ReadConnection
from platbook.db.lists import (
    COUNT_BOUND,
    Conditions,
    Count,
    CursorPosition,
    ListPage,
    MatchCount,
    Total,
    check_depth,
    count_all,
    count_bounded,
    cut_page,
    find_total,
)
from platbook.listings.documents import complete_document, to_reading_fields
from platbook.listings.search.closed_lists import resolve_values
from platbook.listings.search.columns import SearchView
from platbook.listings.search.facets import FacetValue, find_facets
from platbook.listings.search.filters import ListingSearch
from platbook.listings.search.keywords import correct_keywords
from platbook.listings.search.query_words import Keywords, split_keywords
from platbook.listings.search.sorting import can_sort, parse_cursor, to_cursor, to_order
from platbook.listings.search.statement import Window, to_conditions, to_page
from platbook.listings.search.views import get_view

_DAY = timedelta(days=1)


class ListedDocument(NamedTuple):
    """A listing of a page: its id, its row's version, its stored document, and the fields of this reading (JSON).

    The document is the same as long as the version is; the fields are not.
    """

    id: UUID
    version: str
    document: str
    reading_fields: str

    @property
    def text(self) -> str:
        """The whole listing as JSON."""
        return complete_document(self.document, self.reading_fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listings(ListPage[ListedDocument]):
    """One page of listings.

    `version` changes whenever anything here does. It was computed on the database snapshot `snapshot`, and holds until
    `fresh_until`, when a listing's days on market grow.
    """

    version: str
    snapshot: str | None
    fresh_until: datetime
    facets: dict[str, list[FacetValue]] = field(default_factory=dict[str, list[FacetValue]])


class _Row(NamedTuple):
    """A row as `to_page` selects it; without times where they are hidden."""

    document: str
    listed: datetime | None
    off_market: datetime | None
    id: UUID
    version: str
    sort_value: object
    distance: float | None


@dataclass(frozen=True, slots=True)
class _Matches:
    """The conditions a page was read by, its rows and one more, and the bounded count of all matches."""

    conditions: Conditions
    keywords: Keywords
    count: MatchCount | None
    rows: list[_Row]


def days_on_market(listed: datetime | None, off_market: datetime | None, now: datetime) -> int | None:
    """Whole days on the market, as documents show them."""
    return None if listed is None else max(0, ((off_market or now) - listed).days)


async def find_listings(connection: ReadConnection, search: ListingSearch, now: datetime) -> Listings:
    """Find a page of listings.

    Errors: `InvalidInput` for a filter this surface may not use, a value that no list has, or a foreign cursor.
    """
    if not can_sort(search):
        raise InvalidInput.of("sortBy", "is not public")
    after = parse_cursor(search)
    view = await get_view(connection, search.surface, now)
    search = await resolve_values(connection, search, view)
    # Days on market grow between two pages; they are compared as they were when the first page was read.
    then = after.time or now if after and search.sort == "daysOnMarket" else now
    view = replace(view, days_until=then)
    matches = await _find(connection, search, view, after)
    page, has_next = cut_page(matches.rows, search.limit)
    cursor = to_cursor(search, CursorPosition(page[-1].sort_value, page[-1].id, then)) if has_next else None
    total = await find_total(connection, search.count, matches.count, matches.conditions)
    facets = await find_facets(connection, search, view, matches.keywords) if search.facets else {}
    return _to_listings(search, page, cursor, total, facets, matches.count, now)


def _to_listings(
    search: ListingSearch,
    page: Sequence[_Row],
    cursor: str | None,
    total: Total,
    facets: dict[str, list[FacetValue]],
    count: MatchCount | None,
    now: datetime,
) -> Listings:
    documents: list[ListedDocument] = []
    # Not the cursor itself: it holds the time it was made, and the rows determine the rest of it.
    marks: list[object] = [total.rows, cursor is None, facets, search.fields]
    fresh_until = now + _DAY
    for row in page:
        days = days_on_market(row.listed, row.off_market, now)
        reading_fields = to_reading_fields(days=days, distance=row.distance)
        documents.append(ListedDocument(row.id, row.version, row.document, reading_fields))
        marks += (row.id.int, row.version, days)
        if row.listed is not None and row.off_market is None:
            fresh_until = min(fresh_until, row.listed + _DAY * ((now - row.listed) // _DAY + 1))
    return Listings(
        rows=documents,
        total=total.rows,
        total_is_estimate=total.is_estimate,
        next_cursor=cursor,
        version=hashlib.blake2b(repr(marks).encode(), digest_size=12).hexdigest(),
        # A filter by days on market changes its matches with the clock, whatever rows come out of it.
        snapshot=count.snapshot if count and not search.days_on_market else None,
        fresh_until=fresh_until,
        facets=facets,
    )


async def _find(
    connection: ReadConnection, search: ListingSearch, view: SearchView, after: CursorPosition | None
) -> _Matches:
    """The page's rows and one more, and the bounded count of all."""
    order = to_order(search, view)
    if search.is_narrowed or search.offset:
        # The count comes first: it decides how areas and keywords are looked up, and how deep a page may lie.
        keywords, count = await count_matches(connection, search, view)
        conditions = to_conditions(search, view, keywords, dense=count.is_capped)
        if _is_past_end(search, count):
            return _Matches(conditions, keywords, count, [])
        window = Window(order, search.limit + 1, search.offset, after, dense=count.is_capped)
        rows, _ = await _read_rows(connection, search, view, conditions, window)
        return _Matches(conditions, keywords, count, rows)
    conditions = to_conditions(search, view)
    bound = None if search.count is Count.NONE else COUNT_BOUND
    window = Window(order, search.limit + 1, 0, after, count_bound=bound)
    rows, row_count = await _read_rows(connection, search, view, conditions, window)
    if row_count is None and bound is not None:
        row_count = await count_bounded(connection, conditions)
    return _Matches(conditions, (), row_count, rows)


async def count_matches(
    connection: ReadConnection, search: ListingSearch, view: SearchView
) -> tuple[Keywords, MatchCount]:
    """The keywords of a search, corrected where nothing matches, and the bounded count of its matches."""
    keywords = split_keywords(search.keyword) if search.keyword else ()
    count = await count_bounded(connection, to_conditions(search, view, keywords))
    if keywords and not count.rows:
        corrected = await correct_keywords(connection, keywords, view)
        if corrected != list(keywords):
            return corrected, await count_bounded(connection, to_conditions(search, view, corrected))
    return keywords, count


def _is_past_end(search: ListingSearch, count: MatchCount) -> bool:
    if not count.is_capped:
        return search.offset >= count.rows
    check_depth(search.offset)
    return False


async def _read_rows(
    connection: ReadConnection, search: ListingSearch, view: SearchView, conditions: Conditions, window: Window
) -> tuple[list[_Row], MatchCount | None]:
    """The window's rows out of the segment with values, then the one without; and the count if a row carried it."""
    rows: list[_Row] = []
    count: MatchCount | None = None
    rest = window
    if window.after is None or window.after.value is not None:
        rows, count = await _read_segment(connection, search, view, conditions, window)
        rest = replace(window, after=None, count_bound=None if count else window.count_bound)
    if len(rows) == window.limit or not window.order.key.nullable:
        return rows, count
    offset = 0
    if search.offset and not rows:
        offset = max(0, search.offset - await _count_segment(connection, conditions, window))
    without_value = replace(window.order, has_value=False)
    rest = replace(rest, order=without_value, limit=window.limit - len(rows), offset=offset)
    more, late_count = await _read_segment(connection, search, view, conditions, rest)
    return rows + more, count or late_count


async def _read_segment(
    connection: ReadConnection, search: ListingSearch, view: SearchView, conditions: Conditions, window: Window
) -> tuple[list[_Row], MatchCount | None]:
    statement, params = to_page(search, view, conditions, window)
    rows = await connection.tuples(statement, params)
    if window.count_bound is None or not rows:
        return [_Row(*row) for row in rows], None  # pyright: ignore[reportArgumentType] - the statement's columns in their order
    matches, snapshot = rows[0][-2:]
    return [_Row(*row[:-2]) for row in rows], MatchCount(matches, snapshot)  # pyright: ignore[reportArgumentType] - as above


async def _count_segment(connection: ReadConnection, conditions: Conditions, window: Window) -> int:
    segment = window.order.in_segment()
    parts = [*conditions.parts, *([] if segment is None else [segment])]
    return (await count_all(connection, Conditions(conditions.table, parts, conditions.params))).rows
