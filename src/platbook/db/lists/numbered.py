"""Pages by number alone, with an exact total: for lists that stay short or are rarely read deep.

A named statement selects all rows of the list, without ORDER BY and LIMIT; its page and its total are both derived from
it, so that they cannot disagree about the filters. PostgreSQL merges the subquery into the outer statement, so an index
that matches the order is walked as if the statement had been written out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, LiteralString, TypeVar, cast

from platbook.db.compose import SQL, Composable, Identifier, to_statement
from platbook.db.connection import ReadConnection
from platbook.db.lists.conditions import STATEMENT_CACHE_SIZE, Conditions
from platbook.db.lists.totals import count_all
from platbook.db.queries import Query

T = TypeVar("T")

_NO_PARAMS: Mapping[str, object] = {}


@dataclass(frozen=True, slots=True)
class NumberedSource(Generic[T]):
    """A list read by page number: what a row becomes, the statement of all rows, and the order.

    `order`: columns of the statement, all in one direction; the id comes last, so that the order is total.
    """

    row_type: type[T]
    statement: Query
    order: tuple[LiteralString, ...]
    descending: bool = False
    id_column: LiteralString = "id"

    @property
    def table(self) -> Composable:
        """The statement as a table expression."""
        return SQL("({}) AS matching").format(SQL(cast("LiteralString", self.statement.sql)))


@dataclass(frozen=True, slots=True)
class NumberedPage(Generic[T]):
    """One page, and how many rows the list has."""

    rows: list[T]
    total: int


@dataclass(frozen=True, slots=True)
class PageNumber:
    """The requested page, from 1."""

    page: int = 1
    limit: int = 20

    @property
    def offset(self) -> int:
        """How many rows come before this page."""
        return (self.page - 1) * self.limit


async def find_numbered_page(
    connection: ReadConnection,
    source: NumberedSource[T],
    number: PageNumber,
    params: Mapping[str, object] = _NO_PARAMS,
) -> NumberedPage[T]:
    """Read a page and the exact total; a page after the last one is empty. `params`: of the source's statement."""
    total = (await count_all(connection, Conditions(source.table, [SQL("true")], dict(params)))).rows
    rows: list[T] = []
    if number.offset < total:
        window = {"limit": number.limit, "offset": number.offset}
        rows = await connection.all(source.row_type, to_numbered_statement(source), {**params, **window})
    return NumberedPage(rows, total)


def to_numbered_statement(source: NumberedSource[T]) -> Query:
    """The statement of a page; its parameters are the source's, and `limit` and `offset`."""
    keys = (*source.order, source.id_column)
    return _compose(source.statement.name, source.table.as_string(), keys, descending=source.descending)


@lru_cache(STATEMENT_CACHE_SIZE)
def _compose(name: str, table: str, keys: tuple[LiteralString, ...], *, descending: bool) -> Query:
    direction = SQL("DESC") if descending else SQL("ASC")
    order = SQL(", ").join(SQL("{} {}").format(Identifier(key), direction) for key in keys)
    form = SQL("SELECT * FROM {} ORDER BY {} LIMIT %(limit)s::bigint OFFSET %(offset)s::bigint")
    return to_statement(name, form.format(SQL(cast("LiteralString", table)), order))
