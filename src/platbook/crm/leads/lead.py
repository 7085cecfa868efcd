"""A lead as a value, and what may be said of one. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import TypedDict, cast
from uuid import UUID

from platbook.base.errors import InvalidInput
from platbook.base.rights import Ownership
from platbook.base.times import to_iso_z
from platbook.crm.contacts import to_email, to_emails, to_phone, to_phones
from platbook.crm.enums import ContactChannel, LeadStatus, Priority
from platbook.crm.leads.scoring import ScoreInput, to_score

MAX_TAGS = 100
LONGEST_TAG = 100
MOST_FIELDS = 200
LONGEST_FIELD = 100
MAX_BUDGET = Decimal(10) ** 12
_LONGEST_NAME = 200


class Consent(TypedDict):
    """One statement of consent: `at` in ISO 8601, `source` where it was given."""

    channel: str
    given: bool
    at: str
    source: str


@dataclass(frozen=True, slots=True)
class Lead:
    """One person. `activity` counts what happened by kind; `score_until`: when the score changes by time alone."""

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
        """Whose it is."""
        return Ownership(self.assigned_to, self.office, self.team)

    @property
    def name(self) -> str:
        """What to call them."""
        return " ".join(filter(None, (self.first_name, self.last_name))) or (self.emails or self.phones or ["?"])[0]


def to_api_fields(lead: Lead) -> dict[str, object]:
    """What is known of a person, by the API's words. Pure."""
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


Said = Mapping[str, object]
"""What is said of a lead, by the names of `Lead`'s fields; `email` and `phone_number` put one first."""

WRITABLE = frozenset(
    {
        "first_name", "last_name", "email", "phone_number", "emails", "phones", "source", "status", "priority",
        "budget_min", "budget_max", "notes", "tags", "custom_fields", "assigned_to", "office", "team", "consents",
        "ai_summary",
    }
)  # fmt: skip


def new_lead(lead_id: UUID, at: datetime) -> Lead:
    """A lead of whom nothing is known yet."""
    return Lead(lead_id, at, at, at)


def apply_patch(lead: Lead, said: Said, at: datetime) -> Lead:
    """The lead as it is after what was said. Owner, office and team are settled elsewhere: they are a matter of rights.

    Errors: InvalidInput naming the field.
    """
    emails = to_emails(cast("Sequence[str]", said["emails"])) if said.get("emails") is not None else lead.emails
    phones = to_phones(cast("Sequence[str]", said["phones"])) if said.get("phones") is not None else lead.phones
    changed = replace(
        lead,
        first_name=_name(said, "first_name", lead.first_name),
        last_name=_name(said, "last_name", lead.last_name),
        emails=_put_first(said, "email", emails, lead.emails),
        phones=_put_first(said, "phone_number", phones, lead.phones),
        source=cast("str | None", said.get("source", lead.source)),
        status=LeadStatus(str(said.get("status") or lead.status)),
        priority=Priority(str(said.get("priority") or lead.priority)),
        budget_min=_budget(said, "budget_min", lead.budget_min),
        budget_max=_budget(said, "budget_max", lead.budget_max),
        notes=cast("str | None", said.get("notes", lead.notes)),
        tags=to_tags(cast("Sequence[str]", said["tags"])) if said.get("tags") is not None else lead.tags,
        custom_fields=_fields(said, lead.custom_fields),
        consents=add_consents(lead.consents, cast("Sequence[Consent]", said.get("consents") or ()), at),
        ai_summary=cast("str | None", said.get("ai_summary", lead.ai_summary)),
    )
    if not (changed.first_name or changed.last_name or changed.emails or changed.phones):
        raise InvalidInput.of("lastName", "a lead needs a name, an e-mail address or a telephone number")
    if changed.budget_min is not None and changed.budget_max is not None and changed.budget_min > changed.budget_max:
        raise InvalidInput.of("budgetMin", "must not be greater than budgetMax")
    return changed


def rescore(lead: Lead, at: datetime) -> Lead:
    """The lead with its score as of a moment."""
    known = ScoreInput(
        LeadStatus(lead.status),
        has_budget=lead.budget_min is not None or lead.budget_max is not None,
        has_email=bool(lead.emails),
        has_phone=bool(lead.phones),
        activity=lead.activity,
        last_activity_at=lead.last_activity_at,
    )
    score = to_score(known, at)
    return replace(lead, score=score.points, score_reasons=list(score.reasons), score_until=score.until)


def record_activity(lead: Lead, kind: str, at: datetime, now: datetime) -> Lead:
    """The lead after something happened, scored anew. What is to happen counts as of now."""
    activity = lead.activity | {str(kind): lead.activity.get(kind, 0) + 1}
    last = max(lead.last_activity_at, min(at, now))
    return rescore(replace(lead, activity=activity, last_activity_at=last), now)


def add_consents(known: Sequence[Consent], said: Sequence[Consent], at: datetime) -> list[Consent]:
    """The statements so far and those that change something. Nothing is taken back: the last of a channel holds.

    Errors: InvalidInput for an unknown channel.
    """
    statements = list(known)
    for one in said:
        if one["channel"] not in set(ContactChannel):
            raise InvalidInput.of("consents", f"channel must be of {', '.join(ContactChannel)}")
        last = next((old for old in reversed(statements) if old["channel"] == one["channel"]), None)
        if last is None or last["given"] != one["given"]:
            when = one.get("at") or to_iso_z(at)
            statements.append(
                {"channel": one["channel"], "given": one["given"], "at": when, "source": one.get("source") or "api"}
            )
    return statements


def to_tags(texts: Sequence[str]) -> list[str]:
    """Tags, each once, in their order. Errors: InvalidInput."""
    tags = list(dict.fromkeys(stripped for text in texts if (stripped := text.strip())))
    if len(tags) > MAX_TAGS or any(len(tag) > LONGEST_TAG for tag in tags):
        raise InvalidInput.of("tags", f"takes {MAX_TAGS} tags of {LONGEST_TAG} characters")
    return tags


def to_name_text(first_name: str, last_name: str) -> str:
    """The names as the keyword search reads them."""
    return _to_text([first_name, last_name])


def to_search_text(first_name: str, last_name: str, emails: Sequence[str], phones: Sequence[str]) -> str:
    """Names and contacts as the keyword search reads them; numbers by their last ten digits too."""
    digits = [phone.partition(";")[0][-10:] for phone in phones]
    return _to_text([first_name, last_name, *emails, *phones, *digits])


def _name(said: Said, word: str, known: str) -> str:
    if word not in said:
        return known
    name = " ".join(str(said[word] or "").split())
    if len(name) > _LONGEST_NAME:
        raise InvalidInput.of(word, f"must have at most {_LONGEST_NAME} characters")
    return name


def _put_first(said: Said, word: str, kept: list[str], before: list[str]) -> list[str]:
    """`email` or `phone_number` names the first one; null takes away the one that was first."""
    if word not in said:
        return kept
    text = said[word]
    if text is None:
        return [one for one in kept if one not in before[:1]]
    api_word = "email" if word == "email" else "phoneNumber"
    try:
        first = to_email(str(text)) if word == "email" else to_phone(str(text))
    except ValueError as error:
        raise InvalidInput.of(api_word, str(error)) from None
    return [first, *(one for one in kept if one != first)]


def _budget(said: Said, word: str, known: Decimal | None) -> Decimal | None:
    if word not in said:
        return known
    if said[word] is None:
        return None
    value = Decimal(str(said[word]))
    if not (value.is_finite() and 0 <= value <= MAX_BUDGET):
        api_word = "budgetMin" if word == "budget_min" else "budgetMax"
        raise InvalidInput.of(api_word, f"must be 0 to {MAX_BUDGET}")
    return value.quantize(Decimal("0.01"))


def _fields(said: Said, known: dict[str, object]) -> dict[str, object]:
    """Custom fields are changed one by one; null takes one away."""
    changes = cast("Mapping[str, object]", said.get("custom_fields") or {})
    fields = {name: value for name, value in {**known, **changes}.items() if value is not None}
    if len(fields) > MOST_FIELDS or any(not 1 <= len(name) <= LONGEST_FIELD for name in changes):
        raise InvalidInput.of(
            "customFields", f"takes {MOST_FIELDS} fields with names of 1 to {LONGEST_FIELD} characters"
        )
    return fields


def _to_text(texts: Sequence[str]) -> str:
    """Every word after two spaces, so that the beginning of a word makes a trigram of its own."""
    words = " ".join(texts).lower().split()
    return "".join(f"  {word}" for word in dict.fromkeys(words))
