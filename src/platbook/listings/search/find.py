"""One page of a search: total, rows, cursor, facets."""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from platbook.base.errors import InvalidInput
from platbook.db import ReadConnection
from platbook.db.conditions import Conditions
from platbook.db.totals import BOUND, Count, Counted, count_all, count_up_to_bound, estimate
from platbook.listings.documents import complete_document
from platbook.listings.search.facets import FacetValue, find_facets
from platbook.listings.search.filters import DEEPEST_ROW, ListingSearch
from platbook.listings.search.keywords import correct_words, split_words
from platbook.listings.search.sorting import SORTS, SeekPosition, parse_cursor, to_cursor
from platbook.listings.search.statement import Window, Words, may_sort, to_conditions, to_page, to_valued

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Listings:
    """One page. `documents` are ready JSON texts.

    `version` changes whenever anything here does. It was true of the state `snapshot`, until `fresh_until`, when a
    listing's days on market grow.
    """

    documents: list[str]
    total: int | None
    total_is_estimate: bool
    next_cursor: str | None
    version: str
    snapshot: str | None
    fresh_until: datetime
    facets: dict[str, list[FacetValue]] = field(default_factory=dict[str, list[FacetValue]])


class _Row(NamedTuple):
    """A row as `to_page` gives it."""

    document: str
    listed: datetime | None
    off_market: datetime | None
    id: UUID
    version: str
    sort_value: object


@dataclass(frozen=True, slots=True)
class _Found:
    words: Words
    counted: Counted | None
    rows: list[_Row]

    @property
    def is_dense(self) -> bool:
        """Whether so many match that they are better met on a walk in the wanted order."""
        return self.counted is not None and self.counted.is_capped


def days_on_market(listed: datetime | None, off_market: datetime | None, now: datetime) -> int | None:
    """Whole days on the market, as documents tell them."""
    return None if listed is None else max(0, ((off_market or now) - listed).days)


async def find_listings(connection: ReadConnection, search: ListingSearch, now: datetime) -> Listings:
    """Find a page of listings. Errors: `InvalidInput` for what this surface may not ask, or a foreign cursor."""
    if not may_sort(search):
        raise InvalidInput.of("sortBy", "is not public")
    after = parse_cursor(search)
    then = after.now if after and search.sort == "daysOnMarket" else now
    found = await _find(connection, search, after, then)
    page = found.rows[: search.limit]
    cursor = (
        to_cursor(search, SeekPosition(page[-1].sort_value, page[-1].id, then)) if len(found.rows) > len(page) else None
    )
    total, is_estimate = await _total(connection, search, then, found)
    facets = await find_facets(connection, search, now, found.words) if search.facets else {}
    documents: list[str] = []
    # Not the cursor itself: it tells the moment it was made, and the rows say all the rest of it.
    marks: list[object] = [total, cursor is None, facets]
    fresh_until = now + _DAY
    for row in page:
        days = days_on_market(row.listed, row.off_market, now)
        documents.append(complete_document(row.document, days=days))
        marks += (row.id.int, row.version, days)
        if row.listed is not None and row.off_market is None:
            fresh_until = min(fresh_until, row.listed + _DAY * ((now - row.listed) // _DAY + 1))
    return Listings(
        documents=documents,
        total=total,
        total_is_estimate=is_estimate,
        next_cursor=cursor,
        version=hashlib.blake2b(repr(marks).encode(), digest_size=12).hexdigest(),
        # What is asked by days on market changes with the clock, whatever rows come out of it.
        snapshot=found.counted.snapshot if found.counted and not search.days_on_market else None,
        fresh_until=fresh_until,
        facets=facets,
    )


async def _find(connection: ReadConnection, search: ListingSearch, after: SeekPosition | None, now: datetime) -> _Found:
    """The page's rows and one more, and the bounded count of all."""
    words = split_words(search.keyword) if search.keyword else ()
    if search.is_narrowed or search.offset:
        # The count comes first: it decides how places and words are looked for, and how deep a page may lie.
        found = await _count(connection, search, words, now)
        if _is_behind_the_end(search, found.counted):
            return found
        conditions = to_conditions(search, now, found.words, dense=found.is_dense)
        window = Window(search.limit + 1, search.offset, after, dense=found.is_dense)
        rows, _ = await _rows(connection, search, conditions, window)
        return replace(found, rows=rows)
    conditions = to_conditions(search, now)
    bound = None if search.count is Count.NONE else BOUND
    rows, counted = await _rows(connection, search, conditions, Window(search.limit + 1, 0, after, counted=bound))
    if counted is None and bound is not None:
        counted = await count_up_to_bound(connection, conditions)
    return _Found(words, counted, rows)


async def _count(connection: ReadConnection, search: ListingSearch, words: Words, now: datetime) -> _Found:
    counted = await count_up_to_bound(connection, to_conditions(search, now, words))
    if words and not counted.rows:
        corrected = await correct_words(connection, words, search.surface)
        if corrected != list(words):
            words = corrected
            counted = await count_up_to_bound(connection, to_conditions(search, now, words))
    return _Found(words, counted, [])


def _is_behind_the_end(search: ListingSearch, counted: Counted | None) -> bool:
    if counted is None:
        return False
    if not counted.is_capped:
        return search.offset >= counted.rows
    if search.offset > DEEPEST_ROW:
        raise InvalidInput.of("page", f"reaches {DEEPEST_ROW} rows deep; cursor goes deeper")
    return False


async def _rows(
    connection: ReadConnection, search: ListingSearch, conditions: Conditions, window: Window
) -> tuple[list[_Row], Counted | None]:
    """The window's rows out of the segment with values and then the one without, and the count if a row carried it."""
    rows: list[_Row] = []
    counted: Counted | None = None
    rest = window
    if window.after is None or window.after.value is not None:
        rows, counted = await _segment(connection, search, conditions, window)
        rest = replace(window, after=None, counted=None if counted else window.counted)
    if len(rows) == window.limit or not SORTS[search.sort].nullable:
        return rows, counted
    offset = 0
    if search.offset and not rows:
        offset = max(0, search.offset - await _count_valued(connection, search, conditions))
    rest = replace(rest, limit=window.limit - len(rows), offset=offset, valued=False)
    more, late = await _segment(connection, search, conditions, rest)
    return rows + more, counted or late


async def _segment(
    connection: ReadConnection, search: ListingSearch, conditions: Conditions, window: Window
) -> tuple[list[_Row], Counted | None]:
    statement, params = to_page(search, conditions, window)
    found = await connection.tuples(statement, params)
    if window.counted is None or not found:
        return [_Row(*row) for row in found], None  # pyright: ignore[reportArgumentType] - the statement's columns in their order
    matches, snapshot = found[0][-2:]
    return [_Row(*row[:-2]) for row in found], Counted(matches, snapshot)  # pyright: ignore[reportArgumentType] - as above


async def _count_valued(connection: ReadConnection, search: ListingSearch, conditions: Conditions) -> int:
    valued = Conditions(conditions.table, [*conditions.parts, to_valued(search)], conditions.params)
    return (await count_all(connection, valued)).rows


async def _total(
    connection: ReadConnection, search: ListingSearch, now: datetime, found: _Found
) -> tuple[int | None, bool]:
    if search.count is Count.NONE or found.counted is None:
        return None, False
    if not found.counted.is_capped:
        return found.counted.rows, False
    if search.count is Count.EXACT:
        return (await count_all(connection, to_conditions(search, now, found.words, dense=True))).rows, False
    return await estimate(connection, to_conditions(search, now, found.words, dense=True)), True
