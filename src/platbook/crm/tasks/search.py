"""Lists and statistics of tasks."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from platbook.base.actor import Actor
from platbook.crm.enums import Priority
from platbook.crm.leads.visibility import is_restricted
from platbook.crm.tasks.task import Task
from platbook.crm.tasks.visibility import to_task_conditions
from platbook.db import ReadConnection
from platbook.db.compose import SQL, Identifier
from platbook.db.lists import (
    Conditions,
    ListPage,
    ListSource,
    Paging,
    Sort,
    SortKey,
    find_page,
    parse_time,
    smallint_key,
    timestamp_key,
)

_NEVER = "infinity"
_URGENCY = {Priority.LOW: 1, Priority.MEDIUM: 2, Priority.HIGH: 3, Priority.URGENT: 4}
_LONGEST_DAY = timedelta(hours=38)
"""In any time zone, all of today is within so much of now."""


def _read_due(text: str) -> object:
    return text if text == _NEVER else parse_time(text)


SOURCE: ListSource[Task] = ListSource(
    "tasks",
    Task,
    SQL(", ").join(Identifier(one.name) for one in fields(Task)),
    MappingProxyType(
        {
            "dueDate": Sort(
                SortKey("due_place", "timestamptz", _read_due), lambda task: task.due_date or _NEVER, descending=False
            ),
            "createdAt": Sort(timestamp_key("created_at"), lambda task: task.created_at),
            "updatedAt": Sort(timestamp_key("updated_at"), lambda task: task.updated_at),
            "priority": Sort(smallint_key("urgency"), lambda task: _URGENCY[Priority(task.priority)]),
        }
    ),
    lambda task: task.id,
    "dueDate",
)


@dataclass(frozen=True, slots=True)
class TaskSearch:
    """Filters of tasks; all must match, and None matches every task."""

    lead_id: UUID | None = None
    priority: tuple[Priority, ...] = ()
    is_completed: bool | None = None
    assigned_to: UUID | None = None
    due_before: datetime | None = None
    due_after: datetime | None = None
    overdue: bool | None = None


@dataclass(frozen=True, slots=True)
class TaskStats:
    """Counts of tasks. `due_today`: open, and due today for whoever they are assigned to."""

    completed: int
    pending: int
    overdue: int
    due_today: int


async def find_tasks(
    connection: ReadConnection, actor: Actor, search: TaskSearch, paging: Paging, now: datetime
) -> ListPage[Task]:
    """A page of the tasks an actor sees, by default the next due first."""
    conditions = to_conditions(actor, search, now)
    selective = is_restricted(actor) and paging.sort != SOURCE.indexed_sort
    return await find_page(connection, SOURCE, conditions, paging, selective=selective)


def to_conditions(actor: Actor, search: TaskSearch, now: datetime) -> Conditions:
    """The filters, and what the actor sees, as conditions."""
    conditions = to_task_conditions(actor)
    if search.lead_id is not None:
        conditions.text("lead_id = %(lead_id)s", lead_id=search.lead_id)
    conditions.one_of("priority", search.priority)
    if search.is_completed is not None:
        conditions.text("completed_at IS NOT NULL" if search.is_completed else "completed_at IS NULL")
    if search.assigned_to is not None:
        conditions.text("assigned_to = %(assigned_to)s", assigned_to=search.assigned_to)
    if search.due_before is not None:
        conditions.text("due_place < %(due_before)s", due_before=search.due_before)
    if search.due_after is not None:
        conditions.text("due_place >= %(due_after)s AND due_date IS NOT NULL", due_after=search.due_after)
    if search.overdue is True:
        conditions.text("completed_at IS NULL AND due_place < %(now)s", now=now)
    elif search.overdue is False:
        conditions.text("(completed_at IS NOT NULL OR due_place >= %(now)s)", now=now)
    return conditions


_COUNTS = SQL(
    "SELECT count(completed_at) AS completed, count(*) FILTER (WHERE completed_at IS NULL) AS pending,"
    " count(*) FILTER (WHERE completed_at IS NULL AND due_place < %(now)s) AS overdue,"
    " count(*) FILTER (WHERE completed_at IS NULL AND due_place BETWEEN %(from)s AND %(to)s"
    " AND (due_date AT TIME ZONE {zone})::date = (%(now)s AT TIME ZONE {zone})::date) AS due_today"
    " FROM tasks WHERE {where}"
)
_ZONE = SQL("coalesce((SELECT u.time_zone FROM users u WHERE u.id = tasks.assigned_to), tasks.time_zone)")
"""The time zone of whoever a task is assigned to, or else its own."""


async def get_task_stats(connection: ReadConnection, actor: Actor, now: datetime) -> TaskStats:
    """Count the tasks an actor sees."""
    conditions = to_task_conditions(actor)
    params: Mapping[str, object] = {"now": now, "from": now - _LONGEST_DAY, "to": now + _LONGEST_DAY}
    statement = _COUNTS.format(zone=_ZONE, where=conditions.where)
    return await connection.one(TaskStats, statement, conditions.params | params)
