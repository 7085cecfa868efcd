"""Datetimes in UTC: reading ISO 8601, converting, and writing with a Z."""

from datetime import UTC, datetime, tzinfo


def as_utc(time: datetime, default_zone: tzinfo = UTC) -> datetime:
    """Convert to UTC; a naive datetime is taken to be in `default_zone`. ValueError: beyond what UTC can express."""
    try:
        return (time if time.tzinfo else time.replace(tzinfo=default_zone)).astimezone(UTC)
    except OverflowError:
        raise ValueError("is out of range") from None


def parse_utc(text: str, default_zone: tzinfo = UTC) -> datetime:
    """Parse an ISO 8601 date or time into UTC; without an offset it is in `default_zone`. Errors: ValueError."""
    return as_utc(datetime.fromisoformat(text), default_zone)


def to_iso_z(time: datetime) -> str:
    """Format an aware datetime as ISO 8601 in UTC, with a Z: 2026-01-31T08:15:00Z."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
