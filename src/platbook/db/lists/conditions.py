"""The filters of a list as conditions on the rows of one table, composed of fixed SQL.

What a caller sent travels as a parameter only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import LiteralString

from platbook.db.compose import SQL, Composable, Composed, Identifier, Literal, Placeholder, to_statement, to_text
from platbook.db.queries import Query

STATEMENT_CACHE_SIZE = 2_048
"""How many composed statements of each kind are cached: a few hundred bytes each."""


@dataclass(slots=True)
class Conditions:
    """Conditions joined by AND on the rows of a table (or subquery), and the parameters they name.

    `either`: alternatives, at least one of which a row must meet; an empty list matches no row. Each alternative is
    counted by the index that serves it, which one condition with OR in it would prevent.
    """

    table: Composable
    parts: list[Composable] = field(default_factory=list[Composable])
    params: dict[str, object] = field(default_factory=dict[str, object])
    either: Sequence[Composable] | None = None

    def add(self, part: Composable, **params: object) -> None:
        """Add one condition."""
        self.parts.append(part)
        self.params.update(params)

    def text(self, sql: LiteralString, **params: object) -> None:
        """Add one condition that is plain SQL."""
        self.add(SQL(sql), **params)

    def one_of(self, column: LiteralString, values: Sequence[str]) -> None:
        """Add that a column has one of some values; an empty sequence adds nothing.

        A single value is compared by =, so that an index led by the column also provides the order after it.
        """
        if len(values) == 1:
            self.add(SQL("{} = {}").format(Identifier(column), Placeholder(column)), **{column: values[0]})
        elif values:
            many = SQL("{} = ANY({}::text[])").format(Identifier(column), Placeholder(column))
            self.add(many, **{column: list(values)})

    @property
    def where(self) -> Composed:
        """The conditions as one SQL expression."""
        return SQL(" AND ").join([*self.parts, *([] if self.either is None else [any_of(self.either)])])

    @property
    def branches(self) -> list[Composed]:
        """The conditions as disjoint SQL expressions: for each alternative, the rows that meet none before it."""
        if not self.either:
            return [self.where]
        branches: list[Composed] = []
        for index, alternative in enumerate(self.either):
            others = [SQL("{} IS NOT TRUE").format(other) for other in self.either[:index]]
            branches.append(SQL(" AND ").join([*self.parts, alternative, *others]))
        return branches


def any_of(alternatives: Sequence[Composable]) -> Composed:
    """At least one of the alternatives holds; false where there is none."""
    return SQL("({})").format(SQL(" OR ").join(alternatives) if alternatives else SQL("false"))


def to_count_columns(table: Composable, branches: Sequence[Composable], limit: int | None) -> Composed:
    """Two columns: how many rows match, at most `limit`, and the snapshot of the database they are counted in.

    `branches`: disjoint conditions.
    """
    limit_clause = SQL(" LIMIT {}").format(Literal(limit)) if limit is not None else SQL("")
    matching = SQL(" UNION ALL ").join(SQL("SELECT FROM {} WHERE {}").format(table, where) for where in branches)
    columns = SQL("(SELECT count(*) FROM ({}{}) AS matching), pg_current_snapshot()::text")
    return columns.format(matching, limit_clause)


def to_count_statement(conditions: Conditions, limit: int | None) -> Query:
    """Count the matches, at most `limit`; beside the count, the snapshot of the database."""
    return _compose_count(to_text(conditions.table), tuple(map(to_text, conditions.branches)), limit)


def to_estimate_statement(conditions: Conditions) -> Composed:
    """Ask the planner how many rows match."""
    return SQL("EXPLAIN (FORMAT JSON) SELECT FROM {} WHERE {}").format(conditions.table, conditions.where)


@lru_cache(STATEMENT_CACHE_SIZE)
def _compose_count(table: LiteralString, branches: tuple[LiteralString, ...], limit: int | None) -> Query:
    columns = to_count_columns(SQL(table), [SQL(where) for where in branches], limit)
    return to_statement("count", SQL("SELECT {}").format(columns))
