"""What the market hands out: listings as they stand at a moment, and the photos they have."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum


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


@dataclass(frozen=True, slots=True)
class MarketPhoto:
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
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19] + "Z"


def to_date(seconds: int) -> str:
    """Write a moment's day in UTC: 2026-01-31."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:10]
