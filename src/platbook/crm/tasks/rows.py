"""The table `tasks`: reading, locking and writing rows. Access control is the caller's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from platbook.crm.leads.lead import Lead
from platbook.crm.tasks.task import Task
from platbook.db import ReadConnection, WriteConnection, load_queries

Q = load_queries(__package__ or "platbook.crm.tasks")

COLUMNS = tuple(one.name for one in fields(Task))
_TYPES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("id", "lead_id", "assigned_to", "lead_owner"), "uuid"),
        **dict.fromkeys(
            ("created_at", "updated_at", "due_date", "completed_at", "remind_at", "deleted_at"), "timestamptz"
        ),
        "remind_minutes_before": "int4",
        "due_on": "date",
    }
)
"""PostgreSQL types of the columns that are not text."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """A reminder that is due."""

    id: UUID
    lead_id: UUID | None
    assigned_to: UUID | None


@dataclass(frozen=True, slots=True)
class _Moments:
    """What the database makes of an all-day task's day."""

    due_date: datetime | None
    remind_at: datetime | None


async def get_task(connection: ReadConnection, task_id: UUID) -> Task | None:
    """One task that is not deleted."""
    return await connection.first(Task, Q.get_task, {"id": task_id})


async def lock_task(connection: WriteConnection, task_id: UUID) -> Task | None:
    """One task that is not deleted, locked for a change."""
    return await connection.first(Task, Q.lock_task, {"id": task_id})


async def insert_task(connection: WriteConnection, task: Task) -> Task:
    """Insert one task; returns it with the end of its day by the calendar of whoever it is assigned to."""
    return _with_moments(task, await connection.one(_Moments, Q.insert_task, _to_params(task)))


async def insert_tasks(connection: WriteConnection, tasks: Sequence[Task]) -> None:
    """Insert tasks in bulk (COPY)."""
    if tasks:
        rows = ([getattr(task, column) for column in COLUMNS] for task in tasks)
        await connection.copy_in("tasks", COLUMNS, [_TYPES.get(column, "text") for column in COLUMNS], rows)


async def save_task(connection: WriteConnection, task: Task) -> Task:
    """Update every column of a task; returns it as `insert_task` does."""
    return _with_moments(task, await connection.one(_Moments, Q.update_task, _to_params(task)))


async def lock_open_tasks_of_disabled(connection: WriteConnection, limit: int) -> list[Task]:
    """Open tasks of disabled users, locked; those that others lock are skipped."""
    return await connection.all(Task, Q.lock_open_tasks_of_disabled, {"most": limit})


async def count_open_tasks(connection: ReadConnection, user_id: UUID) -> int:
    """How many open tasks a user has."""
    return await connection.value(int, Q.count_open_tasks, {"user_id": user_id}) or 0


async def take_due_reminders(connection: WriteConnection, at: datetime, limit: int) -> list[Reminder]:
    """Reminders that are due by a time, each returned once, whoever calls at the same time."""
    return await connection.all(Reminder, Q.take_due_reminders, {"at": at, "most": limit})


async def follow_owner(connection: WriteConnection, lead: Lead, former: UUID | None, at: datetime) -> None:
    """Let a lead's tasks follow its new owner: who sees them, and who does those that were open and the former's."""
    params = {"lead_id": lead.id, "owner": lead.assigned_to, "office": lead.office, "team": lead.team}
    await connection.run(Q.follow_owner, {**params, "former": former, "at": at})


async def reassign_tasks(connection: WriteConnection, lead_id: UUID, into: Lead) -> None:
    """Move the tasks of a merged lead to the lead that remains."""
    params = {"into_id": into.id, "owner": into.assigned_to, "office": into.office, "team": into.team}
    await connection.run(Q.reassign_tasks, {**params, "lead_id": lead_id})


async def mark_tasks_deleted(connection: WriteConnection, lead_id: UUID, at: datetime, by: str) -> None:
    """Soft-delete every task of a lead."""
    await connection.run(Q.mark_tasks_deleted, {"lead_id": lead_id, "at": at, "by": by})


async def find_task_ids(connection: ReadConnection, lead_ids: Sequence[UUID]) -> list[UUID]:
    """The ids of every task of some leads, also of deleted ones."""
    return await connection.column(UUID, Q.find_task_ids, {"ids": list(lead_ids)})


async def find_tasks_of_leads(connection: ReadConnection, lead_ids: Sequence[UUID]) -> list[dict[str, object]]:
    """Every task of some leads by column, also deleted ones."""
    return await connection.dicts(Q.find_tasks_of_leads, {"ids": list(lead_ids)})


def _with_moments(task: Task, moments: _Moments) -> Task:
    return replace(task, due_date=moments.due_date, remind_at=moments.remind_at)


def _to_params(task: Task) -> dict[str, object]:
    return {name: getattr(task, name) for name in COLUMNS}
