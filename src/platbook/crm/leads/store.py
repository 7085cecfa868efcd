"""Making, changing, giving away and deleting leads, each with its entry in the log and its event."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import cast
from uuid import UUID

from platbook import audit
from platbook.accounts import User, get_user
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.base.errors import Conflict, Gone, InvalidInput, NotAllowed, NotFound
from platbook.base.ids import new_id
from platbook.base.rights import Ownership, Right, has_right, record_access, require
from platbook.crm.contacts import EMAIL
from platbook.crm.enums import InteractionType
from platbook.crm.interactions.log import log_interaction
from platbook.crm.leads.lead import Lead, Said, apply_patch, new_lead, rescore
from platbook.crm.leads.rows import (
    ContactKey,
    Q,
    contacts_of,
    get_lead,
    insert_lead,
    lock_lead,
    save_lead,
    sync_contacts,
)
from platbook.crm.visibility import LeadView, can_claim, check_lead, view_lead
from platbook.db import ReadConnection, WriteConnection
from platbook.jobs.outbox import write_event

_SETTLED_BY_RIGHTS = ("assigned_to", "office", "team")


async def read_lead(connection: ReadConnection, actor: Actor, lead_id: UUID) -> LeadView:
    """One lead as the actor sees it. NotFound; Gone where it was merged into one that is seen."""
    lead = await get_lead(connection, lead_id)
    if lead is not None and lead.merged_into is not None:
        view_lead(actor, await get_lead(connection, lead.merged_into))
        raise Gone(f"this lead was merged into {lead.merged_into}")
    return view_lead(actor, lead)


async def create_lead(connection: WriteConnection, actor: Actor, said: Said, at: datetime) -> Lead:
    """Make a lead: an agent's own unless told otherwise, a manager's or admin's nobody's.

    InvalidInput names the field; Conflict LEAD_EXISTS where somebody is found by the same contact.
    """
    require(actor, Right.WRITE_CRM)
    lead = apply_patch(new_lead(new_id(), at), said, at)
    owner_id = cast("UUID | None", said.get("assigned_to")) or _default_owner(actor, said)
    if owner_id is None:
        office, team = said.get("office", actor.office), said.get("team", actor.team)
        lead = replace(lead, office=cast("str | None", office), team=cast("str | None", team))
    else:
        lead = with_owner(lead, await _get_owner(connection, actor, owner_id))
    if not record_access(actor, Right.WRITE_CRM).holds(lead.ownership):
        raise NotAllowed("a lead of that office or team is not yours to make")
    lead = rescore(lead, at)
    await insert_lead(connection, lead)
    await _refuse_known(connection, actor, await sync_contacts(connection, lead))
    await write_event(connection, "lead created", to_payload(lead, actor), at)
    if lead.assigned_to is not None:
        await log_assignment(connection, actor, lead, None, at)
    return lead


async def change_lead(connection: WriteConnection, actor: Actor, lead_id: UUID, said: Said, at: datetime) -> Lead:
    """Change what is said and leave the rest. Errors as of `create_lead`, NotFound, NotAllowed."""
    before = check_lead(actor, Right.WRITE_CRM, await lock_lead(connection, lead_id))
    lead = apply_patch(before, said, at)
    lead = await _settle(connection, actor, lead, said)
    if lead == before:
        return before
    lead = rescore(replace(lead, updated_at=at), at)
    await save_lead(connection, lead)
    had = set(contacts_of(before))  # what was another's too, and was let in by an import, may stay
    clashes = await sync_contacts(connection, lead)
    await _refuse_known(connection, actor, {one: who for one, who in clashes.items() if one not in had})
    await write_event(connection, "lead changed", to_payload(lead, actor, fields=_changed(before, lead)), at)
    if lead.status != before.status:
        metadata = {"from": before.status, "to": lead.status}
        await log_interaction(connection, actor, lead.id, InteractionType.STATUS_CHANGE, at, metadata=metadata)
        await write_event(connection, "lead stage changed", to_payload(lead, actor, **metadata), at)
    if lead.assigned_to != before.assigned_to:
        await _hand_over(connection, actor, before, lead, at)
    return lead


async def assign_lead(connection: WriteConnection, actor: Actor, lead_id: UUID, user_id: UUID, at: datetime) -> Lead:
    """Give a lead to a user. NotFound for an unknown user; NotAllowed beyond one's own team or office."""
    before = check_lead(actor, Right.ASSIGN_LEADS, await lock_lead(connection, lead_id))
    return await assign_owner(connection, actor, before, await _get_owner(connection, actor, user_id), at)


async def claim_lead(connection: WriteConnection, actor: Actor, lead_id: UUID, at: datetime) -> Lead:
    """Take an unassigned lead. The first one gets it; Conflict for the next, where they see it at all."""
    lead = await lock_lead(connection, lead_id)
    if lead is None or lead.deleted_at is not None or not can_claim(actor, lead):
        seen = view_lead(actor, lead)
        if seen.lead.assigned_to is not None:
            raise Conflict("this lead has an owner")
        raise NotAllowed("this lead is not there for you to claim")
    owner_id = acting_owner_id(actor)
    if owner_id is None:
        raise NotAllowed("only a user can claim a lead")
    return await assign_owner(connection, actor, lead, await get_user(connection, owner_id), at)


async def assign_owner(connection: WriteConnection, actor: Actor, before: Lead, owner: User, at: datetime) -> Lead:
    """Write a new owner down, with log, tasks and event; the caller has checked that it may be."""
    lead = with_owner(before, owner)
    if lead == before:
        return before
    lead = replace(lead, updated_at=at)
    await save_lead(connection, lead)
    await _hand_over(connection, actor, before, lead, at)
    return lead


async def delete_lead(connection: WriteConnection, actor: Actor, lead_id: UUID, at: datetime) -> None:
    """Take a lead with its tasks and log off every list. Its contacts are free again; nothing is erased."""
    lead = check_lead(actor, Right.DELETE_CRM, await lock_lead(connection, lead_id))
    await soft_delete_lead(connection, actor, lead, at)
    await audit.record(connection, actor, "lead deleted", AuditSubject("lead", str(lead_id)), at)
    await write_event(connection, "lead deleted", to_payload(lead, actor), at)


async def soft_delete_lead(connection: WriteConnection, actor: Actor, lead: Lead, at: datetime) -> None:
    """Mark a lead and what is left of it deleted."""
    params = {"lead_id": lead.id, "at": at, "by": actor.name}
    await connection.run(Q.hide_tasks, params)
    await connection.run(Q.hide_interactions, params)
    await connection.run(Q.drop_contacts, {"lead_id": lead.id, "kinds": [], "values": []})
    await save_lead(connection, replace(lead, deleted_at=at, deleted_by=actor.name, updated_at=at, score_until=None))


def with_owner(lead: Lead, owner: User) -> Lead:
    """The lead, an owner's: it has their office and team. Pure."""
    return replace(
        lead,
        assigned_to=owner.id,
        office=owner.office,
        team=owner.team,
        claimants=None,
        claim_until=None,
        claim_fallback=None,
    )


def _default_owner(actor: Actor, said: Said) -> UUID | None:
    """Whose a lead is that is given to nobody: nobody's, where the actor sees such; else the actor's."""
    nobodys = Ownership(None, actor.office, actor.team)
    is_placed = bool(said.keys() & {"office", "team"})
    if has_right(actor, Right.ASSIGN_LEADS) and (is_placed or record_access(actor, Right.WRITE_CRM).holds(nobodys)):
        return None
    return acting_owner_id(actor)


async def _settle(connection: WriteConnection, actor: Actor, lead: Lead, said: Said) -> Lead:
    """Owner, office and team as said, where the actor may say so."""
    wanted = {word: said[word] for word in _SETTLED_BY_RIGHTS if word in said and said[word] != getattr(lead, word)}
    if not wanted:
        return lead
    require(actor, Right.ASSIGN_LEADS)
    if wanted.get("assigned_to") is not None:
        if wanted.keys() & {"office", "team"}:
            raise InvalidInput.of("office", "goes with assignedTo: a lead has its owner's office and team")
        lead = with_owner(lead, await _get_owner(connection, actor, cast("UUID", wanted["assigned_to"])))
    elif lead.assigned_to is not None and "assigned_to" not in wanted:
        raise InvalidInput.of("office", "a lead has its owner's office and team")
    else:
        lead = replace(lead, **cast("dict[str, None]", wanted))
    if not record_access(actor, Right.ASSIGN_LEADS).holds(lead.ownership):
        raise NotAllowed("that office or team is not yours to give a lead to")
    return lead


async def _get_owner(connection: ReadConnection, actor: Actor, user_id: UUID) -> User:
    """Whoever is to get a lead: an active user, oneself or one the actor may assign to."""
    try:
        user = await get_user(connection, user_id)
    except NotFound:
        raise InvalidInput.of("assignedTo", "there is no such user") from None
    mine = Ownership(user.id, user.office, user.team)
    if not (record_access(actor, Right.WRITE_CRM).holds(mine) or record_access(actor, Right.ASSIGN_LEADS).holds(mine)):
        raise NotAllowed("that user is not yours to give a lead to")
    if not user.is_active:
        raise InvalidInput.of("assignedTo", "this user is disabled")
    return user


async def _hand_over(connection: WriteConnection, actor: Actor, before: Lead, lead: Lead, at: datetime) -> None:
    params = {
        "lead_id": lead.id,
        "owner": lead.assigned_to,
        "former": before.assigned_to,
        "office": lead.office,
        "team": lead.team,
        "at": at,
    }
    await connection.run(Q.give_tasks, params)
    await log_assignment(connection, actor, lead, before.assigned_to, at)


async def log_assignment(
    connection: WriteConnection, actor: Actor, lead: Lead, former: UUID | None, at: datetime
) -> None:
    """Write into the log, and to whom it concerns, whose a lead is now."""
    metadata = {"from": former and str(former), "to": lead.assigned_to and str(lead.assigned_to)}
    await log_interaction(connection, actor, lead.id, InteractionType.ASSIGNED, at, metadata=metadata)
    await write_event(connection, "lead assigned", to_payload(lead, actor, **metadata), at)


async def _refuse_known(connection: WriteConnection, actor: Actor, clashes: Mapping[ContactKey, UUID]) -> None:
    """Conflict where somebody is found by one of these; their id only for those who see them whole."""
    for (kind, _), lead_id in clashes.items():
        known = await get_lead(connection, lead_id)
        is_seen = known is not None and record_access(actor, Right.READ_CRM).holds(known.ownership)
        words = "e-mail address" if kind == EMAIL else "telephone number"
        extra = {"leadId": str(lead_id)} if is_seen else None
        raise Conflict(f"there is a lead with this {words}", code="LEAD_EXISTS", extra=extra)


def acting_owner_id(actor: Actor) -> UUID | None:
    """In whose name an actor takes a lead: an assistant with one agent in the agent's, everybody else in their own."""
    return next(iter(actor.agents)) if len(actor.agents) == 1 else actor.user_id


def to_payload(lead: Lead, actor: Actor, **more: object) -> Mapping[str, object]:
    """An event's payload: ids and words, nothing of the person."""
    owner = None if lead.assigned_to is None else str(lead.assigned_to)
    return {"leadId": str(lead.id), "ownerId": owner, "by": actor.name, **more}


def _changed(before: Lead, lead: Lead) -> list[str]:
    return [name for name in Lead.__slots__ if getattr(before, name) != getattr(lead, name) and name != "updated_at"]
