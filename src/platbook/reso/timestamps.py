"""Dates and timestamps as sources send them: ISO 8601 calendar dates, also with slashes, any fraction of a second.

When the clocks go back, an hour of local times is repeated: a time without an offset may then name either of two
moments. It is read as the earlier one.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from platbook.base.times import as_utc
from platbook.reso.values import Coercer, Value, refuse

_NEAR_CHANGE = timedelta(hours=3)


def date_reader(label: str) -> Coercer:
    """Build the coercer of dates; of a timestamp, its date part."""

    def read(value: object) -> Value:
        if type(value) is date or value is None:
            return value
        if isinstance(value, datetime):
            return value.date()
        if not isinstance(value, str):
            raise refuse(label, value, "a date")
        text = value.strip()
        if not text:
            return None
        try:
            if (calendar := _to_calendar_form(text)) is not None:
                # A date sent as a local midnight is the local date: the offset, if any, is not applied.
                return datetime.fromisoformat(calendar).date()
        except ValueError:
            pass
        raise refuse(label, value, "a date as YYYY-MM-DD")

    return read


def timestamp_reader(label: str, tz: tzinfo) -> Coercer:
    """Build the coercer of timestamps, to UTC; one without an offset is in `tz`."""

    def read(value: object) -> Value:
        if type(value) is datetime and value.tzinfo is UTC:
            return value
        if value is None:
            return None
        timestamp = _parse_timestamp(label, value)
        if timestamp is None:
            return None
        try:
            return as_utc(timestamp, tz)
        except ValueError:
            raise refuse(label, value, "a time that UTC can express") from None

    return read


def has_offset(text: str) -> bool:
    """Whether a timestamp names its offset, so that it is one moment in any time zone."""
    try:
        return datetime.fromisoformat(text.strip()).tzinfo is not None
    except ValueError:
        return False


def get_latest_moment(timestamp: datetime, tz: tzinfo) -> datetime:
    """The later of the moments that the local time of `timestamp` in `tz` names; itself, where there is only one."""
    return timestamp.astimezone(tz).replace(fold=1).astimezone(UTC)


def find_offset_change(local: datetime, tz: tzinfo) -> timedelta:
    """By how much the clocks of a time zone are changed within three hours of a local time; zero: they are not."""
    try:
        before, after = (time.replace(tzinfo=tz).utcoffset() for time in (local - _NEAR_CHANGE, local + _NEAR_CHANGE))
    except OverflowError:
        return timedelta(0)
    return abs((after or timedelta(0)) - (before or timedelta(0)))


def _parse_timestamp(label: str, value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time.min)
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        try:
            if (calendar := _to_calendar_form(text)) is not None:
                return datetime.fromisoformat(calendar)
        except ValueError:
            pass
    raise refuse(label, value, "a time as YYYY-MM-DDThh:mm:ss")


def _to_calendar_form(text: str) -> str | None:
    """YYYY-MM-DD, alone or followed by T or a space, also with slashes; `fromisoformat` accepts other forms as well."""
    if text[10:11] not in {"", "T", "t", " "}:
        return None
    if text[4:5] == text[7:8] == "-":
        return text
    return f"{text[:4]}-{text[5:7]}-{text[8:]}" if text[4:5] == text[7:8] == "/" else None
