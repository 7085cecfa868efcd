"""One row of a file of tasks, compared with the task that it was imported to before. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

from platbook.base.times import to_iso_z
from platbook.crm.tasks.task import Task
from platbook.crm.transfer.field_digests import Digests, Value
from platbook.crm.transfer.mapping import MappedRow
from platbook.crm.transfer.three_way import Comparison, FieldConflict, compare

_NEVER_EMPTIED = frozenset({"title", "type", "priority", "timeZone", "owner", "createdAt"})
"""Fields of which an empty cell says nothing."""

_ATTRIBUTES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "title": ("title",),
        "description": ("description",),
        "type": ("type",),
        "priority": ("priority",),
        "timeZone": ("time_zone",),
        "person": ("lead_id", "lead_owner", "office", "team"),
        "owner": ("assigned_to",),
        "createdAt": ("created_at",),
        "isCompleted": ("completed_at",),
    }
)
"""What a field is in a task; but for the due date, which its reminder follows."""

_IS_COMPLETED, _NONE = frozenset({"isCompleted"}), frozenset[str]()
_COMPLETED = frozenset({"isCompleted", "completedAt"})


def to_task_values(task: Task) -> dict[str, Value]:
    """The fields of a task that a file may have, as they are compared."""
    return {
        "title": task.title,
        "description": task.description or None,
        "type": str(task.type),
        "dueDate": _to_due_text(task),
        "timeZone": task.time_zone,
        "priority": str(task.priority),
        "person": None if task.lead_id is None else str(task.lead_id),
        "owner": None if task.assigned_to is None else str(task.assigned_to),
        "isCompleted": "no" if task.completed_at is None else "yes",
        "createdAt": to_iso_z(task.created_at),
    }


def _to_due_text(task: Task) -> str | None:
    if task.due_on is not None:  # its moment is by the calendar of whoever it is assigned to
        return task.due_on.isoformat()
    return None if task.due_date is None else to_iso_z(task.due_date)


def to_file_values(task: Task, fields: frozenset[str], row: MappedRow) -> dict[str, Value]:
    """The values of the fields that a file has, of its row as a task."""
    values = to_task_values(task)
    names = fields - {"externalId", "completedAt"} | (_IS_COMPLETED if fields & _COMPLETED else _NONE)
    return {name: values[name] for name in sorted(names) if name not in _NEVER_EMPTIED or name in row}


def change_task(before: Task, read: Task, values: Mapping[str, Value], stored: Digests) -> tuple[Task, Comparison]:
    """Apply what the file changed since, where nobody changed it here; a completed task stays completed."""
    comparison = compare(stored, values, to_task_values(before))
    changes = comparison.changes
    if before.completed_at is not None and changes.pop("isCompleted", None) is not None:
        comparison.conflicts.append(FieldConflict("isCompleted", "yes", "no"))
    names = [name for field in changes for name in _ATTRIBUTES.get(field, ())]
    task = replace(before, **{name: getattr(read, name) for name in names})
    return (_with_due_date(task, read) if "dueDate" in changes else task), comparison


def _with_due_date(task: Task, read: Task) -> Task:
    """A task with the due date of another, the day of an all-day one, and its reminder as long before it."""
    due, minutes = read.due_date, task.remind_minutes_before
    remind_at = None if due is None or minutes is None else due - timedelta(minutes=minutes)
    return replace(task, due_date=due, due_on=read.due_on, remind_at=remind_at)
