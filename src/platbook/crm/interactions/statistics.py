"""Statistics of interactions, from pre-aggregated counts.

Triggers keep counts by whole month in `interaction_numbers`, as interactions are written; those are summed, and only
the parts of a month at both ends of a time range are counted row by row.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import cast

from platbook.base.actor import Actor
from platbook.base.times import as_utc
from platbook.crm.interactions.rows import Q
from platbook.crm.interactions.search import InteractionSearch, to_conditions
from platbook.crm.leads.visibility import to_lead_conditions
from platbook.db import ReadConnection, WriteConnection
from platbook.db.compose import SQL, Identifier
from platbook.db.lists import Conditions

COMPACT_THRESHOLD = 5_000
"""Rows of `interaction_numbers` that are not summed yet, from which on they are."""
_FIRST_YEAR, _LAST_YEAR, _DECEMBER = 1900, 2900, 12
"""The years whose months are pre-aggregated."""

_COUNT = SQL("SELECT type, user_id, count(*) FROM {} WHERE {} GROUP BY type, user_id")
_SUM = SQL("SELECT type, user_id, sum(entries)::bigint FROM {} WHERE {} GROUP BY type, user_id")


@dataclass(slots=True)
class InteractionStats:
    """Counts of interactions."""

    total: int = 0
    by_type: dict[str, int] = field(default_factory=dict[str, int])
    by_user: dict[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class MonthRange:
    """Whole months from `first` to before `end`, and the parts of months on both sides of them."""

    first: date | None
    end: date | None
    parts: tuple[tuple[datetime | None, datetime | None], ...] = ()


async def get_interaction_stats(
    connection: ReadConnection, actor: Actor, search: InteractionSearch
) -> InteractionStats:
    """Count the interactions an actor sees."""
    stats = InteractionStats()
    months = to_month_range(search.start, search.end)
    if months is None or search.lead_id is not None:
        _add(stats, await _count(connection, actor, search))
        return stats
    conditions = to_month_conditions(actor, search, months)
    _add(stats, await connection.tuples(_SUM.format(conditions.table, conditions.where), conditions.params))
    for start, end in months.parts:
        _add(stats, await _count(connection, actor, replace(search, start=start, end=end)))
    return stats


async def compact_counts(connection: WriteConnection, *, threshold: int = COMPACT_THRESHOLD) -> None:
    """Sum the count rows of each group, once `threshold` are new. Concurrent readers get the same totals."""
    await connection.run(Q.compact_counts, {"many": threshold})


def to_month_range(start: datetime | None, end: datetime | None) -> MonthRange | None:
    """The whole months in a time range, and its parts before and after; None where it contains none. Pure."""
    if any(at is not None and not _FIRST_YEAR <= at.year <= _LAST_YEAR for at in (start, end)):
        return None
    first = None if start is None else _month_from(start)
    last = None if end is None else _month_of(end)
    if first is not None and last is not None and first >= last:
        return None
    parts: list[tuple[datetime | None, datetime | None]] = []
    if start is not None and first is not None and start < _midnight(first):
        parts.append((start, _midnight(first)))
    if end is not None and last is not None and _midnight(last) < end:
        parts.append((_midnight(last), end))
    return MonthRange(first, last, tuple(parts))


def to_month_conditions(actor: Actor, search: InteractionSearch, months: MonthRange) -> Conditions:
    """The monthly counts an actor sees, filtered. Their ownership columns are named as those of leads."""
    either = to_lead_conditions(actor, full_access=True).either
    conditions = Conditions(Identifier("interaction_numbers"), [SQL("true")], either=either)
    conditions.one_of("type", search.type)
    if months.first is not None:
        conditions.text("month >= %(first)s", first=months.first)
    if months.end is not None:
        conditions.text("month < %(before)s", before=months.end)
    return conditions


async def _count(connection: ReadConnection, actor: Actor, search: InteractionSearch) -> list[tuple[object, ...]]:
    conditions = to_conditions(actor, search)
    return await connection.tuples(_COUNT.format(conditions.table, conditions.where), conditions.params)


def _add(stats: InteractionStats, rows: Iterable[tuple[object, ...]]) -> None:
    for kind, user, count in rows:
        if times := cast("int", count):
            stats.total += times
            stats.by_type[str(kind)] = stats.by_type.get(str(kind), 0) + times
            if user is not None:
                stats.by_user[str(user)] = stats.by_user.get(str(user), 0) + times


def _month_of(at: datetime) -> date:
    return as_utc(at).date().replace(day=1)


def _month_from(at: datetime) -> date:
    """The first month that begins at or after a time."""
    month = _month_of(at)
    if _midnight(month) >= at:
        return month
    if month.month == _DECEMBER:
        return date(month.year + 1, 1, 1)
    return month.replace(month=month.month + 1)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
