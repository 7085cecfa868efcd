"""Assigning leads: the new owner, the tasks that follow them, the log and the outbox event, in one transaction."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from platbook import audit
from platbook.accounts import User, get_user
from platbook.audit import AuditSubject
from platbook.audit.changes import describe_changes
from platbook.base.actor import Actor
from platbook.base.errors import Conflict, InvalidInput, NotAllowed
from platbook.base.rights import Right
from platbook.crm.enums import InteractionType
from platbook.crm.interactions.log import log_interaction
from platbook.crm.leads.assignees import can_assign, resolve_assignee
from platbook.crm.leads.lead import Lead, to_payload, with_owner
from platbook.crm.leads.rows import lock_lead, save_lead
from platbook.crm.leads.visibility import can_claim, check_lead, view_lead
from platbook.crm.tasks.rows import follow_owner
from platbook.db import ReadConnection, WriteConnection
from platbook.jobs.outbox import write_event

_AUDITED_FIELDS = ("assigned_to", "office", "team")


async def assign_lead(connection: WriteConnection, actor: Actor, lead_id: UUID, user_id: UUID, at: datetime) -> Lead:
    """Assign a lead to a user. InvalidInput for an unknown user; NotAllowed outside the actor's team or office."""
    before = check_lead(actor, Right.ASSIGN_LEADS, await lock_lead(connection, lead_id))
    return await assign_owner(connection, actor, before, await get_assignee(connection, actor, user_id), at)


async def claim_lead(connection: WriteConnection, actor: Actor, lead_id: UUID, at: datetime) -> Lead:
    """Claim an unassigned lead; the first caller gets it. Conflict for a later one who sees it, else NotFound."""
    lead = await lock_lead(connection, lead_id)
    if lead is None or lead.deleted_at is not None or not can_claim(actor, lead):
        view = view_lead(actor, lead)
        if view.lead.assigned_to is not None:
            raise Conflict("this lead has an owner already; ask a manager to reassign it")
        raise NotAllowed("you may not claim this lead; it is offered to other users")
    owner_id = acting_owner_id(actor)
    if owner_id is None:
        raise NotAllowed("only a user can claim a lead; log in as one, or assign the lead")
    owner = await get_user(connection, owner_id)
    if not owner.is_active:
        raise NotAllowed("the agent you work for is disabled, and claims no leads")
    return await assign_owner(connection, actor, lead, owner, at)


async def assign_owner(connection: WriteConnection, actor: Actor, before: Lead, owner: User, at: datetime) -> Lead:
    """Give a locked lead a new owner. Access control is the caller's."""
    lead = with_owner(before, owner)
    if lead == before:
        return before
    lead = replace(lead, updated_at=at)
    await save_lead(connection, lead)
    await hand_over(connection, actor, before, lead, at)
    details = describe_changes(before, lead, _AUDITED_FIELDS, _AUDITED_FIELDS)
    await audit.record(connection, actor, "lead assigned", AuditSubject("lead", str(lead.id)), at, details)
    return lead


async def hand_over(connection: WriteConnection, actor: Actor, before: Lead, lead: Lead, at: datetime) -> None:
    """Let the tasks of a lead follow its new owner, and log the assignment."""
    await follow_owner(connection, lead, before.assigned_to, at)
    await log_assignment(connection, actor, lead, before.assigned_to, at)


async def log_assignment(
    connection: WriteConnection, actor: Actor, lead: Lead, former: UUID | None, at: datetime
) -> None:
    """Log an assignment, and write its event."""
    metadata = {"from": former and str(former), "to": lead.assigned_to and str(lead.assigned_to)}
    await log_interaction(connection, actor, lead.id, InteractionType.ASSIGNED, at, metadata=metadata)
    await write_event(connection, "lead assigned", to_payload(lead, actor, **metadata), at)


async def get_assignee(connection: ReadConnection, actor: Actor, user_id: UUID) -> User:
    """An active user to whom the actor may assign a lead: oneself, or one of their team or office.

    Errors: InvalidInput, NotAllowed.
    """
    user = await resolve_assignee(connection, user_id)
    if not can_assign(actor, user):
        raise NotAllowed("you may not assign leads to this user; choose a user of your office or team")
    if not user.is_active:
        raise InvalidInput.of("assignedTo", "this user is disabled; choose another one")
    return user


def acting_owner_id(actor: Actor) -> UUID | None:
    """The user who becomes the owner of what an actor creates or claims: an assistant's agent, if it is one."""
    return next(iter(actor.agents)) if len(actor.agents) == 1 else actor.user_id
