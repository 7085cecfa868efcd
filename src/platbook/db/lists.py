"""One page of a list of leads, tasks or interactions: rows, total, and where the next page begins.

Totals as everywhere: exact up to a bound, an estimate above. Pages by number, or for depth by cursor.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import InvalidOperation
from functools import lru_cache
from typing import Generic, LiteralString, TypeVar, cast
from uuid import UUID

from platbook.base.errors import InvalidInput
from platbook.db import Query, ReadConnection, keyset
from platbook.db.compose import SQL, Composable, Literal, to_statement, to_text
from platbook.db.conditions import KEPT, Conditions
from platbook.db.totals import BOUND, EXACT_UP_TO, Count, Counted, count_all, count_up_to_bound, estimate

T = TypeVar("T")

MOST_ROWS = 100
DEEPEST_ROW = 100_000
GATHERED = 3_000
"""Where counting is cheap, up to so many matches are found all and then sorted; of more, the first are soon met in
their order."""
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

    `natural`: the order in which the indexes of owners, offices, teams and tags stand.
    """

    into: type[T]
    columns: Composable
    sorts: Mapping[str, Sort[T]]
    id_of: Callable[[T], UUID]
    natural: str


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
    rows: list[T] | None = None
    if narrow and counted_by is None:
        counted, rows = await _gather(connection, source, conditions, paging, after)
    elif paging.count is not Count.NONE or narrow:
        counted = await count_up_to_bound(connection, counted_by or conditions)
        if narrow and counted.rows <= GATHERED:
            _, rows = await _gather(connection, source, conditions, paging, after)
    if rows is None:
        is_behind_the_end = counted is not None and not counted.is_capped and paging.offset >= counted.rows
        walk = to_page(source, conditions, paging, after)
        rows = [] if is_behind_the_end else await connection.all(source.into, *walk)
    page = rows[: paging.limit]
    cursor = _to_cursor(source, paging, page[-1]) if len(rows) > len(page) else None
    total, is_estimate = await _total(connection, conditions, paging, counted, counted_by or conditions)
    return Page(page, total, total_is_estimate=is_estimate, next_cursor=cursor)


async def _total(
    connection: ReadConnection,
    conditions: Conditions,
    paging: Paging,
    counted: Counted | None,
    counted_by: Conditions,
) -> tuple[int | None, bool]:
    """The total as it was asked for, and whether it is an estimate."""
    if paging.count is Count.NONE or counted is None:
        return None, False
    if not counted.is_capped:
        return counted.rows, False
    if paging.count is Count.EXACT:
        return (await count_all(connection, counted_by)).rows, False
    return await estimate(connection, conditions), True


def to_page(
    source: Source[T], conditions: Conditions, paging: Paging, after: tuple[object, UUID] | None = None
) -> tuple[Query, dict[str, object]]:
    """The statement of a page and of one row more, with its parameters."""
    branches = conditions.branches if paging.sort == source.natural else [conditions.where]
    texts, window = tuple(map(to_text, branches)), _to_window(source, paging, after)
    statement = _compose_page(to_text(conditions.table), to_text(source.columns), texts, window)
    return statement, _to_params(conditions, after)


def to_gathered(
    source: Source[T], conditions: Conditions, paging: Paging, after: tuple[object, UUID] | None = None
) -> tuple[Query, dict[str, object]]:
    """The statement of the same rows, each with how many match and the state of the database: one look at all matches.

    Where the page is empty, or more match than are counted exactly, it is one row without an id.
    """
    window = _to_window(source, paging, after)
    table, columns, where = to_text(conditions.table), to_text(source.columns), to_text(conditions.where)
    return _compose_gathered(table, columns, where, window), _to_params(conditions, after)


async def _gather(
    connection: ReadConnection,
    source: Source[T],
    conditions: Conditions,
    paging: Paging,
    after: tuple[object, UUID] | None,
) -> tuple[Counted, list[T] | None]:
    """Count the matches and find the page in one look; no page where there are too many."""
    found = await connection.dicts(*to_gathered(source, conditions, paging, after))
    told = [Counted(cast("int", row.pop("matches")), cast("str", row.pop("snapshot"))) for row in found]
    counted, make = told[0], cast("Callable[..., T]", source.into)
    return counted, None if counted.is_capped else [make(**row) for row in found if row["id"] is not None]


def _to_params(conditions: Conditions, after: tuple[object, UUID] | None) -> dict[str, object]:
    return conditions.params if after is None else {**conditions.params, "after": after[0], "after_id": after[1]}


def _to_window(source: Source[T], paging: Paging, after: tuple[object, UUID] | None) -> "_Window":
    sort = source.sorts[paging.sort]
    return _Window(
        to_text(sort.expression),
        to_text(sort.sql_type),
        is_descending=_is_descending(source, paging),
        goes_on=after is not None,
        limit=paging.limit + 1,
        offset=paging.offset,
    )


@dataclass(frozen=True, slots=True)
class _Window:
    """What else decides the form of a page."""

    expression: LiteralString
    sql_type: LiteralString
    is_descending: bool
    goes_on: bool
    limit: int
    offset: int

    def order_by(self, expression: Composable) -> Composable:
        """The order, by an expression."""
        direction = SQL("DESC") if self.is_descending else SQL("ASC")
        return SQL("ORDER BY {} {}, id {}").format(expression, direction, direction)

    def beyond(self, expression: Composable) -> Composable:
        """That a row comes after the place where the page before ended, if there was one."""
        if not self.goes_on:
            return SQL("true")
        sign = SQL("<") if self.is_descending else SQL(">")
        place = SQL("({}, id) {} (CAST(%(after)s AS {}), %(after_id)s::uuid)")
        return place.format(expression, sign, SQL(self.sql_type))

    @property
    def part(self) -> Composable:
        """Which rows of those in order."""
        return SQL("LIMIT {} OFFSET {}").format(Literal(self.limit), Literal(self.offset))


@lru_cache(KEPT)
def _compose_page(
    table: LiteralString, columns: LiteralString, branches: tuple[LiteralString, ...], window: _Window
) -> Query:
    order = window.order_by(SQL(window.expression))
    form = SQL("{} WHERE {} AND {}")
    found = [form.format(SQL(table), SQL(where), window.beyond(SQL(window.expression))) for where in branches]
    source: Composable = found[0]
    if len(found) > 1:
        # Each alternative walks its own index in order, as far as the page may need it.
        each, reach = SQL("(SELECT * FROM {} {} LIMIT {})"), Literal(window.offset + window.limit)
        all_of_them = SQL(" UNION ALL ").join(each.format(one, order, reach) for one in found)
        source = SQL("({}) AS found").format(all_of_them)
    return to_statement("page", SQL("SELECT {} FROM {} {} {}").format(SQL(columns), source, order, window.part))


@lru_cache(KEPT)
def _compose_gathered(table: LiteralString, columns: LiteralString, where: LiteralString, window: _Window) -> Query:
    place, expression = SQL("place"), SQL(window.expression)
    found = SQL("SELECT id, {} AS place FROM {} WHERE {} LIMIT {}").format(
        expression, SQL(table), SQL(where), Literal(BOUND)
    )
    ids = SQL("SELECT id FROM found WHERE {} {} {}").format(window.beyond(place), window.order_by(place), window.part)
    # The planner must not walk a sorted index in the hope of meeting the few rows that match: hence MATERIALIZED.
    form = SQL(
        "WITH found AS MATERIALIZED ({}), counted AS (SELECT count(*) AS matches FROM found) "
        "SELECT {}, matches, pg_current_snapshot()::text AS snapshot FROM counted LEFT JOIN {} AS page "
        "ON id = ANY(CASE WHEN matches <= {} THEN ARRAY({}) END) {}"
    )
    ordered = window.order_by(expression)
    return to_statement("gathered", form.format(found, SQL(columns), SQL(table), Literal(EXACT_UP_TO), ids, ordered))


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
