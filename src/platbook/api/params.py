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


def require_zone(value: datetime | None) -> datetime | None:
    """Convert to UTC; without an offset it names no moment. Errors: ValueError, beyond what UTC can express too."""
    if value is not None and value.tzinfo is None:
        raise ValueError("must say its time zone, such as 2026-01-31T08:15:00Z or 2026-01-31T08:15:00-05:00")
    return to_utc(value)


PageNumber = Annotated[int, Query(ge=1, le=_MAX_PAGE, description="the page, from 1")]
Limit = Annotated[int, Query(ge=1, le=100, description="rows on a page")]
Since = Annotated[datetime | None, Query(description="only entries at or after this time"), AfterValidator(to_utc)]
