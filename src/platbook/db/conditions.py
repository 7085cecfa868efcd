"""Conditions on the rows of one table, composed out of closed parts; what a caller sent travels as a parameter only."""

from dataclasses import dataclass, field
from typing import LiteralString

from platbook.db.compose import SQL, Composable, Composed, Identifier, Literal


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


def to_count(conditions: Conditions, most: int | None) -> Composed:
    """Count the matches, of them at most `most`; beside it the state of the database it was counted in."""
    limit = SQL("LIMIT {}").format(Literal(most)) if most is not None else SQL("")
    return SQL("SELECT count(*), pg_current_snapshot()::text FROM (SELECT FROM {} WHERE {} {}) AS found").format(
        conditions.table, conditions.where, limit
    )


def to_estimate(conditions: Conditions) -> Composed:
    """Ask the planner how many rows match."""
    return SQL("EXPLAIN (FORMAT JSON) SELECT FROM {} WHERE {}").format(conditions.table, conditions.where)
