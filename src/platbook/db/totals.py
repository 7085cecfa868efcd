"""How many rows a list has: exact up to a bound, an estimate of the planner above it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from platbook.db.conditions import Conditions, to_count, to_estimate
from platbook.db.connection import ReadConnection

EXACT_UP_TO = 10_000
BOUND = EXACT_UP_TO + 1
"""How many matches are counted at most: one more than the exact ones, which tells that there are more."""


class Count(StrEnum):
    """How a list's total is told."""

    ESTIMATE = "estimate"
    EXACT = "exact"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Counted:
    """The matches found, and the state of the database they were found in."""

    rows: int
    snapshot: str

    @property
    def is_capped(self) -> bool:
        """Whether there are more than were counted."""
        return self.rows > EXACT_UP_TO


async def count_up_to_bound(connection: ReadConnection, conditions: Conditions) -> Counted:
    """Count the matches, one more than the bound at most."""
    return await _count(connection, conditions, BOUND)


async def count_all(connection: ReadConnection, conditions: Conditions) -> Counted:
    """Count every match; the cost grows with them."""
    return await _count(connection, conditions, None)


async def count_up_to(connection: ReadConnection, conditions: Conditions, most: int) -> int:
    """Count the matches, `most` at most."""
    return (await _count(connection, conditions, most)).rows


async def estimate(connection: ReadConnection, conditions: Conditions) -> int:
    """What the planner expects; never less than the bound, which is known to be passed."""
    ((plans,),) = await connection.tuples(to_estimate(conditions), conditions.params)
    first = cast("list[dict[str, dict[str, object]]]", plans)[0]
    return max(BOUND, int(cast("float", first["Plan"]["Plan Rows"])))


async def _count(connection: ReadConnection, conditions: Conditions, most: int | None) -> Counted:
    rows = await connection.tuples(to_count(conditions, most), conditions.params)
    count, snapshot = rows[0]
    return Counted(cast("int", count), cast("str", snapshot))
