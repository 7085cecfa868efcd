"""Importing tasks of leads. A task is recognised by its external id, or by all of its content."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from platbook.base.errors import InvalidInput
from platbook.base.ids import new_id
from platbook.crm.enums import InteractionType, Priority, TaskType
from platbook.crm.external_ids.rows import TASK, ExternalRecord, find_external_records, save_external_ids
from platbook.crm.interactions.interaction import Interaction
from platbook.crm.interactions.rows import insert_interactions
from platbook.crm.tasks.rows import insert_tasks, lock_task, save_task
from platbook.crm.tasks.task import Task, TaskPatch, apply_patch, to_payload
from platbook.crm.transfer.batches import store_rows
from platbook.crm.transfer.csv_rows import CsvRow
from platbook.crm.transfer.field_digests import pack, to_digests, unpack
from platbook.crm.transfer.import_context import ImportContext, ImportSource, RowRejected, to_member, to_time
from platbook.crm.transfer.import_log import to_entry, to_fields, to_message
from platbook.crm.transfer.mapping import FileKind, MappedRow
from platbook.crm.transfer.related_rows import RelatedRow, find_related_rows
from platbook.crm.transfer.report import FieldRemark, ImportReport
from platbook.crm.transfer.task_row import change_task, to_file_values, to_task_values
from platbook.db import Database, WriteConnection
from platbook.jobs.outbox import write_event

_TRUE = frozenset({"true", "yes", "1", "y", "done", "completed"})
_FALSE = frozenset({"false", "no", "0", "n", "open", "pending"})


@dataclass(slots=True)
class _Batch:
    """The changes of a batch."""

    added: dict[str, Task] = field(default_factory=dict[str, Task])
    records: dict[str, ExternalRecord] = field(default_factory=dict[str, ExternalRecord])
    entries: list[Interaction] = field(default_factory=list[Interaction])


async def import_tasks(
    database: Database, context: ImportContext, source: ImportSource, rows: Sequence[CsvRow], report: ImportReport
) -> None:
    """Import rows of a file of tasks; what the file changed since the last import is changed here."""

    async def store(connection: WriteConnection, rows: Sequence[CsvRow], part: ImportReport) -> None:
        related = await find_related_rows(connection, context, source, FileKind.TASKS, rows, part)
        await _store(connection, context, source, related, part)

    report.add(await store_rows(database, FileKind.TASKS, rows, store))


async def _store(
    connection: WriteConnection,
    context: ImportContext,
    source: ImportSource,
    rows: Sequence[RelatedRow],
    report: ImportReport,
) -> None:
    stored = await find_external_records(connection, context.system, TASK, [one.key for one in rows])
    batch = _Batch()
    for one in rows:
        try:
            await _store_one(connection, context, source, one, stored.get(one.key), batch, report)
        except (RowRejected, InvalidInput) as error:
            report.reject(FileKind.TASKS, one.line, str(error))
    await insert_tasks(connection, list(batch.added.values()))
    await insert_interactions(connection, batch.entries)
    await save_external_ids(connection, context.system, TASK, batch.records)
    if context.announce:
        for task in batch.added.values():
            await write_event(connection, "task created", to_payload(task, context.actor), context.at)


async def _store_one(
    connection: WriteConnection,
    context: ImportContext,
    source: ImportSource,
    one: RelatedRow,
    record: ExternalRecord | None,
    batch: _Batch,
    report: ImportReport,
) -> None:
    """Decide on one row. Errors: RowRejected, InvalidInput."""
    counts = report.of(FileKind.TASKS)
    if record is not None and record.hash == one.hash and record.digests is not None:
        counts.unchanged += 1
        return
    _check_unique(one, batch.records)
    if record is None:
        task = _to_task(context, one, Task(new_id(), "", context.actor.name, context.at, context.at))
        digests = to_digests(to_file_values(task, source.mapping.fields, one.row))
        batch.added[one.key] = task
        batch.records[one.key] = ExternalRecord(task.id, one.hash, pack(digests))
        counts.added += 1
        return
    is_changed = await _change(connection, context, source, one, record, batch, report)
    counts.changed += is_changed
    counts.unchanged += not is_changed


def _check_unique(one: RelatedRow, records: Mapping[str, ExternalRecord]) -> None:
    if one.key in records:
        raise RowRejected(f"externalId: {one.key} is in this file twice")


async def _change(
    connection: WriteConnection,
    context: ImportContext,
    source: ImportSource,
    one: RelatedRow,
    record: ExternalRecord,
    batch: _Batch,
    report: ImportReport,
) -> bool:
    """Apply what the file changed since its last import; whether that changed the task. Errors as of `_to_task`."""
    before = await lock_task(connection, record.row_id)
    if before is None:
        raise RowRejected("this task was deleted here")
    blank = Task(before.id, before.title, before.created_by, before.created_at, context.at)
    read = _to_task(context, one, blank)
    values = to_file_values(read, source.mapping.fields, one.row)
    stored = {} if record.digests is None else unpack(record.digests)
    if record.digests is None and record.hash == one.hash:  # imported by a version that stored no digests
        stored = to_digests(values)
    task, comparison = change_task(before, read, values, stored)
    batch.records[one.key] = ExternalRecord(task.id, one.hash, pack(comparison.digests))
    report.conflicts += [
        FieldRemark(FileKind.TASKS, one.line, conflict.field, to_message(conflict.here, conflict.file))
        for conflict in comparison.conflicts
    ]
    if task == before:
        return False
    task = replace(task, updated_at=context.at)
    await save_task(connection, task)
    batch.entries += _to_entries(context, one, before, task)
    return True


def _to_entries(context: ImportContext, one: RelatedRow, before: Task, task: Task) -> list[Interaction]:
    old, new = to_task_values(before), to_task_values(task)
    changed = {name: (old[name], new[name]) for name in old if old[name] != new[name]}
    about = {"taskId": str(task.id), "type": task.type}
    entries: list[Interaction] = []
    if changed.pop("isCompleted", None) is not None:
        entries.append(to_entry(context, one.lead, InteractionType.TASK_COMPLETED, task.title, about))
    if changed:
        metadata = {**about, "system": context.system, "fields": to_fields(changed)}
        entries.append(to_entry(context, one.lead, InteractionType.IMPORTED, task.title, metadata))
    return entries


def _to_task(context: ImportContext, one: RelatedRow, blank: Task) -> Task:
    """Read a row as a task. Errors: RowRejected, InvalidInput."""
    owner = context.find_user(one.row, "owner")
    task = apply_patch(blank, _to_patch(one.row), context.at)
    created = to_time(one.row["createdAt"], "createdAt") if "createdAt" in one.row else blank.created_at
    return replace(
        task,
        created_at=created,
        completed_at=_to_completed_at(context, one.row),
        lead_id=one.lead.id,
        lead_owner=one.lead.assigned_to,
        assigned_to=context.find_active(one.lead.assigned_to) if owner is None else owner.id,
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
