"""How promising a lead is, 0 to 100, and why, in words a person can check. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from platbook.crm.enums import EventType, InteractionType, Stage

_STAGES: Mapping[Stage, int] = MappingProxyType(
    {
        Stage.NEW: 10,
        Stage.CONTACTED: 20,
        Stage.NURTURE: 15,
        Stage.QUALIFIED: 35,
        Stage.SHOWING: 45,
        Stage.OFFER: 55,
        Stage.UNDER_CONTRACT: 65,
    }
)
_ENDED: Mapping[Stage, int] = MappingProxyType({Stage.CLOSED_WON: 100, Stage.CLOSED_LOST: 0, Stage.ARCHIVED: 0})

_ACTIVITY: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        EventType.INQUIRY: (8, 16),
        EventType.INCOMING_CALL: (8, 16),
        EventType.VISITED_OPEN_HOUSE: (6, 12),
        EventType.SAVED_PROPERTY: (3, 9),
        EventType.PROPERTY_SEARCH: (1, 4),
        EventType.VIEWED_PROPERTY: (1, 5),
        InteractionType.SHOWING: (6, 12),
        InteractionType.MEETING_SCHEDULED: (5, 10),
        InteractionType.CALL_LOGGED: (2, 6),
    }
)
"""Points for each time, and for all times together at most."""

_RECENT = ((timedelta(days=7), 10, "active in the last week"), (timedelta(days=30), 5, "active in the last month"))
_BUDGET = 8
_REACHABLE = 4
_MOST = 100


@dataclass(frozen=True, slots=True)
class Known:
    """What a score is worked out from. `activity` counts what happened by kind."""

    stage: Stage
    has_budget: bool
    has_email: bool
    has_phone: bool
    activity: Mapping[str, int]
    last_activity_at: datetime


@dataclass(frozen=True, slots=True)
class Score:
    """Points, each reason with the points it gave, and until when they hold if nothing happens; None: for good."""

    points: int
    reasons: tuple[str, ...]
    until: datetime | None = None


def to_score(known: Known, now: datetime) -> Score:
    """Score a lead as of a moment."""
    if known.stage in _ENDED:
        return Score(_ENDED[known.stage], (f"{known.stage}: {_ENDED[known.stage]}",))
    reasons = [(f"stage {known.stage}", _STAGES[known.stage])]
    if known.has_budget:
        reasons.append(("budget known", _BUDGET))
    if known.has_email and known.has_phone:
        reasons.append(("e-mail and telephone known", _REACHABLE))
    for kind, (each, most) in _ACTIVITY.items():
        if times := known.activity.get(kind, 0):
            reasons.append((f"{kind} {times} time{'s' if times > 1 else ''}", min(each * times, most)))
    until = None
    if known.activity:
        for span, points, words in _RECENT:
            if now < known.last_activity_at + span:
                reasons.append((words, points))
                until = known.last_activity_at + span
                break
    points = min(_MOST, sum(points for _, points in reasons))
    return Score(points, tuple(f"{words}: +{points}" for words, points in reasons), until)
