"""Bodies, query parameters and responses of interactions. Responses come from rows; their models describe them."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from platbook.api.crm.fields import Text
from platbook.api.crm.query_string import ListQuery, QueryParameters
from platbook.api.envelope import Pagination
from platbook.api.models import ApiModel, RequestBody
from platbook.base.views import UtcDatetime
from platbook.crm.enums import InteractionType, UserInteractionType


class TimelineQuery(ListQuery):
    """A page of a lead's timeline."""

    limit: int = Field(50, ge=1, le=100)


class InteractionFilter(QueryParameters):
    """Filters of interactions."""

    lead_id: UUID | None = None
    type: list[InteractionType] = Field([], max_length=20)
    start_date: datetime | None = Field(None, description="a time in ISO 8601; without an offset, UTC")
    end_date: datetime | None = Field(None, description="not included")


class InteractionQuery(InteractionFilter, ListQuery):
    """Filters of interactions, and a page."""

    limit: int = Field(50, ge=1, le=100)


class InteractionCreate(RequestBody):
    """An interaction with a person."""

    lead_id: UUID
    type: UserInteractionType
    content: Text | None = None
    interaction_date: datetime | None = Field(None, description="now, if omitted; without an offset, UTC")
    property_id: UUID | None = None
    metadata: dict[str, object] = Field(default_factory=dict[str, object])


class InteractionRead(ApiModel):
    """An entry of the log of interactions."""

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
    """Counts of interactions."""

    total: int
    by_type: dict[str, int]
    by_user: dict[str, int]
