"""Making, changing, completing and deleting tasks. A task about a lead is seen by whoever sees that lead."""

from dataclasses import fields, replace
from datetime import datetime
from typing import cast
from uuid import UUID

from platbook.accounts import get_user
from platbook.base.actor import Actor
from platbook.base.errors import InvalidInput, NotAllowed, NotFound
from platbook.base.ids import new_id
from platbook.base.rights import Ownership, Right, record_access, require
from platbook.crm.enums import InteractionType
from platbook.crm.interactions.log import log_interaction
from platbook.crm.leads.lead import record_activity
from platbook.crm.leads.rows import lock_lead, save_lead
from platbook.crm.tasks.task import Said, Task, apply_patch, complete
from platbook.crm.visibility import check_lead, check_task
from platbook.db import ReadConnection, WriteConnection, load_queries
from platbook.jobs.outbox import write_event

Q = load_queries(__package__ or "platbook.crm.tasks")

COLUMNS = tuple(one.name for one in fields(Task))


async def read_task(connection: ReadConnection, actor: Actor, task_id: UUID) -> Task:
    """One task. NotFound."""
    return check_task(actor, Right.READ_CRM, await connection.first(Task, Q.get_task, {"id": task_id}))


async def create_task(connection: WriteConnection, actor: Actor, said: Said, at: datetime) -> Task:
    """Make a task, for oneself unless told otherwise. InvalidInput names the field; NotFound for a lead not seen."""
    require(actor, Right.WRITE_CRM)
    said = {"assigned_to": actor.user_id, **said}
    task = apply_patch(Task(new_id(), "", actor.name, at, at), said, at)
    task = await _settle(connection, actor, task, said)
    await insert_task(connection, task)
    await _tell(connection, actor, "task created", task, at)
    if task.completed_at is not None:
        await _note_completed(connection, actor, task, at)
    return task


async def insert_task(connection: WriteConnection, task: Task) -> None:
    """Add a task, whoever made it."""
    await connection.run(Q.add_task, to_params(task))


async def change_task(connection: WriteConnection, actor: Actor, task_id: UUID, said: Said, at: datetime) -> Task:
    """Change what is said and leave the rest. Errors as of `create_task`, NotAllowed."""
    before = await _lock(connection, actor, Right.WRITE_CRM, task_id)
    task = await _settle(connection, actor, apply_patch(before, said, at), said)
    return await _save(connection, actor, before, task, at)


async def set_completed(
    connection: WriteConnection, actor: Actor, task_id: UUID, at: datetime, *, completed: bool
) -> Task:
    """Say that a task is done, or is not; saying so twice changes nothing."""
    before = await _lock(connection, actor, Right.WRITE_CRM, task_id)
    task = complete(before, at) if completed else replace(before, completed_at=None)
    return await _save(connection, actor, before, task, at)


async def delete_task(connection: WriteConnection, actor: Actor, task_id: UUID, at: datetime) -> None:
    """Take a task off every list; it stays."""
    task = await _lock(connection, actor, Right.DELETE_CRM, task_id)
    await connection.run(Q.save_task, to_params(replace(task, deleted_at=at, deleted_by=actor.name)))
    await _tell(connection, actor, "task deleted", task, at)


async def send_reminders(connection: WriteConnection, at: datetime, *, most: int = 500) -> int:
    """Write an event for each reminder whose time has come; how many. Each is given once."""
    due = await connection.dicts(Q.take_reminders, {"at": at, "most": most})
    for one in due:
        payload = {
            "taskId": str(one["id"]),
            "leadId": one["lead_id"] and str(one["lead_id"]),
            "assignedTo": one["assigned_to"] and str(one["assigned_to"]),
        }
        await write_event(connection, "task due", payload, at)
    return len(due)


async def _lock(connection: WriteConnection, actor: Actor, right: Right, task_id: UUID) -> Task:
    return check_task(actor, right, await connection.first(Task, Q.lock_task, {"id": task_id}))


async def _save(connection: WriteConnection, actor: Actor, before: Task, task: Task, at: datetime) -> Task:
    if task == before:
        return before
    task = replace(task, updated_at=at)
    await connection.run(Q.save_task, to_params(task))
    if task.completed_at is not None and before.completed_at is None:
        await _note_completed(connection, actor, task, at)
    else:
        await _tell(connection, actor, "task changed", task, at)
    return task


async def _settle(connection: WriteConnection, actor: Actor, task: Task, said: Said) -> Task:
    """Lead and assigned person as said, where the actor may say so, and with them who sees the task."""
    if not said.keys() & {"lead_id", "assigned_to"}:
        return task
    lead_id = cast("UUID | None", said.get("lead_id", task.lead_id))
    assigned_to = cast("UUID | None", said.get("assigned_to", task.assigned_to))
    mine = Ownership()
    if assigned_to is not None:
        mine = await _assignee(connection, actor, assigned_to, is_new=assigned_to != task.assigned_to)
    if lead_id is None:
        if assigned_to is None and actor.user_id is not None:
            raise InvalidInput.of("assignedTo", "a task without a lead is somebody's to do")
        return replace(task, lead_id=None, lead_owner=None, assigned_to=assigned_to, office=mine.office, team=mine.team)
    try:
        lead = check_lead(actor, Right.WRITE_CRM, await lock_lead(connection, lead_id))
    except NotFound:
        if lead_id == task.lead_id:  # they are to do it, and do not see whom it is about
            return replace(task, assigned_to=assigned_to)
        raise InvalidInput.of("leadId", "there is no such lead") from None
    return replace(
        task, lead_id=lead.id, lead_owner=lead.assigned_to, assigned_to=assigned_to, office=lead.office, team=lead.team
    )


async def _assignee(connection: ReadConnection, actor: Actor, user_id: UUID, *, is_new: bool) -> Ownership:
    """Whoever is to do a task: oneself, or somebody the actor writes or assigns for."""
    try:
        user = await get_user(connection, user_id)
    except NotFound:
        raise InvalidInput.of("assignedTo", "there is no such user") from None
    mine = Ownership(user.id, user.office, user.team)
    if is_new and not any(record_access(actor, right).holds(mine) for right in (Right.WRITE_CRM, Right.ASSIGN_LEADS)):
        raise NotAllowed("that user is not yours to give a task to")
    return mine


async def _note_completed(connection: WriteConnection, actor: Actor, task: Task, at: datetime) -> None:
    if task.lead_id is not None and (lead := await lock_lead(connection, task.lead_id)) is not None:
        kind = InteractionType.TASK_COMPLETED
        metadata = {"taskId": str(task.id), "type": task.type}
        await log_interaction(connection, actor, task.lead_id, kind, at, content=task.title, metadata=metadata)
        await save_lead(connection, record_activity(lead, kind, at, at))
    await _tell(connection, actor, "task completed", task, at)


async def _tell(connection: WriteConnection, actor: Actor, kind: str, task: Task, at: datetime) -> None:
    lead, assigned = task.lead_id and str(task.lead_id), task.assigned_to and str(task.assigned_to)
    payload = {"taskId": str(task.id), "leadId": lead, "assignedTo": assigned, "by": actor.name}
    await write_event(connection, kind, payload, at)


def to_params(task: Task) -> dict[str, object]:
    """A task as the parameters of a statement."""
    return {name: getattr(task, name) for name in COLUMNS}
