"""Conditions on the rows of one table, composed out of closed parts; what a caller sent travels as a parameter only."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import LiteralString

from platbook.db.compose import SQL, Composable, Composed, Identifier, Literal, Placeholder, to_statement, to_text
from platbook.db.queries import Query

KEPT = 2_048
"""How many texts of composed statements are kept, of each kind: a few hundred bytes each."""


@dataclass(slots=True)
class Conditions:
    """Conditions ANDed on the rows of a table, and the parameters they name.

    `either`: alternatives, of which a row meets one at least; of none, no row does. Each is counted by the index that
    serves it, which an OR of them in one condition would keep from being used.
    """

    table: Identifier
    parts: list[Composable] = field(default_factory=list[Composable])
    params: dict[str, object] = field(default_factory=dict[str, object])
    either: Sequence[Composable] | None = None

    def add(self, part: Composable, **params: object) -> None:
        """Add one condition."""
        self.parts.append(part)
        self.params.update(params)

    def text(self, sql: LiteralString, **params: object) -> None:
        """Add one condition that needs no composing."""
        self.add(SQL(sql), **params)

    def one_of(self, column: LiteralString, values: Sequence[str]) -> None:
        """Add that a column has one of some values; none given ask for nothing.

        One alone is compared by =, so that an index led by the column gives the order after it, too.
        """
        if len(values) == 1:
            self.add(SQL("{} = {}").format(Identifier(column), Placeholder(column)), **{column: values[0]})
        elif values:
            many = SQL("{} = ANY({}::text[])").format(Identifier(column), Placeholder(column))
            self.add(many, **{column: list(values)})

    @property
    def where(self) -> Composed:
        """The conditions as SQL."""
        return SQL(" AND ").join([*self.parts, *([] if self.either is None else [any_of(self.either)])])

    @property
    def branches(self) -> list[Composed]:
        """The conditions as SQL, for each alternative those rows that meet none before it."""
        if not self.either:
            return [self.where]
        branches: list[Composed] = []
        for place, one in enumerate(self.either):
            others = [SQL("{} IS NOT TRUE").format(other) for other in self.either[:place]]
            branches.append(SQL(" AND ").join([*self.parts, one, *others]))
        return branches


def any_of(alternatives: Sequence[Composable]) -> Composed:
    """That one of them holds at least; of none, never."""
    return SQL("({})").format(SQL(" OR ").join(alternatives) if alternatives else SQL("false"))


def to_counted(table: Composable, branches: Sequence[Composable], most: int | None) -> Composed:
    """Two columns: how many rows match, of them at most `most`, and the state of the database they are counted in.

    `branches`: conditions of which no row meets two.
    """
    limit = SQL(" LIMIT {}").format(Literal(most)) if most is not None else SQL("")
    found = SQL(" UNION ALL ").join(SQL("SELECT FROM {} WHERE {}").format(table, where) for where in branches)
    columns = SQL("(SELECT count(*) FROM ({}{}) AS matching), pg_current_snapshot()::text")
    return columns.format(found, limit)


def to_count(conditions: Conditions, most: int | None) -> Query:
    """Count the matches, of them at most `most`; beside it the state of the database it was counted in."""
    return _compose_count(to_text(conditions.table), tuple(map(to_text, conditions.branches)), most)


def to_estimate(conditions: Conditions) -> Composed:
    """Ask the planner how many rows match."""
    return SQL("EXPLAIN (FORMAT JSON) SELECT FROM {} WHERE {}").format(conditions.table, conditions.where)


@lru_cache(KEPT)
def _compose_count(table: LiteralString, branches: tuple[LiteralString, ...], most: int | None) -> Query:
    counted = to_counted(SQL(table), [SQL(where) for where in branches], most)
    return to_statement("count", SQL("SELECT {}").format(counted))
