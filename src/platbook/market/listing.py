"""The market's output: listings at a point in time, and their photos."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

_DAY = 86_400
_HOUR = 3600


class PhotoSubject(StrEnum):
    """The subject of a photo."""

    HOUSE = "house"
    TOWNHOUSE = "townhouse"
    TOWER = "tower"
    OFFICE = "office"
    STORE = "store"
    WAREHOUSE = "warehouse"
    LOT = "lot"
    LIVING = "living room"
    KITCHEN = "kitchen"
    BEDROOM = "bedroom"
    BATH = "bathroom"
    YARD = "yard"


class MarketPhoto(NamedTuple):
    """One photo. `key` is stable per position; `version` (from 1) increments when the photo is replaced."""

    key: str
    order: int
    subject: PhotoSubject
    caption: str
    version: int
    modified: datetime


@dataclass(frozen=True, slots=True)
class MarketListing:
    """A listing at one time.

    `record` is the complete record under RESO Data Dictionary 2.0 names; its values are JSON values: text, numbers,
    booleans, None and lists of text; dates as 2026-01-31, timestamps as 2026-01-31T08:15:00Z. `record_modified` is when
    anything but its photos last changed.
    """

    key: str
    seed: int
    index: int
    modified: datetime
    record: dict[str, object]
    photos: tuple[MarketPhoto, ...]
    record_modified: datetime


def to_datetime(seconds: int) -> datetime:
    """Convert seconds since 1970 to an aware datetime."""
    return datetime.fromtimestamp(seconds, UTC)


def to_timestamp(seconds: int) -> str:
    """Format a time as the feed does: 2026-01-31T08:15:00Z."""
    day, rest = divmod(seconds, _DAY)
    return f"{_to_day(day)}T{rest // _HOUR:02d}:{rest % _HOUR // 60:02d}:{rest % 60:02d}Z"


def to_date(seconds: int) -> str:
    """Format the UTC date of a time: 2026-01-31."""
    return _to_day(seconds // _DAY)


def to_year(seconds: int) -> int:
    """Return the UTC year of a time."""
    return int(_to_day(seconds // _DAY)[:4])


@lru_cache(maxsize=2048)
def _to_day(day: int) -> str:
    """Format a day counted from 1970. Cached, since many listings share the same days."""
    return datetime.fromtimestamp(day * _DAY, UTC).isoformat()[:10]
