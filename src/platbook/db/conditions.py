"""Conditions on the rows of one table, composed out of closed parts; what a caller sent travels as a parameter only."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import LiteralString

from platbook.db.compose import SQL, Composable, Composed, Identifier, Literal, to_statement, to_text
from platbook.db.queries import Query

KEPT = 2_048
"""How many texts of composed statements are kept, of each kind: a few hundred bytes each."""


@dataclass(slots=True)
class Conditions:
    """Conditions ANDed on the rows of a table, and the parameters they name."""

    table: Identifier
    parts: list[Composable] = field(default_factory=list[Composable])
    params: dict[str, object] = field(default_factory=dict[str, object])

    def add(self, part: Composable, **params: object) -> None:
        """Add one condition."""
        self.parts.append(part)
        self.params.update(params)

    def text(self, sql: LiteralString, **params: object) -> None:
        """Add one condition that needs no composing."""
        self.add(SQL(sql), **params)

    @property
    def where(self) -> Composed:
        """The conditions as SQL."""
        return SQL(" AND ").join(self.parts)


def to_counted(table: Composable, where: Composable, most: int | None) -> Composed:
    """Two columns: how many rows match, of them at most `most`, and the state of the database they are counted in."""
    limit = SQL(" LIMIT {}").format(Literal(most)) if most is not None else SQL("")
    columns = SQL("(SELECT count(*) FROM (SELECT FROM {} WHERE {}{}) AS matching), pg_current_snapshot()::text")
    return columns.format(table, where, limit)


def to_count(conditions: Conditions, most: int | None) -> Query:
    """Count the matches, of them at most `most`; beside it the state of the database it was counted in."""
    return _compose_count(to_text(conditions.table), to_text(conditions.where), most)


def to_estimate(conditions: Conditions) -> Composed:
    """Ask the planner how many rows match."""
    return SQL("EXPLAIN (FORMAT JSON) SELECT FROM {} WHERE {}").format(conditions.table, conditions.where)


@lru_cache(KEPT)
def _compose_count(table: LiteralString, where: LiteralString, most: int | None) -> Query:
    return to_statement("count", SQL("SELECT {}").format(to_counted(SQL(table), SQL(where), most)))
