"""What the CRM's routes take, and what they answer as the OpenAPI document tells it."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from platbook.api.envelope import Pagination
from platbook.api.models import ApiModel, RequestBody, UtcDatetime
from platbook.base.errors import InvalidInput
from platbook.base.times import as_utc, to_iso_z
from platbook.crm.enums import Channel, InteractionType, Priority, Stage, TaskType, WrittenType
from platbook.crm.leads.lead import LARGEST_BUDGET, MOST_TAGS
from platbook.crm.leads.search import Owner
from platbook.crm.tasks.task import LONGEST_TITLE, MOST_MINUTES
from platbook.db.lists import Paging
from platbook.db.totals import Count

_LONG = 20_000

Word = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=_LONG)]
Contact = Annotated[str, Field(min_length=1, max_length=320)]
Money = Annotated[Decimal, Field(ge=0, le=LARGEST_BUDGET, examples=[450000])]
Email = Annotated[str, Field(min_length=3, max_length=320, examples=["mira.lane@example.com"])]
Phone = Annotated[str, Field(min_length=3, max_length=60, examples=["(512) 555-0143"])]


class ListQuery(BaseModel):
    """The parameters every list takes."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")

    page: int = Field(1, ge=1, le=1_000_000)
    limit: int = Field(20, ge=1, le=100)
    cursor: str | None = Field(None, max_length=400, description="nextCursor of the page before; goes without page")
    count: Count = Field(Count.ESTIMATE, description="how the total is told")
    sort_order: Literal["asc", "desc"] | None = None


class LeadQuery(ListQuery):
    """Filters of leads: all of them together, of one repeated filter any; every tag."""

    sort_by: Literal["createdAt", "updatedAt", "lastActivityAt", "score", "lastName"] = "createdAt"
    status: list[Stage] = Field([], max_length=20)
    priority: list[Priority] = Field([], max_length=20)
    source: list[Word] = Field([], max_length=100)
    tag: list[Word] = Field([], max_length=100)
    search: str | None = Field(None, min_length=1, max_length=200, description="words of names, addresses, numbers")
    min_budget: Money | None = Field(None, description="budgets that reach this high")
    max_budget: Money | None = Field(None, description="budgets that begin this low")
    assigned_to: UUID | Owner | None = Field(None, description="a user, me, or none")
    office: Word | None = None
    team: Word | None = None


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


class TimelineQuery(ListQuery):
    """A page of a lead's log."""

    limit: int = Field(50, ge=1, le=100)


class InteractionFilter(BaseModel):
    """What interactions are asked for."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")

    lead_id: UUID | None = None
    type: list[InteractionType] = Field([], max_length=20)
    start_date: datetime | None = Field(None, description="a time in ISO 8601; without an offset, UTC")
    end_date: datetime | None = Field(None, description="not included")


class InteractionQuery(InteractionFilter, ListQuery):
    """Filters of interactions."""

    limit: int = Field(50, ge=1, le=100)


class ConsentCreate(RequestBody):
    """Whether a person agreed to be reached by a channel."""

    channel: Channel
    given: bool
    at: datetime | None = None
    source: Word = "api"


class LeadUpdate(RequestBody):
    """What may be said of a lead. `email` and `phoneNumber` put one first among `emails` and `phones`."""

    first_name: Annotated[str, Field(max_length=200, examples=["Mira"])] | None = None
    last_name: Annotated[str, Field(max_length=200, examples=["Lane"])] | None = None
    email: Email | None = None
    phone_number: Phone | None = None
    emails: Annotated[list[Contact], Field(max_length=20)] | None = None
    phones: Annotated[list[Contact], Field(max_length=20)] | None = None
    source: Annotated[Word, Field(examples=["Website"])] | None = None
    status: Stage | None = None
    priority: Priority | None = None
    budget_min: Money | None = None
    budget_max: Money | None = None
    notes: Text | None = None
    tags: Annotated[list[Word], Field(max_length=MOST_TAGS)] | None = None
    custom_fields: dict[str, object] | None = Field(None, description="each is changed by itself; null takes one away")
    assigned_to: UUID | None = None
    office: Word | None = None
    team: Word | None = None
    consents: Annotated[list[ConsentCreate], Field(max_length=20)] | None = Field(
        None, description="statements to add; the last of a channel holds"
    )
    ai_summary: Text | None = None

    def said(self) -> dict[str, object]:
        """What was said, by the names of a lead's fields; what was left out is not there."""
        said: dict[str, object] = {name: getattr(self, name) for name in self.model_fields_set}
        if self.consents is not None:
            said["consents"] = [
                {"channel": one.channel.value, "given": one.given, "source": one.source}
                | ({} if one.at is None else {"at": to_iso_z(to_aware(one.at))})
                for one in self.consents
            ]
        return said


class LeadAssignment(RequestBody):
    """Who is to have the lead."""

    user_id: UUID


class LeadMerge(RequestBody):
    """The lead that stays."""

    into_id: UUID


class TaskUpdate(RequestBody):
    """What may be said of a task."""

    title: Annotated[str, Field(max_length=LONGEST_TITLE, examples=["Call about 12 Elm"])] | None = None
    description: Text | None = None
    type: TaskType | None = None
    due_date: Annotated[str, Field(max_length=40, examples=["2026-12-01T17:00:00"])] | None = Field(
        None, description="ISO 8601; without an offset it is read in timeZone, and a date means its last second there"
    )
    time_zone: Annotated[str, Field(max_length=60, examples=["America/Chicago"])] | None = None
    priority: Priority | None = None
    lead_id: UUID | None = None
    assigned_to: UUID | None = None
    is_completed: bool | None = None
    remind_minutes_before: Annotated[int, Field(ge=0, le=MOST_MINUTES)] | None = None

    def said(self) -> dict[str, object]:
        """What was said, by the names of a task's fields; what was left out is not there."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class TaskCreate(TaskUpdate):
    """A task to make."""

    title: Annotated[str, Field(min_length=1, max_length=LONGEST_TITLE, examples=["Call about 12 Elm"])]  # pyright: ignore[reportGeneralTypeIssues, reportIncompatibleVariableOverride] - needed here, optional in a change


class InteractionCreate(RequestBody):
    """What a person did."""

    lead_id: UUID
    type: WrittenType
    content: Text | None = None
    interaction_date: datetime | None = Field(None, description="now, unless told; without an offset, UTC")
    property_id: UUID | None = None
    metadata: dict[str, object] = Field(default_factory=dict[str, object])


class ConsentRead(ApiModel):
    """A statement of consent."""

    channel: Channel
    given: bool
    at: UtcDatetime
    source: str


class LeadRead(ApiModel):
    """A lead. `contactHidden`: it is there to be claimed, and what reaches the person is kept back until then."""

    id: UUID
    first_name: str
    last_name: str
    email: str | None
    phone_number: str | None
    emails: list[str]
    phones: list[str]
    source: str | None
    status: Stage
    priority: Priority
    budget_min: float | None
    budget_max: float | None
    notes: str | None
    tags: list[str]
    custom_fields: dict[str, object]
    assigned_to: UUID | None
    office: str | None
    team: str | None
    consents: list[ConsentRead]
    score: int = Field(ge=0, le=100)
    score_reasons: list[str] = Field(examples=[["stage New: +10"]])
    ai_summary: str | None
    created_at: UtcDatetime
    updated_at: UtcDatetime
    last_activity_at: UtcDatetime
    claim_until: UtcDatetime | None
    contact_hidden: bool


class LeadList(ApiModel):
    """A page of leads."""

    leads: list[LeadRead]
    pagination: Pagination


class LeadStatsRead(ApiModel):
    """Leads in numbers; those of nobody, or of no source, under `none`."""

    total: int
    by_status: dict[str, int]
    by_source: dict[str, int]
    by_owner: dict[str, int]


class DuplicateCheckRead(ApiModel):
    """Whether somebody is known; `leads` are those the caller sees whole."""

    is_duplicate: bool
    leads: list[LeadRead]


class PersonExportRead(ApiModel):
    """Everything that is kept of a person, as an export has it."""

    leads: list[dict[str, object]]
    tasks: list[dict[str, object]]
    interactions: list[dict[str, object]]
    events: list[dict[str, object]]
    external_ids: list[dict[str, object]]


class ErasureRead(ApiModel):
    """How many leads were this person."""

    erased: int


class TaskRead(ApiModel):
    """A task."""

    id: UUID
    title: str
    description: str | None
    type: TaskType
    due_date: UtcDatetime | None
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
    """Tasks in numbers; due today on their own calendars."""

    completed: int
    pending: int
    overdue: int
    due_today: int


class InteractionRead(ApiModel):
    """An entry of the log."""

    id: UUID
    lead_id: UUID
    type: InteractionType
    content: str | None
    interaction_date: UtcDatetime
    user_id: UUID | None
    actor: str
    property_id: UUID | None
    metadata: dict[str, object]
    created_at: UtcDatetime


class InteractionList(ApiModel):
    """A page of interactions."""

    interactions: list[InteractionRead]
    pagination: Pagination


class InteractionStatsRead(ApiModel):
    """Interactions in numbers."""

    total: int
    by_type: dict[str, int]
    by_user: dict[str, int]


def to_aware(moment: datetime) -> datetime:
    """A time as a moment in UTC, which it is where it has no offset. Errors: InvalidInput beyond the calendar."""
    try:
        return as_utc(moment)
    except ValueError:
        raise InvalidInput(f"{moment.isoformat()} is not of this age") from None


def to_paging(query: ListQuery, sort: str) -> Paging:
    """The page a list is asked for."""
    descending = None if query.sort_order is None else query.sort_order == "desc"
    return Paging(sort, descending, query.page, query.limit, query.cursor, query.count)
