"""Bodies in and out: camelCase words, unknown ones refused, moments in UTC with a Z."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer
from pydantic.alias_generators import to_camel


class Model(BaseModel):
    """A body whose words are camelCase; a word it does not know is refused by name."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", from_attributes=True)


class Sent(Model):
    """A body that comes in: its words are the camelCase ones alone, our own names for them are as unknown as any."""

    model_config = ConfigDict(populate_by_name=False)


def to_z(moment: datetime) -> str:
    """A moment as the API writes it: UTC, with a Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


Moment = Annotated[datetime, PlainSerializer(to_z, return_type=str, when_used="json")]
"""An aware moment, written in UTC with a Z."""
