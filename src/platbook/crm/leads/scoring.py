"""Lead scoring: 0 to 100 points, with the reason for each part, so that a user can check it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from platbook.crm.enums import InteractionType, LeadEventType, LeadStatus, StageKind
from platbook.crm.stages.stage import default_kind

_STAGES: Mapping[str, int] = MappingProxyType(
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
_OWN_STAGE = 20
"""Points of an open stage that an admin added."""
_CLOSED: Mapping[StageKind, int] = MappingProxyType({StageKind.WON: 100, StageKind.LOST: 0, StageKind.ARCHIVED: 0})

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
"""By kind of activity: points for each one, and the maximum for all of them."""

_RECENT = ((timedelta(days=7), 10, "active in the last week"), (timedelta(days=30), 5, "active in the last month"))
_BUDGET = 8
_REACHABLE = 4
_MAX_SCORE = 100


@dataclass(frozen=True, slots=True)
class ScoreInput:
    """What a score is computed from. `activity` counts interactions by kind.

    `kind`: the stage's; None: that of the stage of this key that every installation has.
    """

    stage: str
    has_budget: bool
    has_email: bool
    has_phone: bool
    activity: Mapping[str, int]
    last_activity_at: datetime
    kind: StageKind | None = None


@dataclass(frozen=True, slots=True)
class LeadScore:
    """Points, the reasons with their points, and until when they are valid without new activity; None: for good."""

    points: int
    reasons: tuple[str, ...]
    until: datetime | None = None


def to_score(lead: ScoreInput, now: datetime) -> LeadScore:
    """Score a lead as of a time."""
    kind = lead.kind or default_kind(lead.stage)
    if kind in _CLOSED:
        return LeadScore(_CLOSED[kind], (f"{lead.stage}: {_CLOSED[kind]}",))
    reasons = [(f"stage {lead.stage}", _STAGES.get(lead.stage, _OWN_STAGE))]
    if lead.has_budget:
        reasons.append(("budget known", _BUDGET))
    if lead.has_email and lead.has_phone:
        reasons.append(("e-mail and telephone known", _REACHABLE))
    for kind, (each, maximum) in _ACTIVITY.items():
        if times := lead.activity.get(kind, 0):
            reasons.append((f"{kind} {times} time{'s' if times > 1 else ''}", min(each * times, maximum)))
    until = None
    if lead.activity:
        for age, points, reason in _RECENT:
            if now < lead.last_activity_at + age:
                reasons.append((reason, points))
                until = lead.last_activity_at + age
                break
    total = min(_MAX_SCORE, sum(points for _, points in reasons))
    return LeadScore(total, tuple(f"{reason}: +{points}" for reason, points in reasons), until)
