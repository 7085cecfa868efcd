"""Reads one page of a table: by page number, or at any depth by cursor (keyset pagination), with its total."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, LiteralString, TypeVar, cast
from uuid import UUID

from platbook.base.errors import InvalidInput
from platbook.db.compose import SQL, Composable, Literal, to_statement, to_text
from platbook.db.connection import ReadConnection
from platbook.db.lists.conditions import STATEMENT_CACHE_SIZE, Conditions
from platbook.db.lists.cursors import CursorPosition, decode_cursor, encode_cursor, foreign_cursor, to_fingerprint
from platbook.db.lists.paging import ListPage, Paging, cut_page
from platbook.db.lists.sorting import SortKey, SortOrder
from platbook.db.lists.totals import COUNT_BOUND, EXACT_UP_TO, Count, MatchCount, count_bounded, find_total
from platbook.db.queries import Query

T = TypeVar("T")

_MAX_SORTED_MATCHES = 3_000
"""Where counting is cheap, up to so many matches are all found and then sorted; of more, the first ones are soon met on
a walk of the sorted index."""


@dataclass(frozen=True, slots=True)
class Sort(Generic[T]):
    """One sort of a list: its key, which is never null here, the key's value of a row, and the default direction."""

    key: SortKey
    value_of: Callable[[T], object]
    descending: bool = True


@dataclass(frozen=True, slots=True)
class ListSource(Generic[T]):
    """A list: its name, what a row becomes, its columns, and its sorts by their API names.

    `indexed_sort`: the sort that the index of each alternative (owner, office, team, tag) is ordered by.
    """

    name: str
    row_type: type[T]
    columns: Composable
    sorts: Mapping[str, Sort[T]]
    id_of: Callable[[T], UUID]
    indexed_sort: str


async def find_page(
    connection: ReadConnection,
    source: ListSource[T],
    conditions: Conditions,
    paging: Paging,
    *,
    selective: bool = False,
    count_conditions: Conditions | None = None,
) -> ListPage[T]:
    """Read a page. `selective`: few rows may match, through an index that does not sort them.

    `count_conditions`: conditions that as many rows match and that are cheaper to count. Errors: InvalidInput for an
    unknown sort or the cursor of another list or order.
    """
    if paging.sort not in source.sorts:
        raise InvalidInput.of("sortBy", f"must be one of {', '.join(source.sorts)}")
    after = _decode_cursor(source, paging)
    matches: MatchCount | None = None
    rows: list[T] | None = None
    if selective and count_conditions is None:
        matches, rows = await _count_and_sort(connection, source, conditions, paging, after)
    elif paging.count is not Count.NONE or selective:
        matches = await count_bounded(connection, count_conditions or conditions)
        if selective and matches.rows <= _MAX_SORTED_MATCHES:
            _, rows = await _count_and_sort(connection, source, conditions, paging, after)
    if rows is None:
        is_past_end = matches is not None and not matches.is_capped and paging.offset >= matches.rows
        statement, params = to_page_statement(source, conditions, paging, after)
        rows = [] if is_past_end else await connection.all(source.row_type, statement, params)
    page, has_next = cut_page(rows, paging.limit)
    cursor = _encode_cursor(source, paging, page[-1]) if has_next else None
    total = await find_total(connection, paging.count, matches, conditions, count_conditions)
    return ListPage(page, total.rows, total_is_estimate=total.is_estimate, next_cursor=cursor)


def to_page_statement(
    source: ListSource[T], conditions: Conditions, paging: Paging, after: CursorPosition | None = None
) -> tuple[Query, dict[str, object]]:
    """The statement of a page and one row more, with its parameters."""
    branches = conditions.branches if paging.sort == source.indexed_sort else [conditions.where]
    window = _to_window(source, paging, after)
    table, columns = to_text(conditions.table), to_text(source.columns)
    statement = _compose_page(table, columns, tuple(map(to_text, branches)), window)
    return statement, conditions.params | window.order.to_params(after)


def to_selective_page_statement(
    source: ListSource[T], conditions: Conditions, paging: Paging, after: CursorPosition | None = None
) -> tuple[Query, dict[str, object]]:
    """The statement of the same rows, each with the number of matches and the snapshot: all matches found, then sorted.

    Where the page is empty, or more match than are counted exactly, it returns one row without an id.
    """
    window = _to_window(source, paging, after)
    table, columns, where = to_text(conditions.table), to_text(source.columns), to_text(conditions.where)
    return _compose_selective_page(table, columns, where, window), conditions.params | window.order.to_params(after)


async def _count_and_sort(
    connection: ReadConnection,
    source: ListSource[T],
    conditions: Conditions,
    paging: Paging,
    after: CursorPosition | None,
) -> tuple[MatchCount, list[T] | None]:
    """Count the matches and sort them, in one statement; no page where there are too many."""
    rows = await connection.dicts(*to_selective_page_statement(source, conditions, paging, after))
    counts = [MatchCount(cast("int", row.pop("matches")), cast("str", row.pop("snapshot"))) for row in rows]
    make = cast("Callable[..., T]", source.row_type)
    if counts[0].is_capped:
        return counts[0], None
    return counts[0], [make(**row) for row in rows if row["id"] is not None]


@dataclass(frozen=True, slots=True)
class _Window:
    """What decides the SQL of a page beside its conditions. `is_after_cursor`: it begins after a position."""

    order: SortOrder
    is_after_cursor: bool
    limit: int
    offset: int

    def after(self, expression: Composable | None = None) -> Composable:
        return self.order.after(expression) if self.is_after_cursor else SQL("true")

    @property
    def limit_clause(self) -> Composable:
        return SQL("LIMIT {} OFFSET {}").format(Literal(self.limit), Literal(self.offset))


def _to_window(source: ListSource[T], paging: Paging, after: CursorPosition | None) -> _Window:
    order = SortOrder(source.sorts[paging.sort].key, _is_descending(source, paging))
    return _Window(order, after is not None, paging.limit + 1, paging.offset)


@lru_cache(STATEMENT_CACHE_SIZE)
def _compose_page(
    table: LiteralString, columns: LiteralString, branches: tuple[LiteralString, ...], window: _Window
) -> Query:
    order = window.order.order_by()
    form = SQL("{} WHERE {} AND {}")
    selects = [form.format(SQL(table), SQL(where), window.after()) for where in branches]
    source: Composable = selects[0]
    if len(selects) > 1:
        # Each alternative walks its own index in order, as far as the page may need it.
        each, depth = SQL("(SELECT * FROM {} {} LIMIT {})"), Literal(window.offset + window.limit)
        merged = SQL(" UNION ALL ").join(each.format(select, order, depth) for select in selects)
        source = SQL("({}) AS matching").format(merged)
    return to_statement("page", SQL("SELECT {} FROM {} {} {}").format(SQL(columns), source, order, window.limit_clause))


@lru_cache(STATEMENT_CACHE_SIZE)
def _compose_selective_page(
    table: LiteralString, columns: LiteralString, where: LiteralString, window: _Window
) -> Query:
    order, value = window.order, SQL("sort_value")
    matching = SQL("SELECT id, {} AS sort_value FROM {} WHERE {} LIMIT {}").format(
        SQL(order.key.expression), SQL(table), SQL(where), Literal(COUNT_BOUND)
    )
    ids = SQL("SELECT id FROM matching WHERE {} {} {}").format(
        window.after(value), order.order_by(value), window.limit_clause
    )
    # The planner must not walk a sorted index in the hope of meeting the few rows that match: hence MATERIALIZED.
    form = SQL(
        "WITH matching AS MATERIALIZED ({}), counted AS (SELECT count(*) AS matches FROM matching) "
        "SELECT {}, matches, pg_current_snapshot()::text AS snapshot FROM counted LEFT JOIN {} AS page "
        "ON id = ANY(CASE WHEN matches <= {} THEN ARRAY({}) END) {}"
    )
    statement = form.format(matching, SQL(columns), SQL(table), Literal(EXACT_UP_TO), ids, order.order_by())
    return to_statement("selective_page", statement)


def _encode_cursor(source: ListSource[T], paging: Paging, row: T) -> str:
    position = CursorPosition(source.sorts[paging.sort].value_of(row), source.id_of(row))
    return encode_cursor(_to_fingerprint(source, paging), position)


def _decode_cursor(source: ListSource[T], paging: Paging) -> CursorPosition | None:
    if paging.cursor is None:
        return None
    position = decode_cursor(paging.cursor, _to_fingerprint(source, paging), source.sorts[paging.sort].key.parse)
    if position.value is None:
        raise foreign_cursor()
    return position


def _to_fingerprint(source: ListSource[T], paging: Paging) -> str:
    return to_fingerprint(source.name, paging.sort, descending=_is_descending(source, paging))


def _is_descending(source: ListSource[T], paging: Paging) -> bool:
    return source.sorts[paging.sort].descending if paging.descending is None else paging.descending
