"""Views: frozen read models with one JSON form, whether the API, the CLI's `--json` or a page serialises them."""

import math
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer
from pydantic.alias_generators import to_camel

from platbook.base.times import to_iso_z

UtcDatetime = Annotated[datetime, PlainSerializer(to_iso_z, return_type=str, when_used="json")]
"""An aware datetime; in JSON it is UTC with a Z."""

_OMIT_NONE = Field(exclude_if=lambda value: value is None)


class View(BaseModel):
    """A read model: immutable, camelCase in JSON. Derived values are computed by the query that fills it."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, from_attributes=True
    )

    def to_json(self) -> dict[str, object]:
        """The JSON object, by its API field names."""
        return self.model_dump(mode="json", by_alias=True)


class Pagination(View):
    """The position of a page. `total` is left out on request, and an estimate above 10,000 matches."""

    page: int
    limit: int
    total: Annotated[int | None, _OMIT_NONE] = None
    total_pages: Annotated[int | None, _OMIT_NONE] = None
    total_is_estimate: Annotated[bool | None, _OMIT_NONE] = None
    next_cursor: Annotated[str | None, _OMIT_NONE] = None


def paginate(page: int, limit: int, total: int) -> Pagination:
    """The pagination of a list whose total is known exactly."""
    return Pagination(page=page, limit=limit, total=total, total_pages=math.ceil(total / limit))
