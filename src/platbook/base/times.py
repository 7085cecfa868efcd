"""Datetimes in UTC: reading ISO 8601 and HTTP dates, converting, and writing with a Z."""

from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime


def as_utc(time: datetime, default_zone: tzinfo = UTC) -> datetime:
    """Convert to UTC; a naive datetime is taken to be in `default_zone`. ValueError: beyond what UTC can express."""
    try:
        return (time if time.tzinfo else time.replace(tzinfo=default_zone)).astimezone(UTC)
    except OverflowError:
        raise ValueError("is out of range") from None


def parse_utc(text: str, default_zone: tzinfo = UTC) -> datetime:
    """Parse an ISO 8601 date or time into UTC; without an offset it is in `default_zone`. Errors: ValueError."""
    return as_utc(datetime.fromisoformat(text), default_zone)


def parse_http_date(text: str) -> datetime | None:
    """Parse a date of an HTTP header (RFC 9110 section 5.6.7) into UTC; None: it is none."""
    try:
        return as_utc(parsedate_to_datetime(text))
    except (ValueError, IndexError, TypeError):
        return None


def to_iso_z(time: datetime) -> str:
    """Format an aware datetime as ISO 8601 in UTC, with a Z: 2026-01-31T08:15:00Z."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
