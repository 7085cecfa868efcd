"""Importing tasks of leads. A task is recognised by its external id, or by all of its content."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from platbook.base.errors import InvalidInput
from platbook.base.ids import new_id
from platbook.crm.enums import Priority, TaskType
from platbook.crm.external_ids.rows import TASK, ExternalRecord, find_external_records, save_external_ids
from platbook.crm.tasks.rows import insert_tasks, lock_task, save_task
from platbook.crm.tasks.task import Task, TaskPatch, apply_patch
from platbook.crm.transfer.batches import store_rows
from platbook.crm.transfer.csv_rows import CsvRow
from platbook.crm.transfer.import_context import (
    ImportContext,
    ImportSource,
    RowRejected,
    to_member,
    to_time,
)
from platbook.crm.transfer.mapping import FileKind, MappedRow
from platbook.crm.transfer.related_rows import RelatedRow, find_related_rows
from platbook.crm.transfer.report import ImportReport
from platbook.db import Database, WriteConnection
from platbook.jobs.outbox import write_event

_TRUE = frozenset({"true", "yes", "1", "y", "done", "completed"})
_FALSE = frozenset({"false", "no", "0", "n", "open", "pending"})


async def import_tasks(
    database: Database, context: ImportContext, source: ImportSource, rows: Sequence[CsvRow], report: ImportReport
) -> None:
    """Import rows of a file of tasks; those that changed since the last import are updated."""

    async def store(connection: WriteConnection, rows: Sequence[CsvRow], part: ImportReport) -> None:
        related = await find_related_rows(connection, context, source, FileKind.TASKS, rows, part)
        await _store(connection, context, related, part)

    report.add(await store_rows(database, FileKind.TASKS, rows, store))


async def _store(
    connection: WriteConnection, context: ImportContext, rows: Sequence[RelatedRow], report: ImportReport
) -> None:
    stored = await find_external_records(connection, context.system, TASK, [one.key for one in rows])
    counts = report.of(FileKind.TASKS)
    added: dict[str, Task] = {}
    records: dict[str, ExternalRecord] = {}
    for one in rows:
        before = stored.get(one.key)
        try:
            if before is not None and before.hash == one.hash:
                counts.unchanged += 1
                continue
            if before is None:
                _check_unique(one, records)
                blank = Task(new_id(), "", context.actor.name, context.at, context.at)
                added[one.key] = task = _to_task(context, one, blank)
                counts.added += 1
            else:
                task = await _change(connection, context, one, before.row_id)
                counts.changed += 1
            records[one.key] = ExternalRecord(task.id, one.hash)
        except (RowRejected, InvalidInput) as error:
            report.reject(FileKind.TASKS, one.line, str(error))
    await insert_tasks(connection, list(added.values()))
    await save_external_ids(connection, context.system, TASK, records)
    if context.announce:
        for task in added.values():
            payload = {"taskId": str(task.id), "leadId": str(task.lead_id), "by": context.actor.name}
            await write_event(connection, "task created", payload, context.at)


def _check_unique(one: RelatedRow, records: Mapping[str, ExternalRecord]) -> None:
    if one.key in records:
        raise RowRejected(f"externalId: {one.key} is in this file twice")


async def _change(connection: WriteConnection, context: ImportContext, one: RelatedRow, task_id: UUID) -> Task:
    before = await lock_task(connection, task_id)
    if before is None:
        raise RowRejected("this task was deleted here")
    task = replace(_to_task(context, one, before), updated_at=context.at)
    await save_task(connection, task)
    return task


def _to_task(context: ImportContext, one: RelatedRow, before: Task) -> Task:
    """Read a task over its former values. Errors: RowRejected, InvalidInput."""
    owner = context.find_user(one.row, "owner")
    task = apply_patch(before, _to_patch(one.row), context.at)
    created = to_time(one.row["createdAt"], "createdAt") if "createdAt" in one.row else before.created_at
    return replace(
        task,
        created_at=created,
        completed_at=_to_completed_at(context, one.row),
        lead_id=one.lead.id,
        lead_owner=one.lead.assigned_to,
        assigned_to=one.lead.assigned_to if owner is None else owner.id,
        office=one.lead.office,
        team=one.lead.team,
    )


def _to_patch(row: MappedRow) -> TaskPatch:
    patch: TaskPatch = {}
    if "title" in row:
        patch["title"] = row["title"]
    if "description" in row:
        patch["description"] = row["description"]
    if "dueDate" in row:
        patch["due_date"] = row["dueDate"]
    if "timeZone" in row:
        patch["time_zone"] = row["timeZone"]
    if "type" in row:
        patch["type"] = to_member(TaskType, row["type"], "type")
    if "priority" in row:
        patch["priority"] = to_member(Priority, row["priority"], "priority")
    return patch


def _to_completed_at(context: ImportContext, row: MappedRow) -> datetime | None:
    if "completedAt" in row:
        return to_time(row["completedAt"], "completedAt")
    text = row.get("isCompleted", "no").lower()
    if text not in _TRUE | _FALSE:
        raise RowRejected(f"isCompleted: {text} is neither yes nor no")
    return context.at if text in _TRUE else None
