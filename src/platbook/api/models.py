"""Bases of request and response models: camelCase fields, unknown ones refused by name, datetimes in UTC with a Z."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer
from pydantic.alias_generators import to_camel

from platbook.base.times import to_iso_z


class ApiModel(BaseModel):
    """A JSON object whose fields are camelCase; an unknown field is refused by name."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", from_attributes=True)


class RequestBody(ApiModel):
    """A request's body: its fields are known by their camelCase names alone, not by those of Python."""

    model_config = ConfigDict(populate_by_name=False)


UtcDatetime = Annotated[datetime, PlainSerializer(to_iso_z, return_type=str, when_used="json")]
"""An aware datetime, written in UTC with a Z."""
