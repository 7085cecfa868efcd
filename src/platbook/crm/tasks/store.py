"""Creating, changing, completing and deleting tasks, and sending their reminders.

Each change is written with its event in the transactional outbox. A task about a lead is visible to those who see the
lead, so it has the lead's owner, office and team.
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from platbook import audit
from platbook.audit import AuditSubject
from platbook.audit.changes import describe_changes
from platbook.base.actor import Actor
from platbook.base.errors import InvalidInput, NotAllowed, NotFound
from platbook.base.ids import new_id
from platbook.base.rights import Ownership, Right, require
from platbook.crm.enums import InteractionType
from platbook.crm.interactions.log import log_interaction
from platbook.crm.leads.assignees import can_assign, resolve_assignee
from platbook.crm.leads.lead import record_activity
from platbook.crm.leads.rows import lock_lead, save_lead
from platbook.crm.leads.visibility import check_lead
from platbook.crm.tasks.rows import get_task, insert_task, lock_task, save_task, take_due_reminders
from platbook.crm.tasks.task import Task, TaskPatch, apply_patch, complete, to_payload
from platbook.crm.tasks.visibility import check_task
from platbook.db import ReadConnection, WriteConnection
from platbook.jobs.outbox import write_event

_AUDITED_VALUES = frozenset(
    {"type", "due_date", "time_zone", "priority", "lead_id", "assigned_to", "completed_at", "remind_minutes_before"}
)
_AUDITED_FIELDS = _AUDITED_VALUES | {"title", "description"}
"""Of a title and a description only that they changed: they may be about a person."""


async def read_task(connection: ReadConnection, actor: Actor, task_id: UUID) -> Task:
    """One task. NotFound."""
    return check_task(actor, Right.READ_CRM, await get_task(connection, task_id))


async def create_task(connection: WriteConnection, actor: Actor, patch: TaskPatch, at: datetime) -> Task:
    """Create a task, by default assigned to the actor. InvalidInput names the field."""
    require(actor, Right.WRITE_CRM)
    patch = {"assigned_to": actor.user_id, **patch}
    task = apply_patch(Task(new_id(), "", actor.name, at, at), patch, at)
    task = await _apply_assignment(connection, actor, task, patch)
    task = await insert_task(connection, task)
    await write_event(connection, "task created", to_payload(task, actor), at)
    await audit.record(connection, actor, "task created", _subject(task), at)
    if task.completed_at is not None:
        await _log_completed(connection, actor, task, at)
    return task


async def change_task(connection: WriteConnection, actor: Actor, task_id: UUID, patch: TaskPatch, at: datetime) -> Task:
    """Apply a patch to a task. Errors as of `create_task`, NotFound, NotAllowed."""
    before = check_task(actor, Right.WRITE_CRM, await lock_task(connection, task_id))
    task = await _apply_assignment(connection, actor, apply_patch(before, patch, at), patch)
    return await _save(connection, actor, before, task, at)


async def set_completed(
    connection: WriteConnection, actor: Actor, task_id: UUID, at: datetime, *, completed: bool
) -> Task:
    """Complete or reopen a task. Idempotent."""
    before = check_task(actor, Right.WRITE_CRM, await lock_task(connection, task_id))
    task = complete(before, at) if completed else replace(before, completed_at=None)
    return await _save(connection, actor, before, task, at)


async def delete_task(connection: WriteConnection, actor: Actor, task_id: UUID, at: datetime) -> None:
    """Soft-delete a task."""
    task = check_task(actor, Right.DELETE_CRM, await lock_task(connection, task_id))
    await save_task(connection, replace(task, deleted_at=at, deleted_by=actor.name))
    await write_event(connection, "task deleted", to_payload(task, actor), at)
    await audit.record(connection, actor, "task deleted", _subject(task), at)


async def send_reminders(connection: WriteConnection, at: datetime, *, limit: int = 500) -> int:
    """Write an outbox event for each reminder that is due; how many. Each reminder is sent once."""
    reminders = await take_due_reminders(connection, at, limit)
    for one in reminders:
        payload = {
            "taskId": str(one.id),
            "leadId": one.lead_id and str(one.lead_id),
            "assignedTo": one.assigned_to and str(one.assigned_to),
        }
        await write_event(connection, "task due", payload, at)
    return len(reminders)


async def _save(connection: WriteConnection, actor: Actor, before: Task, task: Task, at: datetime) -> Task:
    if task == before:
        return before
    task = await save_task(connection, replace(task, updated_at=at))
    details = describe_changes(before, task, _AUDITED_FIELDS, _AUDITED_VALUES)
    await audit.record(connection, actor, "task changed", _subject(task), at, details)
    if task.completed_at is not None and before.completed_at is None:
        await _log_completed(connection, actor, task, at)
    else:
        await write_event(connection, "task changed", to_payload(task, actor), at)
    return task


async def _apply_assignment(connection: WriteConnection, actor: Actor, task: Task, patch: TaskPatch) -> Task:
    """Set lead and assignee as far as the actor may, and the office and team that decide who sees the task."""
    if not patch.keys() & {"lead_id", "assigned_to"}:
        return task
    lead_id = patch.get("lead_id", task.lead_id)
    assigned_to = patch.get("assigned_to", task.assigned_to)
    ownership = Ownership()
    if assigned_to is not None:
        ownership = await _check_assignee(connection, actor, assigned_to, is_new=assigned_to != task.assigned_to)
    if lead_id is None:
        if assigned_to is None and actor.user_id is not None:
            raise InvalidInput.of("assignedTo", "is required for a task without a lead")
        return replace(
            task,
            lead_id=None,
            lead_owner=None,
            assigned_to=assigned_to,
            office=ownership.office,
            team=ownership.team,
        )
    try:
        lead = check_lead(actor, Right.WRITE_CRM, await lock_lead(connection, lead_id))
    except NotFound:
        if lead_id == task.lead_id:  # its assignee may not see the lead
            return replace(task, assigned_to=assigned_to)
        raise
    return replace(
        task, lead_id=lead.id, lead_owner=lead.assigned_to, assigned_to=assigned_to, office=lead.office, team=lead.team
    )


async def _check_assignee(connection: ReadConnection, actor: Actor, user_id: UUID, *, is_new: bool) -> Ownership:
    """The assignee's own records, if the actor may assign tasks to them."""
    user = await resolve_assignee(connection, user_id)
    if is_new and not can_assign(actor, user):
        raise NotAllowed("you may not assign tasks to this user; choose yourself or a user of your office or team")
    if is_new and not user.is_active:
        raise InvalidInput.of("assignedTo", "this user is disabled; choose another one")
    return user.ownership


def _subject(task: Task) -> AuditSubject:
    return AuditSubject("task", str(task.id))


async def _log_completed(connection: WriteConnection, actor: Actor, task: Task, at: datetime) -> None:
    if task.lead_id is not None and (lead := await lock_lead(connection, task.lead_id)) is not None:
        kind = InteractionType.TASK_COMPLETED
        metadata = {"taskId": str(task.id), "type": task.type}
        await log_interaction(connection, actor, task.lead_id, kind, at, content=task.title, metadata=metadata)
        await save_lead(connection, record_activity(lead, kind, at, at))
    await write_event(connection, "task completed", to_payload(task, actor), at)
