"""What the CRM's routes take, and what they answer as the OpenAPI document tells it."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal, cast
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from platbook.api.envelope import Pagination
from platbook.api.models import Model, Moment, Sent
from platbook.base.errors import InvalidInput
from platbook.base.times import as_utc, to_iso_z
from platbook.crm.enums import ContactChannel, InteractionType, LeadStatus, Priority, TaskType, UserInteractionType
from platbook.crm.leads.patch import MAX_BUDGET, MAX_TAGS, ConsentInput, LeadPatch
from platbook.crm.leads.search import OwnerFilter
from platbook.crm.tasks.task import MAX_REMINDER_MINUTES, MAX_TITLE_LENGTH, TaskPatch
from platbook.db.lists import Count, Paging

_LONG = 20_000

Word = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=_LONG)]
Contact = Annotated[str, Field(min_length=1, max_length=320)]
Money = Annotated[Decimal, Field(ge=0, le=MAX_BUDGET, examples=[450000])]
Email = Annotated[str, Field(min_length=3, max_length=320, examples=["mira.lane@example.com"])]
Phone = Annotated[str, Field(min_length=3, max_length=60, examples=["(512) 555-0143"])]


class PageQuery(BaseModel):
    """The parameters every list takes."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")

    page: int = Field(1, ge=1, le=1_000_000)
    limit: int = Field(20, ge=1, le=100)
    cursor: str | None = Field(None, max_length=400, description="nextCursor of the page before; goes without page")
    count: Count = Field(Count.ESTIMATE, description="how the total is told")
    sort_order: Literal["asc", "desc"] | None = None


class LeadQuery(PageQuery):
    """Filters of leads: all of them together, of one repeated filter any; every tag."""

    sort_by: Literal["createdAt", "updatedAt", "lastActivityAt", "score", "lastName"] = "createdAt"
    status: list[LeadStatus] = Field([], max_length=20)
    priority: list[Priority] = Field([], max_length=20)
    source: list[Word] = Field([], max_length=100)
    tag: list[Word] = Field([], max_length=100)
    search: str | None = Field(None, min_length=1, max_length=200, description="words of names, addresses, numbers")
    min_budget: Money | None = Field(None, description="budgets that reach this high")
    max_budget: Money | None = Field(None, description="budgets that begin this low")
    assigned_to: UUID | OwnerFilter | None = Field(None, description="a user, me, or none")
    office: Word | None = None
    team: Word | None = None


class TaskQuery(PageQuery):
    """Filters of tasks."""

    sort_by: Literal["dueDate", "createdAt", "updatedAt", "priority"] = "dueDate"
    lead_id: UUID | None = None
    priority: list[Priority] = Field([], max_length=20)
    is_completed: bool | None = None
    assigned_to: UUID | Literal["me"] | None = Field(None, description="a user, or me")
    due_before: datetime | None = Field(None, description="a time in ISO 8601; without an offset, UTC")
    due_after: datetime | None = None
    overdue: bool | None = None


class TimelineQuery(PageQuery):
    """A page of a lead's log."""

    limit: int = Field(50, ge=1, le=100)


class InteractionFilter(BaseModel):
    """What interactions are asked for."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")

    lead_id: UUID | None = None
    type: list[InteractionType] = Field([], max_length=20)
    start_date: datetime | None = Field(None, description="a time in ISO 8601; without an offset, UTC")
    end_date: datetime | None = Field(None, description="not included")


class InteractionQuery(InteractionFilter, PageQuery):
    """Filters of interactions."""

    limit: int = Field(50, ge=1, le=100)


class ConsentSent(Sent):
    """Whether a person agreed to be reached by a channel."""

    channel: ContactChannel
    given: bool
    at: datetime | None = None
    source: Word = "api"

    def to_input(self) -> ConsentInput:
        """The statement, its time in UTC."""
        statement: ConsentInput = {"channel": self.channel.value, "given": self.given, "source": self.source}
        if self.at is not None:
            statement["at"] = to_iso_z(to_aware(self.at))
        return statement


class LeadSent(Sent):
    """What may be said of a lead. `email` and `phoneNumber` put one first among `emails` and `phones`."""

    first_name: Annotated[str, Field(max_length=200, examples=["Mira"])] | None = None
    last_name: Annotated[str, Field(max_length=200, examples=["Lane"])] | None = None
    email: Email | None = None
    phone_number: Phone | None = None
    emails: Annotated[list[Contact], Field(max_length=20)] | None = None
    phones: Annotated[list[Contact], Field(max_length=20)] | None = None
    source: Annotated[Word, Field(examples=["Website"])] | None = None
    status: LeadStatus | None = None
    priority: Priority | None = None
    budget_min: Money | None = None
    budget_max: Money | None = None
    notes: Text | None = None
    tags: Annotated[list[Word], Field(max_length=MAX_TAGS)] | None = None
    custom_fields: dict[str, object] | None = Field(None, description="each is changed by itself; null takes one away")
    assigned_to: UUID | None = None
    office: Word | None = None
    team: Word | None = None
    consents: Annotated[list[ConsentSent], Field(max_length=20)] | None = Field(
        None, description="statements to add; the last of a channel holds"
    )
    ai_summary: Text | None = None

    def said(self) -> LeadPatch:
        """The fields that the body sets."""
        patch = cast("LeadPatch", {name: getattr(self, name) for name in self.model_fields_set})
        if self.consents is not None:
            patch["consents"] = [one.to_input() for one in self.consents]
        return patch


class AssignSent(Sent):
    """Who is to have the lead."""

    user_id: UUID


class MergeSent(Sent):
    """The lead that stays."""

    into_id: UUID


class TaskSent(Sent):
    """What may be said of a task."""

    title: Annotated[str, Field(max_length=MAX_TITLE_LENGTH, examples=["Call about 12 Elm"])] | None = None
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
    remind_minutes_before: Annotated[int, Field(ge=0, le=MAX_REMINDER_MINUTES)] | None = None

    def said(self) -> TaskPatch:
        """The fields that the body sets."""
        return cast("TaskPatch", {name: getattr(self, name) for name in self.model_fields_set})


class NewTask(TaskSent):
    """A task to make."""

    title: Annotated[str, Field(min_length=1, max_length=MAX_TITLE_LENGTH, examples=["Call about 12 Elm"])]  # pyright: ignore[reportGeneralTypeIssues, reportIncompatibleVariableOverride] - needed here, optional in a change


class InteractionSent(Sent):
    """What a person did."""

    lead_id: UUID
    type: UserInteractionType
    content: Text | None = None
    interaction_date: datetime | None = Field(None, description="now, unless told; without an offset, UTC")
    property_id: UUID | None = None
    metadata: dict[str, object] = Field(default_factory=dict[str, object])


class ConsentShown(Model):
    """A statement of consent."""

    channel: ContactChannel
    given: bool
    at: Moment
    source: str


class LeadShown(Model):
    """A lead. `contactHidden`: it is there to be claimed, and what reaches the person is kept back until then."""

    id: UUID
    first_name: str
    last_name: str
    email: str | None
    phone_number: str | None
    emails: list[str]
    phones: list[str]
    source: str | None
    status: LeadStatus
    priority: Priority
    budget_min: float | None
    budget_max: float | None
    notes: str | None
    tags: list[str]
    custom_fields: dict[str, object]
    assigned_to: UUID | None
    office: str | None
    team: str | None
    consents: list[ConsentShown]
    score: int = Field(ge=0, le=100)
    score_reasons: list[str] = Field(examples=[["stage New: +10"]])
    ai_summary: str | None
    created_at: Moment
    updated_at: Moment
    last_activity_at: Moment
    claim_until: Moment | None
    contact_hidden: bool


class LeadsShown(Model):
    """A page of leads."""

    leads: list[LeadShown]
    pagination: Pagination


class LeadStatsShown(Model):
    """Leads in numbers; those of nobody, or of no source, under `none`."""

    total: int
    by_status: dict[str, int]
    by_source: dict[str, int]
    by_owner: dict[str, int]


class DuplicateShown(Model):
    """Whether somebody is known; `leads` are those the caller sees whole."""

    is_duplicate: bool
    leads: list[LeadShown]


class PersonShown(Model):
    """Everything that is kept of a person, as an export has it."""

    leads: list[dict[str, object]]
    tasks: list[dict[str, object]]
    interactions: list[dict[str, object]]
    events: list[dict[str, object]]
    external_ids: list[dict[str, object]]


class ErasedShown(Model):
    """How many leads were this person."""

    erased: int


class TaskShown(Model):
    """A task."""

    id: UUID
    title: str
    description: str | None
    type: TaskType
    due_date: Moment | None
    time_zone: str
    priority: Priority
    lead_id: UUID | None
    assigned_to: UUID | None
    is_completed: bool
    completed_at: Moment | None
    remind_minutes_before: int | None
    is_overdue: bool
    created_by: str
    created_at: Moment
    updated_at: Moment


class TasksShown(Model):
    """A page of tasks."""

    tasks: list[TaskShown]
    pagination: Pagination


class TaskStatsShown(Model):
    """Tasks in numbers; due today on their own calendars."""

    completed: int
    pending: int
    overdue: int
    due_today: int


class InteractionShown(Model):
    """An entry of the log."""

    id: UUID
    lead_id: UUID
    type: InteractionType
    content: str | None
    interaction_date: Moment
    user_id: UUID | None
    actor: str
    property_id: UUID | None
    metadata: dict[str, object]
    created_at: Moment


class InteractionsShown(Model):
    """A page of interactions."""

    interactions: list[InteractionShown]
    pagination: Pagination


class InteractionStatsShown(Model):
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


def to_paging(query: PageQuery, sort: str) -> Paging:
    """The page a list is asked for."""
    descending = None if query.sort_order is None else query.sort_order == "desc"
    return Paging(sort, descending, query.page, query.limit, query.cursor, query.count)
