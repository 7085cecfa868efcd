"""Bodies, query parameters and responses of leads. Responses are written from rows; their models describe them."""

from datetime import datetime
from typing import Annotated, Literal, cast
from uuid import UUID

from pydantic import Field

from platbook.api.crm.fields import Contact, Email, Money, Phone, ShortText, StageKey, Text
from platbook.api.crm.query_string import ListQuery, parse_time
from platbook.api.envelope import Pagination
from platbook.api.models import ApiModel, RequestBody
from platbook.base.times import to_iso_z
from platbook.base.views import UtcDatetime
from platbook.crm.enums import ContactChannel, Priority, StageKind
from platbook.crm.leads.consents import ConsentInput
from platbook.crm.leads.patch import MAX_TAGS, LeadPatch
from platbook.crm.leads.search import OwnerFilter
from platbook.crm.suppressions.views import SuppressionRead


class LeadQuery(ListQuery):
    """Filters of leads: all filters together; of a repeated filter, any value; of `tag`, every value."""

    sort_by: Literal["createdAt", "updatedAt", "lastActivityAt", "score", "lastName"] = "createdAt"
    status: list[StageKey] = Field([], max_length=100)
    priority: list[Priority] = Field([], max_length=20)
    source: list[ShortText] = Field([], max_length=100)
    tag: list[ShortText] = Field([], max_length=100)
    search: str | None = Field(None, min_length=1, max_length=200, description="words of names, addresses, numbers")
    min_budget: Money | None = Field(None, description="leads whose budget reaches at least this amount")
    max_budget: Money | None = Field(None, description="leads whose budget begins at this amount or below")
    assigned_to: UUID | OwnerFilter | None = Field(None, description="a user, me, or none")
    office: ShortText | None = None
    team: ShortText | None = None


class ConsentCreate(RequestBody):
    """Whether a person agreed to be contacted by a channel."""

    channel: ContactChannel
    given: bool
    at: datetime | None = None
    source: ShortText = "api"

    def to_input(self, field: str) -> ConsentInput:
        """The statement, its time in UTC; InvalidInput names the time by the body's `field`."""
        statement: ConsentInput = {"channel": self.channel.value, "given": self.given, "source": self.source}
        if self.at is not None:
            statement["at"] = to_iso_z(parse_time(f"{field}.at", self.at))
        return statement


class LeadUpdate(RequestBody):
    """Fields of a lead. `email` and `phoneNumber` put one first among `emails` and `phones`."""

    first_name: Annotated[str, Field(max_length=200, examples=["Mira"])] | None = None
    last_name: Annotated[str, Field(max_length=200, examples=["Lane"])] | None = None
    email: Email | None = None
    phone_number: Phone | None = None
    emails: Annotated[list[Contact], Field(max_length=20)] | None = None
    phones: Annotated[list[Contact], Field(max_length=20)] | None = None
    source: Annotated[ShortText, Field(examples=["Website"])] | None = None
    status: StageKey | None = Field(None, description="the key of a stage, see GET /leads/stages")
    priority: Priority | None = None
    budget_min: Money | None = None
    budget_max: Money | None = None
    notes: Text | None = None
    tags: Annotated[list[ShortText], Field(max_length=MAX_TAGS)] | None = None
    custom_fields: dict[str, object] | None = Field(
        None, description="merged with the lead's custom fields one by one; null removes one"
    )
    assigned_to: UUID | None = None
    office: ShortText | None = None
    team: ShortText | None = None
    consents: Annotated[list[ConsentCreate], Field(max_length=20)] | None = Field(
        None, description="consents to add; of a channel the latest by its own time counts"
    )
    ai_summary: Text | None = None

    def to_changes(self) -> LeadPatch:
        """The fields that were sent, by the names of a lead's fields."""
        patch = cast("LeadPatch", {name: getattr(self, name) for name in self.model_fields_set})
        if self.consents is not None:
            patch["consents"] = [one.to_input(f"consents.{index}") for index, one in enumerate(self.consents)]
        return patch


class LeadCreate(LeadUpdate):
    """A new lead. `email` and `phoneNumber` put one first among `emails` and `phones`."""


class LeadAssignment(RequestBody):
    """The user to assign the lead to."""

    user_id: UUID


class LeadMerge(RequestBody):
    """The lead to merge into, which stays."""

    into_id: UUID


class ConsentRead(ApiModel):
    """A consent, given or refused."""

    channel: ContactChannel
    given: bool
    at: UtcDatetime
    source: str


class LeadRead(ApiModel):
    """A lead. `contactHidden`: it can be claimed, and its contact details are withheld until then."""

    id: UUID
    first_name: str
    last_name: str
    email: str | None
    phone_number: str | None
    emails: list[str]
    phones: list[str]
    source: str | None
    status: str = Field(description="the key of the lead's stage", examples=["New"])
    stage_kind: StageKind
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
    """Counts of leads; those without an owner or a source are counted under `none`."""

    total: int
    by_kind: dict[str, int]
    by_status: dict[str, int]
    by_source: dict[str, int]
    by_owner: dict[str, int]


class DuplicateEvidence(ApiModel):
    """What two leads have in common; `name`: how their names compared, null where they were not compared."""

    emails: list[str]
    phones: list[str]
    name: Literal["same", "similar", "different", "unknown"] | None


class LikeLead(ApiModel):
    """A lead that a person may be, and why."""

    lead: LeadRead
    evidence: DuplicateEvidence


class DuplicateCheckRead(ApiModel):
    """Whether a person is a lead already; leads are those the caller may see in full."""

    is_duplicate: bool
    leads: list[LeadRead]
    possible_duplicates: list[LikeLead]


class PossibleDuplicateOfLead(ApiModel):
    """Another lead that may be the same person, and why; `id` is that of the possible duplicate."""

    id: UUID
    lead_id: UUID
    evidence: DuplicateEvidence
    found_at: UtcDatetime


class LeadDetailRead(LeadRead):
    """A lead, with those that may be the same person, as far as the caller may see them in full: at most 100."""

    possible_duplicates: list[PossibleDuplicateOfLead]


class PersonExportRead(ApiModel):
    """All data stored about a person."""

    leads: list[dict[str, object]]
    tasks: list[dict[str, object]]
    interactions: list[dict[str, object]]
    events: list[dict[str, object]]
    external_ids: list[dict[str, object]]
    suppressions: list[SuppressionRead]


class ErasureRead(ApiModel):
    """How many leads were erased with the person."""

    erased: int
