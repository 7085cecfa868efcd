"""A lead as a value. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from platbook.accounts.user import User
from platbook.base.actor import Actor
from platbook.base.folding import fold
from platbook.base.rights import Ownership
from platbook.crm.enums import LeadStatus, Priority, StageKind
from platbook.crm.leads.consents import Consent, in_order
from platbook.crm.leads.scoring import ScoreInput, to_score


@dataclass(frozen=True, slots=True)
class Lead:
    """One person. `activity` counts interactions by kind; `score_until` is when the score next decays by itself."""

    id: UUID
    created_at: datetime
    updated_at: datetime
    last_activity_at: datetime
    first_name: str = ""
    last_name: str = ""
    emails: list[str] = field(default_factory=list[str])
    phones: list[str] = field(default_factory=list[str])
    source: str | None = None
    status: str = LeadStatus.NEW
    stage_kind: str = StageKind.OPEN
    priority: str = Priority.MEDIUM
    budget_min: Decimal | None = None
    budget_max: Decimal | None = None
    notes: str | None = None
    tags: list[str] = field(default_factory=list[str])
    custom_fields: dict[str, object] = field(default_factory=dict[str, object])
    assigned_to: UUID | None = None
    office: str | None = None
    team: str | None = None
    consents: list[Consent] = field(default_factory=list[Consent])
    score: int = 0
    score_reasons: list[str] = field(default_factory=list[str])
    score_until: datetime | None = None
    ai_summary: str | None = None
    activity: dict[str, int] = field(default_factory=dict[str, int])
    claimants: list[UUID] | None = None
    claim_until: datetime | None = None
    claim_fallback: UUID | None = None
    merged_into: UUID | None = None
    deleted_at: datetime | None = None
    deleted_by: str | None = None

    @property
    def ownership(self) -> Ownership:
        """Owner, office and team, for access control."""
        return Ownership(self.assigned_to, self.office, self.team)

    @property
    def name(self) -> str:
        """Display name: the person's name, or else their first contact."""
        return " ".join(filter(None, (self.first_name, self.last_name))) or (self.emails or self.phones or ["?"])[0]


def to_api_fields(lead: Lead) -> dict[str, object]:
    """The fields of a person, by their names in the API."""
    return {
        "firstName": lead.first_name,
        "lastName": lead.last_name,
        "emails": lead.emails,
        "phones": lead.phones,
        "source": lead.source,
        "status": lead.status,
        "priority": lead.priority,
        "budgetMin": None if lead.budget_min is None else float(lead.budget_min),
        "budgetMax": None if lead.budget_max is None else float(lead.budget_max),
        "notes": lead.notes,
        "tags": lead.tags,
        "customFields": lead.custom_fields,
        "assignedTo": lead.assigned_to,
        "consents": lead.consents,
        "aiSummary": lead.ai_summary,
        "createdAt": lead.created_at,
    }


def to_payload(lead: Lead, actor: Actor, **details: object) -> Mapping[str, object]:
    """The payload of a lead's outbox event: ids and enum values, no personal data."""
    owner = None if lead.assigned_to is None else str(lead.assigned_to)
    return {"leadId": str(lead.id), "ownerId": owner, "by": actor.name, **details}


def new_lead(lead_id: UUID, at: datetime) -> Lead:
    """An empty lead, created at a time."""
    return Lead(lead_id, at, at, at)


def with_owner(lead: Lead, owner: User) -> Lead:
    """The lead assigned to a user, whose office and team it takes; a pending offer to claimants ends."""
    return replace(
        lead,
        assigned_to=owner.id,
        office=owner.office,
        team=owner.team,
        claimants=None,
        claim_until=None,
        claim_fallback=None,
    )


def rescore(lead: Lead, at: datetime) -> Lead:
    """The lead with its score as of a time."""
    score = to_score(
        ScoreInput(
            lead.status,
            has_budget=lead.budget_min is not None or lead.budget_max is not None,
            has_email=bool(lead.emails),
            has_phone=bool(lead.phones),
            activity=lead.activity,
            last_activity_at=lead.last_activity_at,
            kind=StageKind(lead.stage_kind),
        ),
        at,
    )
    return replace(lead, score=score.points, score_reasons=list(score.reasons), score_until=score.until)


def record_activity(lead: Lead, kind: str, at: datetime, now: datetime) -> Lead:
    """The lead with one more activity of a kind, rescored. An activity in the future counts as of now."""
    activity = lead.activity | {str(kind): lead.activity.get(kind, 0) + 1}
    last = max(lead.last_activity_at, min(at, now))
    return rescore(replace(lead, activity=activity, last_activity_at=last), now)


def merge_fields(lead: Lead, into: Lead) -> Lead:
    """`into`, completed from `lead`. Lists are united, counters added; where both have a value, that of `into` wins."""
    activity = {kind: lead.activity.get(kind, 0) + into.activity.get(kind, 0) for kind in lead.activity | into.activity}
    budgets = (into.budget_min, into.budget_max)
    if budgets == (None, None):
        budgets = (lead.budget_min, lead.budget_max)
    return replace(
        into,
        first_name=into.first_name or lead.first_name,
        last_name=into.last_name or lead.last_name,
        emails=list(dict.fromkeys([*into.emails, *lead.emails])),
        phones=list(dict.fromkeys([*into.phones, *lead.phones])),
        source=into.source or lead.source,
        budget_min=budgets[0],
        budget_max=budgets[1],
        notes="\n\n".join(dict.fromkeys(filter(None, (into.notes, lead.notes)))) or None,
        tags=list(dict.fromkeys([*into.tags, *lead.tags])),
        custom_fields={**lead.custom_fields, **into.custom_fields},
        consents=in_order((*lead.consents, *into.consents)),
        ai_summary=into.ai_summary or lead.ai_summary,
        activity=activity,
        created_at=min(lead.created_at, into.created_at),
        last_activity_at=max(lead.last_activity_at, into.last_activity_at),
    )


def to_name_text(first_name: str, last_name: str) -> str:
    """The names as the keyword search indexes them."""
    return _to_text([first_name, last_name])


def to_search_text(first_name: str, last_name: str, emails: Sequence[str], phones: Sequence[str]) -> str:
    """Names and contacts as the keyword search indexes them; numbers by their last ten digits, too."""
    digits = [phone.partition(";")[0][-10:] for phone in phones]
    return _to_text([first_name, last_name, *emails, *phones, *digits])


def to_words(text: str) -> list[str]:
    """The words of a text as the keyword search compares them: folded, and without apostrophes."""
    return fold(text).replace("'", "").split()


def _to_text(texts: Sequence[str]) -> str:
    """Every word preceded by two spaces, so that the beginning of a word makes a trigram of its own."""
    words = to_words(" ".join(texts))
    return "".join(f"  {word}" for word in dict.fromkeys(words))
