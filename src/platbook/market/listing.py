"""What the market hands out: listings as they stand at a moment, and the photos they have."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

_DAY = 86_400
_HOUR = 3600


class Subject(StrEnum):
    """What a photo shows."""

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
    """One photo. `key` stays with its place; `version` (from 1) grows when the photo is taken anew."""

    key: str
    order: int
    subject: Subject
    caption: str
    version: int
    modified: datetime


@dataclass(frozen=True, slots=True)
class MarketListing:
    """One listing as it stands at one moment.

    `record` is the whole record under RESO Data Dictionary 2.0 names; its values are JSON values: text, numbers,
    booleans, None and lists of text; dates as 2026-01-31, timestamps as 2026-01-31T08:15:00Z.
    """

    key: str
    seed: int
    index: int
    modified: datetime
    record: dict[str, object]
    photos: tuple[MarketPhoto, ...]


def to_moment(seconds: int) -> datetime:
    """Make an aware datetime of seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def to_timestamp(seconds: int) -> str:
    """Write a moment as the feed does: 2026-01-31T08:15:00Z."""
    day, rest = divmod(seconds, _DAY)
    return f"{_to_day(day)}T{rest // _HOUR:02d}:{rest % _HOUR // 60:02d}:{rest % 60:02d}Z"


def to_date(seconds: int) -> str:
    """Write a moment's day in UTC: 2026-01-31."""
    return _to_day(seconds // _DAY)


def to_year(seconds: int) -> int:
    """Tell a moment's year in UTC."""
    return int(_to_day(seconds // _DAY)[:4])


@lru_cache(maxsize=2048)
def _to_day(day: int) -> str:
    """Write a day, counted from 1970. Kept for some years' days: listings share them, and there are many listings."""
    return datetime.fromtimestamp(day * _DAY, UTC).isoformat()[:10]
