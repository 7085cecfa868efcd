"""One page of a search: total, rows, cursor, facets."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from platbook.base.errors import InvalidInput
from platbook.db import ReadConnection
from platbook.db.conditions import Conditions
from platbook.db.totals import Count, Counted, count_all, count_up_to_bound, estimate
from platbook.listings.documents import finish
from platbook.listings.search.facets import FacetValue, find_facets
from platbook.listings.search.filters import DEEPEST_ROW, Search
from platbook.listings.search.keywords import correct_words, split_words
from platbook.listings.search.sorting import SORTS, Place, parse_cursor, to_cursor
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


@dataclass(frozen=True, slots=True)
class _Row:
    id: UUID
    document: str
    listed: datetime | None
    off_market: datetime | None
    version: str
    sort_value: object

    def days(self, now: datetime) -> int | None:
        return days_on_market(self.listed, self.off_market, now)

    def days_hold_until(self, now: datetime) -> datetime:
        if self.listed is None or self.off_market is not None:
            return now + _DAY
        return self.listed + _DAY * (((now - self.listed) // _DAY) + 1)


@dataclass(frozen=True, slots=True)
class _Found:
    words: Words
    counted: Counted | None
    dense: bool


def days_on_market(listed: datetime | None, off_market: datetime | None, now: datetime) -> int | None:
    """Whole days on the market, as documents tell them."""
    return None if listed is None else max(0, ((off_market or now) - listed).days)


async def find_listings(connection: ReadConnection, search: Search, now: datetime) -> Listings:
    """Find a page of listings. Errors: `InvalidInput` for what this surface may not ask, or a foreign cursor."""
    if not may_sort(search):
        raise InvalidInput.of("sortBy", "is not public")
    after = parse_cursor(search)
    then = after.now if after and search.sort == "daysOnMarket" else now
    found = await _count(connection, search, then)
    rows: list[_Row] = []
    if not _is_behind_the_end(search, found.counted):
        conditions = to_conditions(search, then, found.words, dense=found.dense)
        rows = await _rows(connection, search, conditions, after, dense=found.dense)
    page = rows[: search.limit]
    cursor = to_cursor(search, Place(page[-1].sort_value, page[-1].id, then)) if len(rows) > len(page) else None
    total, is_estimate = await _total(connection, search, then, found)
    facets = await find_facets(connection, search, now, found.words) if search.facets else {}
    # Not the cursor itself: it tells the moment it was made, and the rows say all the rest of it.
    marks = [total, cursor is None, facets, *((row.id.hex, row.version, row.days(now)) for row in page)]
    return Listings(
        documents=[finish(row.document, now=now, listed=row.listed, off_market=row.off_market) for row in page],
        total=total,
        total_is_estimate=is_estimate,
        next_cursor=cursor,
        version=hashlib.blake2b(repr(marks).encode(), digest_size=12).hexdigest(),
        # What is asked by days on market changes with the clock, whatever rows come out of it.
        snapshot=found.counted.snapshot if found.counted and not search.days_on_market else None,
        fresh_until=min((row.days_hold_until(now) for row in page), default=now + _DAY),
        facets=facets,
    )


async def _count(connection: ReadConnection, search: Search, now: datetime) -> _Found:
    words = split_words(search.keyword) if search.keyword else ()
    # Places and words need the bounded count also where no total is told: it decides how they are looked for.
    if search.count is Count.NONE and not search.is_narrowed and not search.offset:
        return _Found(words, None, dense=False)
    counted = await count_up_to_bound(connection, to_conditions(search, now, words))
    if words and not counted.rows:
        corrected = await correct_words(connection, words, search.surface)
        if corrected != list(words):
            words = corrected
            counted = await count_up_to_bound(connection, to_conditions(search, now, words))
    return _Found(words, counted, dense=counted.is_capped)


def _is_behind_the_end(search: Search, counted: Counted | None) -> bool:
    if counted is None:
        return False
    if not counted.is_capped:
        return search.offset >= counted.rows
    if search.offset > DEEPEST_ROW:
        raise InvalidInput.of("page", f"reaches {DEEPEST_ROW} rows deep; cursor goes deeper")
    return False


async def _rows(
    connection: ReadConnection, search: Search, conditions: Conditions, after: Place | None, *, dense: bool
) -> list[_Row]:
    """The page's rows and one more, out of the segment with values and then the one without."""
    wanted = search.limit + 1
    rows: list[_Row] = []
    if after is None or after.value is not None:
        window = Window(wanted, search.offset, after, dense=dense)
        rows = await _segment(connection, search, conditions, window)
        after = None
    if len(rows) == wanted or not SORTS[search.sort].nullable:
        return rows
    offset = 0
    if search.offset and not rows:
        offset = max(0, search.offset - await _count_valued(connection, search, conditions))
    window = Window(wanted - len(rows), offset, after, valued=False, dense=dense)
    return rows + await _segment(connection, search, conditions, window)


async def _segment(connection: ReadConnection, search: Search, conditions: Conditions, window: Window) -> list[_Row]:
    statement, params = to_page(search, conditions, window)
    rows = await connection.tuples(statement, params)
    return [_Row(*row) for row in rows]  # pyright: ignore[reportArgumentType] - the statement's columns in their order


async def _count_valued(connection: ReadConnection, search: Search, conditions: Conditions) -> int:
    valued = Conditions(conditions.table, [*conditions.parts, to_valued(search)], conditions.params)
    return (await count_all(connection, valued)).rows


async def _total(connection: ReadConnection, search: Search, now: datetime, found: _Found) -> tuple[int | None, bool]:
    if search.count is Count.NONE or found.counted is None:
        return None, False
    if not found.counted.is_capped:
        return found.counted.rows, False
    if search.count is Count.EXACT:
        return (await count_all(connection, to_conditions(search, now, found.words, dense=True))).rows, False
    return await estimate(connection, to_conditions(search, now, found.words, dense=True)), True
