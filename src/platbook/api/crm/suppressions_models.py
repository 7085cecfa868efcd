"""Bodies, query parameters and responses of suppressions."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from platbook.api.crm.fields import Contact
from platbook.api.crm.query_string import ListQuery, parse_optional_time
from platbook.api.envelope import Pagination
from platbook.api.models import ApiModel, RequestBody
from platbook.crm.suppressions.register import SuppressionInput
from platbook.crm.suppressions.suppression import MAX_REASON, SuppressedChannel
from platbook.crm.suppressions.views import SuppressionRead

_Reason = Annotated[str, Field(min_length=1, max_length=MAX_REASON)]
_Stream = Annotated[str, Field(pattern="^[a-z][a-z0-9-]{0,49}$", examples=["alerts"])]


class SuppressionQuery(ListQuery):
    """Filters of suppressions; all together."""

    channel: list[SuppressedChannel] = Field([], max_length=3)
    stream: _Stream | None = None
    address: Contact | None = Field(None, description="one address or number; an erased person's is found, too")
    ended: bool | None = Field(None, description="false: those that stand; true: those that ended; without it, both")


class SuppressionCreate(RequestBody):
    """An address or number that must not be contacted by a channel."""

    channel: SuppressedChannel
    address: Annotated[Contact, Field(examples=["mira.lane@example.com"])]
    reason: Annotated[_Reason, Field(examples=["asked by letter"])]
    stream: _Stream | None = Field(None, description="one kind of message; without it, every kind")
    at: datetime | None = Field(None, description="when the person said so; by default now")

    def to_input(self) -> SuppressionInput:
        """What is added."""
        at = parse_optional_time("at", self.at)
        return SuppressionInput(self.channel, self.address, self.reason, self.stream, at)


class SuppressionEnd(RequestBody):
    """Why a suppression ends."""

    reason: Annotated[_Reason, Field(examples=["signed a new form in the office"])]


class SuppressionList(ApiModel):
    """A page of suppressions."""

    suppressions: list[SuppressionRead]
    pagination: Pagination
