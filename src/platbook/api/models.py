"""Bodies in and out: camelCase words, unknown ones refused, moments in UTC with a Z."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer
from pydantic.alias_generators import to_camel

from platbook.base.times import to_iso_z


class Model(BaseModel):
    """A body whose words are camelCase; a word it does not know is refused by name."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", from_attributes=True)


class Sent(Model):
    """A body that comes in: its words are the camelCase ones alone, our own names for them are as unknown as any."""

    model_config = ConfigDict(populate_by_name=False)


Moment = Annotated[datetime, PlainSerializer(to_iso_z, return_type=str, when_used="json")]
"""An aware moment, written in UTC with a Z."""
