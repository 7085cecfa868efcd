"""The total of a list: exact up to a bound; above it, the planner's estimate of the row count, or a full count."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, cast

from platbook.db.connection import ReadConnection
from platbook.db.lists.conditions import Conditions, to_count_statement, to_estimate_statement

EXACT_UP_TO = 10_000
COUNT_BOUND = EXACT_UP_TO + 1
"""A bounded count stops here: one more than the exact ones, which shows that there are more."""


class Count(StrEnum):
    """Which total of a list is requested: exact up to 10,000 and estimated above, always exact, or none."""

    ESTIMATE = "estimate"
    EXACT = "exact"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class MatchCount:
    """How many rows match, and the snapshot of the database they were counted in."""

    rows: int
    snapshot: str

    @property
    def is_capped(self) -> bool:
        """Whether the bound was passed, so that more rows match than were counted."""
        return self.rows > EXACT_UP_TO


class Total(NamedTuple):
    """A list's total; None: it was not requested."""

    rows: int | None
    is_estimate: bool


async def count_bounded(connection: ReadConnection, conditions: Conditions) -> MatchCount:
    """Count the matches up to `COUNT_BOUND`."""
    return await _count(connection, conditions, COUNT_BOUND)


async def count_all(connection: ReadConnection, conditions: Conditions) -> MatchCount:
    """Count every match; the cost grows with their number."""
    return await _count(connection, conditions, None)


async def count_up_to(connection: ReadConnection, conditions: Conditions, limit: int) -> int:
    """Count the matches, at most `limit`."""
    return (await _count(connection, conditions, limit)).rows


async def find_total(
    connection: ReadConnection,
    count: Count,
    bounded: MatchCount | None,
    conditions: Conditions,
    count_conditions: Conditions | None = None,
) -> Total:
    """The total as requested, out of a bounded count (`count_bounded`; None: nothing was counted).

    `count_conditions`: conditions that as many rows match and that are cheaper to count.
    """
    if count is Count.NONE or bounded is None:
        return Total(None, is_estimate=False)
    if not bounded.is_capped:
        return Total(bounded.rows, is_estimate=False)
    if count is Count.EXACT:
        return Total((await count_all(connection, count_conditions or conditions)).rows, is_estimate=False)
    return Total(await _estimate(connection, conditions), is_estimate=True)


async def _estimate(connection: ReadConnection, conditions: Conditions) -> int:
    """The planner's row estimate; never less than the bound, which the bounded count has passed."""
    ((plans,),) = await connection.tuples(to_estimate_statement(conditions), conditions.params)
    first = cast("list[dict[str, dict[str, object]]]", plans)[0]
    return max(COUNT_BOUND, int(cast("float", first["Plan"]["Plan Rows"])))


async def _count(connection: ReadConnection, conditions: Conditions, limit: int | None) -> MatchCount:
    rows = await connection.tuples(to_count_statement(conditions, limit), conditions.params)
    count, snapshot = rows[0]
    return MatchCount(cast("int", count), cast("str", snapshot))
