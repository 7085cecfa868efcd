"""Query parameters that many lists share."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator

from platbook.base.times import as_utc

_MAX_PAGE = 1_000_000


def to_utc(value: datetime | None) -> datetime | None:
    """Convert to UTC; without an offset it is UTC. Errors: ValueError beyond what UTC can express."""
    return None if value is None else as_utc(value)


PageNumber = Annotated[int, Query(ge=1, le=_MAX_PAGE, description="the page, from 1")]
Limit = Annotated[int, Query(ge=1, le=100, description="rows on a page")]
Since = Annotated[datetime | None, Query(description="only entries at or after this time"), AfterValidator(to_utc)]
