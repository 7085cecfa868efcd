"""Partial updates of a lead: the fields that a caller sets, validated and applied. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypedDict
from uuid import UUID

from platbook.base.errors import InvalidInput
from platbook.crm.contacts import to_email, to_emails, to_phone, to_phones
from platbook.crm.enums import Priority
from platbook.crm.leads.consents import ConsentInput, add_consents
from platbook.crm.leads.lead import Lead
from platbook.crm.stages.stage import default_kind

MAX_TAGS = 100
MAX_BUDGET = Decimal(10) ** 12
_MAX_TAG_LENGTH = 100
_MAX_CUSTOM_FIELDS = 200
_MAX_FIELD_NAME_LENGTH = 100
_MAX_NAME_LENGTH = 200


class LeadPatch(TypedDict, total=False):
    """New values of a lead's fields; a key that is absent leaves its field unchanged.

    None clears a field, but leaves `emails`, `phones`, `status`, `priority`, `tags`, `custom_fields` and `consents`
    unchanged. `email` and `phone_number` put one contact first, None removes the first. `custom_fields` is merged by
    name, where None removes a field; `consents` are statements to add.
    """

    first_name: str | None
    last_name: str | None
    email: str | None
    phone_number: str | None
    emails: Sequence[str] | None
    phones: Sequence[str] | None
    source: str | None
    status: str | None
    priority: Priority | None
    budget_min: Decimal | None
    budget_max: Decimal | None
    notes: str | None
    tags: Sequence[str] | None
    custom_fields: Mapping[str, object] | None
    assigned_to: UUID | None
    office: str | None
    team: str | None
    consents: Sequence[ConsentInput] | None
    ai_summary: str | None


def apply_patch(lead: Lead, patch: LeadPatch, at: datetime) -> Lead:
    """The lead with a patch applied, but for owner, office and team, which are a matter of access control.

    The kind of a new stage is that of the ten; the caller sets that of a stage that an admin added.
    Errors: InvalidInput naming the field.
    """
    status = patch.get("status") or lead.status
    patched = replace(
        lead,
        first_name=_to_name("firstName", patch["first_name"]) if "first_name" in patch else lead.first_name,
        last_name=_to_name("lastName", patch["last_name"]) if "last_name" in patch else lead.last_name,
        emails=_to_emails(patch, lead.emails),
        phones=_to_phones(patch, lead.phones),
        source=patch.get("source", lead.source),
        status=status,
        stage_kind=default_kind(status) if status != lead.status else lead.stage_kind,
        priority=patch.get("priority") or lead.priority,
        budget_min=_to_budget("budgetMin", patch["budget_min"]) if "budget_min" in patch else lead.budget_min,
        budget_max=_to_budget("budgetMax", patch["budget_max"]) if "budget_max" in patch else lead.budget_max,
        notes=patch.get("notes", lead.notes),
        tags=lead.tags if (tags := patch.get("tags")) is None else to_tags(tags),
        custom_fields=_merge_custom_fields(lead.custom_fields, patch.get("custom_fields") or {}),
        consents=add_consents(lead.consents, patch.get("consents") or (), at),
        ai_summary=patch.get("ai_summary", lead.ai_summary),
    )
    if not (patched.first_name or patched.last_name or patched.emails or patched.phones):
        raise InvalidInput.of("lastName", "a lead needs a name, an e-mail address or a telephone number")
    if patched.budget_min is not None and patched.budget_max is not None and patched.budget_min > patched.budget_max:
        raise InvalidInput.of("budgetMin", "must not be greater than budgetMax")
    return patched


def to_tags(texts: Sequence[str]) -> list[str]:
    """Normalise and deduplicate tags, in order. Errors: InvalidInput."""
    tags = list(dict.fromkeys(stripped for text in texts if (stripped := text.strip())))
    if len(tags) > MAX_TAGS or any(len(tag) > _MAX_TAG_LENGTH for tag in tags):
        raise InvalidInput.of("tags", f"must have at most {MAX_TAGS} tags of at most {_MAX_TAG_LENGTH} characters")
    return tags


def _to_name(field: Literal["firstName", "lastName"], text: str | None) -> str:
    name = " ".join((text or "").split())
    if len(name) > _MAX_NAME_LENGTH:
        raise InvalidInput.of(field, f"must have at most {_MAX_NAME_LENGTH} characters")
    return name


def _to_emails(patch: LeadPatch, stored: list[str]) -> list[str]:
    emails = stored if (texts := patch.get("emails")) is None else to_emails(texts)
    if "email" not in patch:
        return emails
    if (text := patch["email"]) is None:
        return _without_first(emails, stored)
    try:
        first = to_email(text)
    except ValueError as error:
        raise InvalidInput.of("email", str(error)) from None
    return _with_first(emails, first)


def _to_phones(patch: LeadPatch, stored: list[str]) -> list[str]:
    phones = stored if (texts := patch.get("phones")) is None else to_phones(texts)
    if "phone_number" not in patch:
        return phones
    if (text := patch["phone_number"]) is None:
        return _without_first(phones, stored)
    try:
        first = to_phone(text)
    except ValueError as error:
        raise InvalidInput.of("phoneNumber", str(error)) from None
    return _with_first(phones, first)


def _with_first(contacts: list[str], first: str) -> list[str]:
    return [first, *(one for one in contacts if one != first)]


def _without_first(contacts: list[str], stored: list[str]) -> list[str]:
    """Without the contact that was the first before the patch."""
    return [one for one in contacts if one not in stored[:1]]


def _to_budget(field: Literal["budgetMin", "budgetMax"], value: Decimal | None) -> Decimal | None:
    if value is None:
        return None
    if not (value.is_finite() and 0 <= value <= MAX_BUDGET):
        raise InvalidInput.of(field, f"must be 0 to {MAX_BUDGET}")
    return value.quantize(Decimal("0.01"))


def _merge_custom_fields(stored: dict[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    fields = {name: value for name, value in {**stored, **changes}.items() if value is not None}
    if len(fields) > _MAX_CUSTOM_FIELDS or any(not 1 <= len(name) <= _MAX_FIELD_NAME_LENGTH for name in changes):
        raise InvalidInput.of(
            "customFields",
            f"must have at most {_MAX_CUSTOM_FIELDS} fields with names of 1 to {_MAX_FIELD_NAME_LENGTH} characters",
        )
    return fields
