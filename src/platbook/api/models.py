"""Bases of request and response models: camelCase fields, unknown ones refused by name."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class ApiModel(BaseModel):
    """A JSON object whose fields are camelCase; an unknown field is refused by name."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", from_attributes=True)


class RequestBody(ApiModel):
    """A request's body: its fields are known by their camelCase names alone, not by those of Python."""

    model_config = ConfigDict(populate_by_name=False)
