"""A task as a value, and partial updates of one. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import TypedDict
from uuid import UUID
from zoneinfo import ZoneInfo

from platbook.base.actor import Actor
from platbook.base.errors import InvalidInput
from platbook.base.time_zones import parse_time_zone
from platbook.base.times import as_utc
from platbook.crm.enums import Priority, TaskType

MAX_TITLE_LENGTH = 300
MAX_REMINDER_MINUTES = 60 * 24 * 60
_END_OF_DAY = time(23, 59, 59)
_YEARS = range(1970, 9000)


@dataclass(frozen=True, slots=True)
class Task:
    """A to-do. `due_date` is in UTC, `time_zone` that of its calendar; `remind_at` None: no reminder is scheduled.

    `due_on`: it is due on a day, whatever the time zone; `due_date` is then the last second of that day in the time
    zone of whoever it is assigned to, or without one in `time_zone`. The database sees to that (`end_day_of_task`).
    """

    id: UUID
    title: str
    created_by: str
    created_at: datetime
    updated_at: datetime
    type: str = TaskType.OTHER
    description: str | None = None
    due_date: datetime | None = None
    time_zone: str = "UTC"
    priority: str = Priority.MEDIUM
    lead_id: UUID | None = None
    assigned_to: UUID | None = None
    lead_owner: UUID | None = None
    office: str | None = None
    team: str | None = None
    completed_at: datetime | None = None
    remind_minutes_before: int | None = None
    remind_at: datetime | None = None
    deleted_at: datetime | None = None
    deleted_by: str | None = None
    due_on: date | None = None

    def is_overdue(self, now: datetime) -> bool:
        """Whether it is open, and was due before now."""
        return self.completed_at is None and self.due_date is not None and self.due_date < now


class TaskPatch(TypedDict, total=False):
    """New values of a task's fields; a key that is absent leaves its field unchanged.

    None clears a field, but leaves `type`, `time_zone`, `priority` and `is_completed` unchanged. `due_date` is a text
    in ISO 8601, see `to_due`.
    """

    title: str | None
    description: str | None
    type: TaskType | None
    due_date: str | None
    time_zone: str | None
    priority: Priority | None
    lead_id: UUID | None
    assigned_to: UUID | None
    is_completed: bool | None
    remind_minutes_before: int | None


def apply_patch(task: Task, patch: TaskPatch, at: datetime) -> Task:
    """The task with a patch applied, but for lead and assignee, a matter of access control. Errors: InvalidInput."""
    title = " ".join((patch.get("title", task.title) or "").split())
    if not 1 <= len(title) <= MAX_TITLE_LENGTH:
        raise InvalidInput.of("title", f"must have 1 to {MAX_TITLE_LENGTH} characters")
    minutes = patch.get("remind_minutes_before", task.remind_minutes_before)
    if minutes is not None and not 0 <= minutes <= MAX_REMINDER_MINUTES:
        raise InvalidInput.of("remindMinutesBefore", f"must be 0 to {MAX_REMINDER_MINUTES}")
    due, day, zone = _to_due_and_zone(task, patch)
    patched = replace(
        task,
        title=title,
        description=patch.get("description", task.description),
        type=patch.get("type") or task.type,
        due_date=due,
        due_on=day,
        time_zone=zone,
        priority=patch.get("priority") or task.priority,
        remind_minutes_before=minutes,
    )
    if (day or due, minutes) != (task.due_on or task.due_date, task.remind_minutes_before):
        remind_at = None if due is None or minutes is None else due - timedelta(minutes=minutes)
        patched = replace(patched, remind_at=remind_at)
    if (is_completed := patch.get("is_completed")) is not None:
        patched = complete(patched, at) if is_completed else replace(patched, completed_at=None)
    return patched


def complete(task: Task, at: datetime) -> Task:
    """The task, completed; one that was completed before keeps its time."""
    return task if task.completed_at is not None else replace(task, completed_at=at)


def to_payload(task: Task, actor: Actor) -> Mapping[str, object]:
    """The payload of a task's outbox event: ids alone."""
    lead, assignee = task.lead_id and str(task.lead_id), task.assigned_to and str(task.assigned_to)
    return {"taskId": str(task.id), "leadId": lead, "assignedTo": assignee, "by": actor.name}


def to_due(text: str, zone: str) -> tuple[datetime, date | None]:
    """When a task is due, in UTC, and the day where the text is a date. Errors: InvalidInput.

    A time with an offset is absolute, one without is read in the task's zone; a date means its last second there.
    """
    calendar = parse_time_zone(zone)
    try:
        day = _to_day(text)
        due = as_utc(datetime.fromisoformat(text), calendar) if day is None else _to_end_of(day, calendar)
    except ValueError:
        raise InvalidInput.of("dueDate", "must be a date or a time in ISO 8601") from None
    if due.year not in _YEARS:
        raise InvalidInput.of("dueDate", f"must be in the years {_YEARS.start} to {_YEARS.stop - 1}")
    return due, day


def _to_day(text: str) -> date | None:
    """The day that a date in ISO 8601 names, in the extended form or the basic one; None for a time."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _to_end_of(day: date, calendar: ZoneInfo) -> datetime:
    """The last second of a day: where clocks show it twice the later one, as PostgreSQL has it."""
    last = datetime.combine(day, _END_OF_DAY)
    return max(as_utc(last.replace(fold=fold), calendar) for fold in (0, 1))


def _to_due_and_zone(task: Task, patch: TaskPatch) -> tuple[datetime | None, date | None, str]:
    """When a task is due, the day, and the time zone. A day stays the day in another time zone, a moment the moment.

    The same day again leaves the moment, which may be by the calendar of whoever the task is assigned to.
    """
    zone = patch.get("time_zone") or task.time_zone
    due, day = task.due_date, task.due_on
    if zone != task.time_zone:
        parse_time_zone(zone)
    if "due_date" in patch:
        due, day = (None, None) if patch["due_date"] is None else to_due(patch["due_date"], zone)
    if day is not None and day == task.due_on:
        due = task.due_date
    return due, day, zone
