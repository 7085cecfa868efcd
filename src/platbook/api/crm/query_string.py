"""Query parameters that every list of the CRM takes, and what they mean to a search."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from platbook.base.errors import InvalidInput
from platbook.base.times import as_utc
from platbook.db.lists import Count, Paging


class QueryParameters(BaseModel):
    """Query parameters in camelCase; an unknown one is refused by name."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")


class ListQuery(QueryParameters):
    """The parameters every list takes."""

    page: int = Field(1, ge=1, le=1_000_000)
    limit: int = Field(20, ge=1, le=100)
    cursor: str | None = Field(None, max_length=400, description="nextCursor of the previous page; without page")
    count: Count = Field(Count.ESTIMATE, description="how the total is counted")
    sort_order: Literal["asc", "desc"] | None = None


def to_paging(query: ListQuery, sort: str) -> Paging:
    """The requested page of a list."""
    descending = None if query.sort_order is None else query.sort_order == "desc"
    return Paging(sort, descending, query.page, query.limit, query.cursor, query.count)


def parse_time(field: str, value: datetime) -> datetime:
    """A time in UTC, which it is where it has no offset. Errors: InvalidInput beyond what UTC can express."""
    try:
        return as_utc(value)
    except ValueError:
        raise InvalidInput.of(field, "is out of range: the year must be between 1 and 9999 in UTC") from None


def parse_optional_time(field: str, value: datetime | None) -> datetime | None:
    """As `parse_time`, for a time that may be omitted."""
    return None if value is None else parse_time(field, value)
