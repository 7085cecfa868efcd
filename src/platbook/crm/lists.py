"""One page of a list of leads, tasks or interactions: rows, total, and where the next page begins.

Totals as everywhere: exact up to a bound, an estimate above. Pages by number, or for depth by cursor.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import InvalidOperation
from functools import lru_cache
from typing import Generic, LiteralString, TypeVar
from uuid import UUID

from platbook.base.errors import InvalidInput
from platbook.db import Query, ReadConnection, keyset
from platbook.db.compose import SQL, Composable, Literal, to_statement, to_text
from platbook.db.conditions import KEPT, Conditions
from platbook.db.totals import Count, Counted, count_all, count_up_to_bound, estimate

T = TypeVar("T")

MOST_ROWS = 100
DEEPEST_ROW = 100_000
_FOREIGN = "is not of this list in this order"


@dataclass(frozen=True, slots=True)
class Sort(Generic[T]):
    """One order. Its expression is never null, so that a page is one walk of an index."""

    expression: SQL
    sql_type: SQL
    of: Callable[[T], object]
    read: Callable[[str], object]
    descending: bool = True


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page is wanted. `descending` None: as the order goes by itself. Errors: InvalidInput."""

    sort: str
    descending: bool | None = None
    page: int = 1
    limit: int = 20
    cursor: str | None = None
    count: Count = Count.ESTIMATE

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MOST_ROWS:
            raise InvalidInput.of("limit", f"must be 1 to {MOST_ROWS}")
        if self.page < 1:
            raise InvalidInput.of("page", "must be 1 or more")
        if self.cursor and self.page != 1:
            raise InvalidInput.of("cursor", "goes without page")
        if self.offset > DEEPEST_ROW:
            raise InvalidInput.of("page", f"reaches {DEEPEST_ROW} rows deep; cursor goes deeper")

    @property
    def offset(self) -> int:
        """How many rows come before this page."""
        return (self.page - 1) * self.limit


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page; `total` None: it was not asked for."""

    rows: list[T]
    total: int | None
    total_is_estimate: bool
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Source(Generic[T]):
    """What a list is read from: its columns, what a row becomes, and its orders by the API's word.

    `natural`: the order in which the indexes of owners, offices, teams and tags stand. `gathered`: up to so many
    matches are found all and then sorted; of more, the first are met soon on a walk in their order.
    """

    into: type[T]
    columns: Composable
    sorts: Mapping[str, Sort[T]]
    id_of: Callable[[T], UUID]
    natural: str
    gathered: int = 3_000


async def find_page(
    connection: ReadConnection,
    source: Source[T],
    conditions: Conditions,
    paging: Paging,
    *,
    narrow: bool = False,
    counted_by: Conditions | None = None,
) -> Page[T]:
    """Find a page. `narrow`: it may be that few rows match, by an index that does not sort them.

    `counted_by`: conditions that as many rows match and that are cheaper to count. Errors: InvalidInput for an unknown
    order or a foreign cursor.
    """
    if paging.sort not in source.sorts:
        raise InvalidInput.of("sortBy", f"must be of {', '.join(source.sorts)}")
    after = _read_cursor(source, paging)
    counted: Counted | None = None
    if paging.count is not Count.NONE or narrow:
        counted = await count_up_to_bound(connection, counted_by or conditions)
    rows: list[T] = []
    if counted is None or counted.is_capped or paging.offset < counted.rows:
        few = narrow and counted is not None and counted.rows <= source.gathered
        statement, params = to_page(source, conditions, paging, after, few=few)
        rows = await connection.all(source.into, statement, params)
    page = rows[: paging.limit]
    cursor = _to_cursor(source, paging, page[-1]) if len(rows) > len(page) else None
    if paging.count is Count.NONE or counted is None:
        return Page(page, None, total_is_estimate=False, next_cursor=cursor)
    if not counted.is_capped:
        return Page(page, counted.rows, total_is_estimate=False, next_cursor=cursor)
    if paging.count is Count.EXACT:
        return Page(
            page,
            (await count_all(connection, counted_by or conditions)).rows,
            total_is_estimate=False,
            next_cursor=cursor,
        )
    return Page(page, await estimate(connection, conditions), total_is_estimate=True, next_cursor=cursor)


def to_page(
    source: Source[T],
    conditions: Conditions,
    paging: Paging,
    after: tuple[object, UUID] | None = None,
    *,
    few: bool = False,
) -> tuple[Query, dict[str, object]]:
    """The statement of a page and of one row more, with its parameters. `few`: few rows match."""
    sort, params = source.sorts[paging.sort], dict(conditions.params)
    if after is not None:
        params["after"], params["after_id"] = after
    branches = [conditions.where] if few or paging.sort != source.natural else conditions.branches
    window = _Window(
        to_text(sort.expression),
        to_text(sort.sql_type),
        is_descending=_is_descending(source, paging),
        goes_on=after is not None,
        gathers=few,
        limit=paging.limit + 1,
        offset=paging.offset,
    )
    texts = tuple(map(to_text, branches))
    return _compose_page(to_text(conditions.table), to_text(source.columns), texts, window), params


@dataclass(frozen=True, slots=True)
class _Window:
    """What else decides the form of a page. `gathers`: few rows match, which are found first, then sorted."""

    expression: LiteralString
    sql_type: LiteralString
    is_descending: bool
    goes_on: bool
    gathers: bool
    limit: int
    offset: int


@lru_cache(KEPT)
def _compose_page(
    table: LiteralString, columns: LiteralString, branches: tuple[LiteralString, ...], window: _Window
) -> Query:
    direction = SQL("DESC") if window.is_descending else SQL("ASC")
    order = SQL("ORDER BY {} {}, id {}").format(SQL(window.expression), direction, direction)
    part = SQL("LIMIT {} OFFSET {}").format(Literal(window.limit), Literal(window.offset))
    found = [_go_on(SQL(where), window) for where in branches]
    if len(found) > 1:
        # Each alternative walks its own index in order, as far as the page may need it.
        form = SQL("(SELECT * FROM {} WHERE {} {} LIMIT {})")
        reach = Literal(window.offset + window.limit)
        source = SQL("({}) AS found").format(
            SQL(" UNION ALL ").join(form.format(SQL(table), where, order, reach) for where in found)
        )
    elif window.gathers:
        # OFFSET 0 keeps the planner from walking a sorted index in the hope of meeting the few rows that match. What is
        # sorted is their places alone, which an index may know.
        form = SQL("{} WHERE id IN (SELECT id FROM (SELECT id, {} FROM {} WHERE {} OFFSET 0) AS found {} {})")
        source = form.format(SQL(table), SQL(window.expression), SQL(table), found[0], order, part)
        part = SQL("")
    else:
        source = SQL("{} WHERE {}").format(SQL(table), found[0])
    return to_statement("page", SQL("SELECT {} FROM {} {} {}").format(SQL(columns), source, order, part))


def _go_on(where: Composable, window: _Window) -> Composable:
    if not window.goes_on:
        return where
    sign = SQL("<") if window.is_descending else SQL(">")
    beyond = SQL("{} AND ({}, id) {} (CAST(%(after)s AS {}), %(after_id)s::uuid)")
    return beyond.format(where, SQL(window.expression), sign, SQL(window.sql_type))


def _to_cursor(source: Source[T], paging: Paging, row: T) -> str:
    return keyset.pack([_order(source, paging), keyset.to_text(source.sorts[paging.sort].of(row)), source.id_of(row)])


def _read_cursor(source: Source[T], paging: Paging) -> tuple[object, UUID] | None:
    if paging.cursor is None:
        return None
    try:
        order, value, row = keyset.unpack(paging.cursor)
        place = source.sorts[paging.sort].read(str(value)), UUID(str(row))
    except (ValueError, TypeError, InvalidOperation, OverflowError) as error:
        raise InvalidInput.of("cursor", _FOREIGN) from error
    if order != _order(source, paging):
        raise InvalidInput.of("cursor", _FOREIGN)
    return place


def _order(source: Source[T], paging: Paging) -> str:
    return f"{paging.sort}{'-' if _is_descending(source, paging) else '+'}"


def _is_descending(source: Source[T], paging: Paging) -> bool:
    return source.sorts[paging.sort].descending if paging.descending is None else paging.descending
