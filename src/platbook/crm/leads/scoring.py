"""How promising a lead is, 0 to 100, and why, in words a person can check. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from platbook.crm.enums import InteractionType, LeadEventType, LeadStatus

_STAGES: Mapping[LeadStatus, int] = MappingProxyType(
    {
        LeadStatus.NEW: 10,
        LeadStatus.CONTACTED: 20,
        LeadStatus.NURTURE: 15,
        LeadStatus.QUALIFIED: 35,
        LeadStatus.SHOWING: 45,
        LeadStatus.OFFER: 55,
        LeadStatus.UNDER_CONTRACT: 65,
    }
)
_ENDED: Mapping[LeadStatus, int] = MappingProxyType(
    {LeadStatus.CLOSED_WON: 100, LeadStatus.CLOSED_LOST: 0, LeadStatus.ARCHIVED: 0}
)

_ACTIVITY: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        LeadEventType.INQUIRY: (8, 16),
        LeadEventType.INCOMING_CALL: (8, 16),
        LeadEventType.VISITED_OPEN_HOUSE: (6, 12),
        LeadEventType.SAVED_PROPERTY: (3, 9),
        LeadEventType.PROPERTY_SEARCH: (1, 4),
        LeadEventType.VIEWED_PROPERTY: (1, 5),
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
class ScoreInput:
    """What a score is worked out from. `activity` counts what happened by kind."""

    stage: LeadStatus
    has_budget: bool
    has_email: bool
    has_phone: bool
    activity: Mapping[str, int]
    last_activity_at: datetime


@dataclass(frozen=True, slots=True)
class LeadScore:
    """Points, each reason with the points it gave, and until when they hold if nothing happens; None: for good."""

    points: int
    reasons: tuple[str, ...]
    until: datetime | None = None


def to_score(known: ScoreInput, now: datetime) -> LeadScore:
    """Score a lead as of a moment."""
    if known.stage in _ENDED:
        return LeadScore(_ENDED[known.stage], (f"{known.stage}: {_ENDED[known.stage]}",))
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
    return LeadScore(points, tuple(f"{words}: +{points}" for words, points in reasons), until)
