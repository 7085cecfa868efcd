"""Creating and changing leads."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from platbook import audit
from platbook.audit import AuditSubject
from platbook.audit.changes import describe_changes
from platbook.base.actor import Actor
from platbook.base.errors import Conflict, InvalidInput, NotAllowed
from platbook.base.ids import new_id
from platbook.base.rights import Ownership, Right, has_right, record_access, require
from platbook.crm.contacts import EMAIL, PHONE
from platbook.crm.duplicates.rows import save_likenesses
from platbook.crm.enums import InteractionType
from platbook.crm.interactions.log import log_interaction
from platbook.crm.leads.lead import Lead, new_lead, rescore, to_payload, with_owner
from platbook.crm.leads.matching import Likeness, find_likenesses, match_person, person_of
from platbook.crm.leads.patch import LeadPatch, apply_patch
from platbook.crm.leads.rows import (
    ContactKey,
    get_lead,
    insert_lead,
    lock_contacts,
    lock_lead,
    save_lead,
    sync_contacts,
    to_contact_keys,
)
from platbook.crm.leads.visibility import check_lead
from platbook.crm.lifecycle.ownership import acting_owner_id, get_assignee, hand_over, log_assignment
from platbook.crm.stages.stages import find_usable_stage
from platbook.crm.suppressions.enforcement import enforce_suppression
from platbook.db import WriteConnection
from platbook.jobs.outbox import write_event

_COMPUTED = frozenset({"score", "score_reasons", "score_until", "last_activity_at"})
_AUDITED_VALUES = frozenset({"status", "priority", "source", "assigned_to", "office", "team"})
"""The fields that say nothing about a person."""


async def create_lead(connection: WriteConnection, actor: Actor, patch: LeadPatch, at: datetime) -> Lead:
    """Create a lead: by default an agent's own, and unassigned where managers and admins create it.

    InvalidInput names the field; Conflict LEAD_EXISTS where another lead has the same contact.
    """
    require(actor, Right.WRITE_CRM)
    blank = new_lead(new_id(), at)
    lead = await _with_stage_kind(connection, blank, apply_patch(blank, patch, at))
    owner_id = patch.get("assigned_to") or _default_owner_id(actor, patch)
    if owner_id is None:
        lead = replace(lead, office=patch.get("office", actor.office), team=patch.get("team", actor.team))
    else:
        lead = with_owner(lead, await get_assignee(connection, actor, owner_id))
    if not record_access(actor, Right.WRITE_CRM).holds(lead.ownership):
        raise NotAllowed("you may not create leads of this office or team; choose your own")
    lead = rescore(lead, at)
    await lock_contacts(connection, to_contact_keys(lead))
    likenesses = await _check_no_duplicate(connection, actor, lead)
    lead = await enforce_suppression(connection, actor, lead, at)
    await insert_lead(connection, lead)
    await _sync_contacts(connection, actor, lead, known=frozenset())
    await save_likenesses(connection, {lead.id: likenesses}, at)
    await write_event(connection, "lead created", to_payload(lead, actor), at)
    await audit.record(connection, actor, "lead created", AuditSubject("lead", str(lead.id)), at)
    if lead.assigned_to is not None:
        await log_assignment(connection, actor, lead, None, at)
    return lead


async def change_lead(connection: WriteConnection, actor: Actor, lead_id: UUID, patch: LeadPatch, at: datetime) -> Lead:
    """Apply a patch to a lead. Errors as of `create_lead`, NotFound, NotAllowed."""
    await _lock_added_contacts(connection, actor, lead_id, patch, at)
    before = check_lead(actor, Right.WRITE_CRM, await lock_lead(connection, lead_id))
    patched = await _with_stage_kind(connection, before, apply_patch(before, patch, at))
    lead = await _apply_ownership(connection, actor, patched, patch)
    if lead == before:
        return before
    lead = await enforce_suppression(connection, actor, rescore(replace(lead, updated_at=at), at), at, before)
    await save_lead(connection, lead)
    known = frozenset(to_contact_keys(before))  # contacts that intake or import let it share with another lead stay
    likenesses = await _check_no_duplicate(connection, actor, lead, before)
    await _sync_contacts(connection, actor, lead, known)
    await save_likenesses(connection, {lead.id: likenesses}, at)
    fields = _changed_fields(before, lead)
    await write_event(connection, "lead changed", to_payload(lead, actor, fields=fields), at)
    details = describe_changes(before, lead, [name for name in fields if name not in _COMPUTED], _AUDITED_VALUES)
    await audit.record(connection, actor, "lead changed", AuditSubject("lead", str(lead_id)), at, details)
    if lead.status != before.status:
        metadata = {"from": before.status, "to": lead.status}
        await log_interaction(connection, actor, lead.id, InteractionType.STATUS_CHANGE, at, metadata=metadata)
        await write_event(connection, "lead stage changed", to_payload(lead, actor, **metadata), at)
    if lead.assigned_to != before.assigned_to:
        await hand_over(connection, actor, before, lead, at)
    return lead


async def _with_stage_kind(connection: WriteConnection, before: Lead, lead: Lead) -> Lead:
    """The lead with the kind of the stage that it moves to. Errors: InvalidInput for one that it may not."""
    if lead.status == before.status:
        return lead
    return replace(lead, stage_kind=(await find_usable_stage(connection, lead.status)).kind)


def _default_owner_id(actor: Actor, patch: LeadPatch) -> UUID | None:
    """None, where the actor has access to unassigned leads; else their own user."""
    unassigned = Ownership(None, actor.office, actor.team)
    has_group = bool(patch.keys() & {"office", "team"})
    if has_right(actor, Right.ASSIGN_LEADS) and (has_group or record_access(actor, Right.WRITE_CRM).holds(unassigned)):
        return None
    return acting_owner_id(actor)


async def _apply_ownership(connection: WriteConnection, actor: Actor, lead: Lead, patch: LeadPatch) -> Lead:
    """Set owner, office and team, as far as the actor may."""
    owner_id = patch.get("assigned_to", lead.assigned_to)
    office, team = patch.get("office", lead.office), patch.get("team", lead.team)
    changes_owner = owner_id != lead.assigned_to
    changes_group = (office, team) != (lead.office, lead.team)
    if not changes_owner and not changes_group:
        return lead
    require(actor, Right.ASSIGN_LEADS)
    if changes_owner and owner_id is not None:
        if changes_group:
            raise InvalidInput.of("office", "must be left out with assignedTo: a lead has its owner's office and team")
        lead = with_owner(lead, await get_assignee(connection, actor, owner_id))
    elif lead.assigned_to is not None and not changes_owner:
        raise InvalidInput.of("office", "cannot be changed while the lead has an owner: it has their office and team")
    else:
        lead = replace(lead, assigned_to=owner_id, office=office, team=team)
    if not record_access(actor, Right.ASSIGN_LEADS).holds(lead.ownership):
        raise NotAllowed("you may not move leads to this office or team; choose your own")
    return lead


async def _lock_added_contacts(
    connection: WriteConnection, actor: Actor, lead_id: UUID, patch: LeadPatch, at: datetime
) -> None:
    """Lock the contacts that a patch adds, before the lead is locked: the order of the intake, against deadlocks."""
    if patch.keys() & {"email", "phone_number", "emails", "phones"}:
        stored = check_lead(actor, Right.WRITE_CRM, await get_lead(connection, lead_id))
        known = to_contact_keys(stored)
        patched = apply_patch(stored, patch, at)
        await lock_contacts(connection, [key for key in to_contact_keys(patched) if key not in known])


async def _check_no_duplicate(
    connection: WriteConnection, actor: Actor, lead: Lead, before: Lead | None = None
) -> list[Likeness]:
    """What a lead has in common with others. Conflict where one is the same person by a contact that is new."""
    person = person_of(lead)
    match = await match_person(connection, person, before)
    if match.lead_id is not None:
        await _refuse(connection, actor, PHONE if match.by_phone else EMAIL, match.lead_id)
    return find_likenesses(person, match, lead.id)


async def _sync_contacts(connection: WriteConnection, actor: Actor, lead: Lead, known: frozenset[ContactKey]) -> None:
    """Store a lead's contacts. Conflict where another transaction gave one of its addresses to another lead."""
    for key, lead_id in (await sync_contacts(connection, lead)).items():
        if key[0] == EMAIL and key not in known:
            await _refuse(connection, actor, EMAIL, lead_id)


async def _refuse(connection: WriteConnection, actor: Actor, kind: str, lead_id: UUID) -> None:
    """Raise Conflict; the other lead is named only to those with full access to it."""
    other = await get_lead(connection, lead_id)
    is_visible = other is not None and record_access(actor, Right.READ_CRM).holds(other.ownership)
    label = "e-mail address" if kind == EMAIL else "telephone number"
    extra = {"leadId": str(lead_id)} if is_visible else None
    raise Conflict(f"another lead has this {label}", code="LEAD_EXISTS", extra=extra)


def _changed_fields(before: Lead, lead: Lead) -> list[str]:
    return [name for name in Lead.__slots__ if getattr(before, name) != getattr(lead, name) and name != "updated_at"]
