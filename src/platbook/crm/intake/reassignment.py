"""Open leads and tasks of disabled users go to somebody who can log in: by the rules, or to the office's manager.

Where there is neither, they have no owner: leads then stand among the unassigned ones of their office. Done leads stay
with their owner, until an inquiry comes in.
"""

from dataclasses import replace
from datetime import datetime

from platbook import audit
from platbook.accounts import User, get_user
from platbook.accounts.users import find_office_manager
from platbook.audit import AuditSubject
from platbook.base.actor import Actor, Role
from platbook.crm.intake.routing import RoutingContext, announce_offer, route_lead
from platbook.crm.leads.lead import Lead, with_owner
from platbook.crm.leads.rows import lock_leads, lock_open_leads_of_disabled, save_lead
from platbook.crm.lifecycle.ownership import hand_over
from platbook.crm.tasks.rows import lock_open_tasks_of_disabled, save_task
from platbook.crm.tasks.task import Task, to_payload
from platbook.db import ReadConnection, WriteConnection
from platbook.jobs.outbox import write_event

_REASSIGNMENT = Actor("reassignment", role=Role.ADMIN)
_BATCH = 200


async def reassign_leads(connection: WriteConnection, at: datetime) -> int:
    """Reassign a batch of open leads whose owners are disabled; how many. Call again until it is 0."""
    leads = await lock_leads(connection, await lock_open_leads_of_disabled(connection, _BATCH))
    for lead in leads.values():
        await _reassign(connection, _REASSIGNMENT, lead, RoutingContext(lead.source), at)
    return len(leads)


async def reassign_tasks(connection: WriteConnection, at: datetime) -> int:
    """Reassign a batch of open tasks of disabled users: to their lead's owner, or the office's manager; how many."""
    tasks = await lock_open_tasks_of_disabled(connection, _BATCH)
    for task in tasks:
        assignee = await _find_assignee(connection, task)
        changed = replace(task, assigned_to=None if assignee is None else assignee.id, updated_at=at)
        await save_task(connection, changed)
        details = {"from": str(task.assigned_to), "to": changed.assigned_to and str(changed.assigned_to)}
        await audit.record(
            connection, _REASSIGNMENT, "task reassigned", AuditSubject("task", str(task.id)), at, details
        )
        await write_event(connection, "task changed", to_payload(changed, _REASSIGNMENT), at)
    return len(tasks)


async def with_active_owner(
    connection: WriteConnection, actor: Actor, lead: Lead, context: RoutingContext, at: datetime
) -> Lead:
    """A locked lead, reassigned where its owner is disabled."""
    if lead.assigned_to is None or (await get_user(connection, lead.assigned_to)).is_active:
        return lead
    return await _reassign(connection, actor, lead, context, at)


async def _reassign(
    connection: WriteConnection, actor: Actor, before: Lead, context: RoutingContext, at: datetime
) -> Lead:
    lead = await route_lead(connection, replace(before, assigned_to=None), context, at)
    if lead.assigned_to is None and lead.claimants is None:
        manager = await find_office_manager(connection, before.office, before.team)
        lead = lead if manager is None else with_owner(lead, manager)
    lead = replace(lead, updated_at=at)
    await save_lead(connection, lead)
    await hand_over(connection, actor, before, lead, at)
    await announce_offer(connection, actor, lead, at)
    details = {"from": str(before.assigned_to), "to": lead.assigned_to and str(lead.assigned_to)}
    await audit.record(connection, actor, "lead reassigned", AuditSubject("lead", str(lead.id)), at, details)
    return lead


async def _find_assignee(connection: ReadConnection, task: Task) -> User | None:
    if task.lead_owner is not None:
        owner = await get_user(connection, task.lead_owner)
        if owner.is_active:
            return owner
    return await find_office_manager(connection, task.office, task.team)
