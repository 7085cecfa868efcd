"""Bodies, query parameters and responses of tasks. Responses are written from rows; their models describe them."""

from datetime import date, datetime
from typing import Annotated, Literal, cast
from uuid import UUID

from pydantic import Field

from platbook.api.accounts.fields import TimeZone
from platbook.api.crm.fields import Text
from platbook.api.crm.query_string import ListQuery
from platbook.api.envelope import Pagination
from platbook.api.models import ApiModel, RequestBody
from platbook.base.views import UtcDatetime
from platbook.crm.enums import Priority, TaskType
from platbook.crm.tasks.task import MAX_REMINDER_MINUTES, MAX_TITLE_LENGTH, TaskPatch


class TaskQuery(ListQuery):
    """Filters of tasks."""

    sort_by: Literal["dueDate", "createdAt", "updatedAt", "priority"] = "dueDate"
    lead_id: UUID | None = None
    priority: list[Priority] = Field([], max_length=20)
    is_completed: bool | None = None
    assigned_to: UUID | Literal["me"] | None = Field(None, description="a user, or me")
    due_before: datetime | None = Field(None, description="a time in ISO 8601; without an offset, UTC")
    due_after: datetime | None = None
    overdue: bool | None = None


class TaskUpdate(RequestBody):
    """Fields of a task."""

    title: Annotated[str, Field(max_length=MAX_TITLE_LENGTH, examples=["Call about 12 Elm"])] | None = None
    description: Text | None = None
    type: TaskType | None = None
    due_date: Annotated[str, Field(max_length=40, examples=["2026-12-01T17:00:00"])] | None = Field(
        None,
        description="ISO 8601; a time, which is in timeZone where it has no offset, or a date, which ends by the "
        "assignee's time zone, or else by timeZone",
    )
    time_zone: TimeZone | None = None
    priority: Priority | None = None
    lead_id: UUID | None = None
    assigned_to: UUID | None = None
    is_completed: bool | None = None
    remind_minutes_before: Annotated[int, Field(ge=0, le=MAX_REMINDER_MINUTES)] | None = None

    def to_changes(self) -> TaskPatch:
        """The fields that were sent, by the names of a task's fields."""
        return cast("TaskPatch", {name: getattr(self, name) for name in self.model_fields_set})


class TaskCreate(TaskUpdate):
    """A new task."""

    title: Annotated[str, Field(min_length=1, max_length=MAX_TITLE_LENGTH, examples=["Call about 12 Elm"])]  # pyright: ignore[reportGeneralTypeIssues, reportIncompatibleVariableOverride] - required here, optional in a change


class TaskRead(ApiModel):
    """A task."""

    id: UUID
    title: str
    description: str | None
    type: TaskType
    due_date: date | UtcDatetime | None = Field(
        description="a date where the task is due on a day, whatever the time zone"
    )
    time_zone: str
    priority: Priority
    lead_id: UUID | None
    assigned_to: UUID | None
    is_completed: bool
    completed_at: UtcDatetime | None
    remind_minutes_before: int | None
    is_overdue: bool
    created_by: str
    created_at: UtcDatetime
    updated_at: UtcDatetime


class TaskList(ApiModel):
    """A page of tasks."""

    tasks: list[TaskRead]
    pagination: Pagination


class TaskStatsRead(ApiModel):
    """Counts of tasks; `dueToday` by the time zone of whoever each is assigned to, or else the task's own."""

    completed: int
    pending: int
    overdue: int
    due_today: int
