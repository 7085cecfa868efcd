"""Importing tasks of people who are here, or of nobody. A task is known again by its id or by all it says."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from platbook.base.errors import InvalidInput
from platbook.base.ids import new_id
from platbook.crm.enums import Priority, TaskType
from platbook.crm.tasks.store import COLUMNS, Q, to_params
from platbook.crm.tasks.task import Task, apply_patch
from platbook.crm.transfer.import_context import (
    ExternalRecord,
    ImportContext,
    ImportSource,
    RowRejected,
    batches,
    find_external_records,
    save_external_ids,
    to_moment,
)
from platbook.crm.transfer.mapping import FileKind
from platbook.crm.transfer.related_rows import RelatedRow, find_related_rows
from platbook.crm.transfer.report import ImportReport
from platbook.db import Database, WriteConnection
from platbook.jobs.outbox import write_event

TYPES: Mapping[str, str] = {
    **dict.fromkeys(("id", "lead_id", "assigned_to", "lead_owner"), "uuid"),
    **dict.fromkeys(("created_at", "updated_at", "due_date", "completed_at", "remind_at", "deleted_at"), "timestamptz"),
    "remind_minutes_before": "int4",
}

_TASK = "task"
_TRUE = frozenset({"true", "yes", "1", "y", "done", "completed"})
_FALSE = frozenset({"false", "no", "0", "n", "open", "pending"})
_FIELDS = {
    "title": "title", "description": "description", "dueDate": "due_date", "timeZone": "time_zone",
}  # fmt: skip


async def import_tasks(database: Database, ground: ImportContext, source: ImportSource, report: ImportReport) -> None:
    """Import a file of tasks; one that says something else under its id is changed."""
    for rows in batches(source.rows):
        async with database.transaction() as connection:
            lines = await find_related_rows(connection, ground, source, FileKind.TASKS, rows, report)
            await _store(connection, ground, lines, report)


async def _store(
    connection: WriteConnection, ground: ImportContext, lines: Sequence[RelatedRow], report: ImportReport
) -> None:
    known = await find_external_records(connection, ground.system, _TASK, [one.key for one in lines])
    counts = report.of(FileKind.TASKS)
    added: dict[str, Task] = {}
    told: dict[str, ExternalRecord] = {}
    for one in lines:
        before = known.get(one.key)
        try:
            if before is not None and before.hash == one.hash:
                counts.unchanged += 1
                continue
            if before is None:
                _refuse_twice(one, told)
                added[one.key] = task = _to_task(
                    ground, one, Task(new_id(), "", ground.actor.name, ground.at, ground.at)
                )
                counts.added += 1
            else:
                task = await _change(connection, ground, one, before.row_id)
                counts.changed += 1
            told[one.key] = ExternalRecord(task.id, one.hash)
        except (RowRejected, InvalidInput) as error:
            report.reject(FileKind.TASKS, one.line, str(error))
    await copy_tasks(connection, list(added.values()))
    await save_external_ids(connection, ground.system, _TASK, told)
    if ground.announce:
        for task in added.values():
            payload = {"taskId": str(task.id), "leadId": str(task.lead_id), "by": ground.actor.name}
            await write_event(connection, "task created", payload, ground.at)


def _refuse_twice(one: RelatedRow, told: Mapping[str, ExternalRecord]) -> None:
    if one.key in told:
        raise RowRejected(f"{one.key} stands in this file twice")


async def _change(connection: WriteConnection, ground: ImportContext, one: RelatedRow, task_id: UUID) -> Task:
    before = await connection.first(Task, Q.lock_task, {"id": task_id})
    if before is None:
        raise RowRejected("this task was deleted here")
    task = replace(_to_task(ground, one, before), updated_at=ground.at)
    await connection.run(Q.save_task, to_params(task))
    return task


def _to_task(ground: ImportContext, one: RelatedRow, before: Task) -> Task:
    """Read a task over what it was. Errors: RowRefused, InvalidInput."""
    said: dict[str, object] = {_FIELDS[word]: value for word, value in one.said.items() if word in _FIELDS}
    for word, values in (("type", TaskType), ("priority", Priority)):
        if word in one.said:
            names = {str(value).lower(): value for value in values}
            if str(one.said[word]).lower() not in names:
                raise RowRejected(
                    f"{word}: {one.said[word]} is none of {', '.join(values)}; name it in the mapping's values"
                )
            said[word] = names[str(one.said[word]).lower()]
    owner = ground.owner(one.said, "owner")
    task = apply_patch(before, said, ground.at)
    created = to_moment(str(one.said["createdAt"]), "createdAt") if "createdAt" in one.said else before.created_at
    return replace(
        task,
        created_at=created,
        completed_at=_completed(ground, one),
        lead_id=one.lead.id,
        lead_owner=one.lead.assigned_to,
        assigned_to=one.lead.assigned_to if owner is None else owner.id,
        office=one.lead.office,
        team=one.lead.team,
    )


def _completed(ground: ImportContext, one: RelatedRow) -> datetime | None:
    if "completedAt" in one.said:
        return to_moment(str(one.said["completedAt"]), "completedAt")
    text = str(one.said.get("isCompleted", "no")).lower()
    if text not in _TRUE | _FALSE:
        raise RowRejected(f"isCompleted: {text} is neither yes nor no")
    return ground.at if text in _TRUE else None


async def copy_tasks(connection: WriteConnection, tasks: Sequence[Task]) -> None:
    """Add tasks in bulk; nothing else of them."""
    if tasks:
        types = [TYPES.get(column, "text") for column in COLUMNS]
        rows = ([getattr(task, column) for column in COLUMNS] for task in tasks)
        await connection.copy_in("tasks", COLUMNS, types, rows)
