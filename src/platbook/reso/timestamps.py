"""Reading days and moments in the forms that sources send (ISO 8601 in the calendar form, any fraction of a second)."""

from datetime import UTC, date, datetime, time, tzinfo

from platbook.base.times import as_utc
from platbook.reso.values import Coercer, Value, refuse


def date_reader(label: str) -> Coercer:
    """Build the reader of days; of a moment, the day that it names."""

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
            if _is_calendar_form(text):
                # A date sent as a midnight somewhere is that place's day: the zone, if any, is not applied.
                return datetime.fromisoformat(text).date()
        except ValueError:
            pass
        raise refuse(label, value, "a date as YYYY-MM-DD")

    return read


def timestamp_reader(label: str, tz: tzinfo) -> Coercer:
    """Build the reader of moments: in UTC, and where no zone is said, in `tz`."""

    def read(value: object) -> Value:
        if type(value) is datetime and value.tzinfo is UTC:
            return value
        if value is None:
            return None
        moment = _parse_moment(label, value)
        if moment is None:
            return None
        try:
            return as_utc(moment, tz)
        except ValueError:
            raise refuse(label, value, "a time that UTC can tell") from None

    return read


def _parse_moment(label: str, value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time.min)
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        try:
            if _is_calendar_form(text):
                return datetime.fromisoformat(text)
        except ValueError:
            pass
    raise refuse(label, value, "a time as YYYY-MM-DDThh:mm:ss")


def _is_calendar_form(text: str) -> bool:
    """Tell YYYY-MM-DD, alone or with a time after T or a space, from the other forms that `fromisoformat` reads."""
    return text[4:5] == text[7:8] == "-" and text[10:11] in ("", "T", "t", " ")
