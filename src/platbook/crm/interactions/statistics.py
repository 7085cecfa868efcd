"""The log in numbers: whole months are added up as they come (`interaction_numbers`), parts of one are counted."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import cast

from platbook.base.actor import Actor
from platbook.base.times import as_utc
from platbook.crm.interactions.log import Q
from platbook.crm.interactions.search import InteractionSearch, to_conditions
from platbook.crm.visibility import to_lead_conditions
from platbook.db import ReadConnection, WriteConnection
from platbook.db.compose import SQL, Identifier
from platbook.db.lists import Conditions

FOLDED_AT = 5_000
"""So many new rows are put together with the others."""
_FIRST_YEAR, _LAST_YEAR, _DECEMBER = 1900, 2900, 12
"""Beyond these years months are not reckoned with."""

_COUNTED = SQL("SELECT type, user_id, count(*) FROM {} WHERE {} GROUP BY type, user_id")
_ADDED = SQL("SELECT type, user_id, sum(entries)::bigint FROM {} WHERE {} GROUP BY type, user_id")


@dataclass(slots=True)
class InteractionStats:
    """Interactions in numbers."""

    total: int = 0
    by_type: dict[str, int] = field(default_factory=dict[str, int])
    by_user: dict[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class Span:
    """Whole months from the first to before the end, and what is left of the time asked for on both sides."""

    first: date | None
    end: date | None
    parts: tuple[tuple[datetime | None, datetime | None], ...] = ()


async def get_interaction_stats(
    connection: ReadConnection, actor: Actor, search: InteractionSearch
) -> InteractionStats:
    """The numbers of the interactions an actor sees."""
    stats = InteractionStats()
    span = to_span(search.start, search.end)
    if span is None or search.lead_id is not None:
        _add(stats, await _count(connection, actor, search))
        return stats
    conditions = to_months(actor, search, span)
    _add(stats, await connection.tuples(_ADDED.format(conditions.table, conditions.where), conditions.params))
    for start, end in span.parts:
        _add(stats, await _count(connection, actor, replace(search, start=start, end=end)))
    return stats


async def fold_numbers(connection: WriteConnection, *, many: int = FOLDED_AT) -> None:
    """Put rows of the same kind together, if `many` are new. Whoever reads meanwhile reads the same sums."""
    await connection.run(Q.fold_numbers, {"many": many})


def to_span(start: datetime | None, end: datetime | None) -> Span | None:
    """The whole months in a span of time, and its parts before and after; None where there is none in it. Pure."""
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
    return Span(first, last, tuple(parts))


def to_months(actor: Actor, search: InteractionSearch, span: Span) -> Conditions:
    """The sums an actor sees, of what is asked. Whose a lead is stands in them under the names it has there."""
    either = to_lead_conditions(actor, whole=True).either
    conditions = Conditions(Identifier("interaction_numbers"), [SQL("true")], either=either)
    conditions.one_of("type", search.type)
    if span.first is not None:
        conditions.text("month >= %(first)s", first=span.first)
    if span.end is not None:
        conditions.text("month < %(before)s", before=span.end)
    return conditions


async def _count(connection: ReadConnection, actor: Actor, search: InteractionSearch) -> list[tuple[object, ...]]:
    conditions = to_conditions(actor, search)
    return await connection.tuples(_COUNTED.format(conditions.table, conditions.where), conditions.params)


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
    """The first month that does not begin before a time."""
    month = _month_of(at)
    if _midnight(month) >= at:
        return month
    if month.month == _DECEMBER:
        return date(month.year + 1, 1, 1)
    return month.replace(month=month.month + 1)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
