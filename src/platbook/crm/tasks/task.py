"""A task as a value, and what may be said of one. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import cast
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from platbook.base.errors import InvalidInput
from platbook.base.times import as_utc
from platbook.crm.enums import Priority, TaskType

MAX_TITLE_LENGTH = 300
MAX_REMINDER_MINUTES = 60 * 24 * 60
_END_OF_DAY = time(23, 59, 59)
_DATE_LENGTH = len("2026-01-01")
_YEARS = range(1970, 9000)


@dataclass(frozen=True, slots=True)
class Task:
    """A to-do. `due_date` is a moment; `time_zone` says on whose calendar. `remind_at` None: no reminder is to come."""

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

    def is_overdue(self, now: datetime) -> bool:
        """Whether it should have been done by now."""
        return self.completed_at is None and self.due_date is not None and self.due_date < now


Said = Mapping[str, object]
"""What is said of a task, by the names of `Task`'s fields; `due_date` as a text."""

WRITABLE = frozenset(
    {
        "title", "description", "type", "due_date", "time_zone", "priority", "lead_id", "assigned_to", "is_completed",
        "remind_minutes_before",
    }
)  # fmt: skip


def apply_patch(task: Task, said: Said, at: datetime) -> Task:
    """The task as it is after what was said; lead and assigned person are settled elsewhere. InvalidInput."""
    title = " ".join(str(said.get("title", task.title) or "").split())
    if not 1 <= len(title) <= MAX_TITLE_LENGTH:
        raise InvalidInput.of("title", f"must have 1 to {MAX_TITLE_LENGTH} characters")
    zone = str(said.get("time_zone") or task.time_zone)
    due = task.due_date
    if "due_date" in said:
        due = None if said["due_date"] is None else to_due(str(said["due_date"]), zone)
    elif zone != task.time_zone:
        _zone(zone)
    minutes = cast("int | None", said.get("remind_minutes_before", task.remind_minutes_before))
    if minutes is not None and not 0 <= minutes <= MAX_REMINDER_MINUTES:
        raise InvalidInput.of("remindMinutesBefore", f"must be 0 to {MAX_REMINDER_MINUTES}")
    changed = replace(
        task,
        title=title,
        description=cast("str | None", said.get("description", task.description)),
        type=TaskType(str(said.get("type") or task.type)),
        due_date=due,
        time_zone=zone,
        priority=Priority(str(said.get("priority") or task.priority)),
        remind_minutes_before=minutes,
    )
    if (due, minutes) != (task.due_date, task.remind_minutes_before):
        remind = None if due is None or minutes is None else due - timedelta(minutes=minutes)
        changed = replace(changed, remind_at=remind)
    if "is_completed" in said and said["is_completed"] is not None:
        changed = complete(changed, at) if said["is_completed"] else replace(changed, completed_at=None)
    return changed


def complete(task: Task, at: datetime) -> Task:
    """The task, done; one that was done before stays done since then."""
    return task if task.completed_at is not None else replace(task, completed_at=at)


def to_due(text: str, zone: str) -> datetime:
    """When a task is due, in UTC. Errors: InvalidInput.

    A time with an offset is that moment, one without is read in the task's zone; a date means its last second there.
    """
    calendar = _zone(zone)
    try:
        if len(text) == _DATE_LENGTH:
            moment = datetime.combine(date.fromisoformat(text), _END_OF_DAY)
        else:
            moment = datetime.fromisoformat(text)
        moment = as_utc(moment, calendar)
    except ValueError:
        raise InvalidInput.of("dueDate", "must be a date or a time in ISO 8601") from None
    if moment.year not in _YEARS:
        raise InvalidInput.of("dueDate", "is not of this age")
    return moment


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput.of("timeZone", "must be a name of the time zone database, as America/Chicago") from None
