"""Durations of the calendar, as ISO 8601 writes them: `P36M`, `P1Y6M`, `P30D`, `PT24H`."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_FORM = re.compile(
    r"P(?=\d|T\d)(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?"
    r"(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?"
)
_MONTHS = 12
DURATION_FORM = "must be a duration in ISO 8601, such as P36M (36 months), P30D or PT24H (24 hours)"
"""What is wrong with a text that is no duration."""
_LAST = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Duration:
    """Months, whose length depends on the calendar, and a time of fixed length. `text` is how it was written."""

    text: str
    months: int
    rest: timedelta

    def after(self, moment: datetime) -> datetime:
        """The moment this long after another (UTC), at most the end of the year 9999.

        The 31st becomes the last day of a shorter month.
        """
        year, month = divmod(moment.year * _MONTHS + moment.month - 1 + self.months, _MONTHS)
        if year > _LAST.year:
            return _LAST
        day = min(moment.day, monthrange(year, month + 1)[1])
        try:
            return moment.replace(year=year, month=month + 1, day=day) + self.rest
        except OverflowError:
            return _LAST


def parse_duration(text: str) -> Duration:
    """Read a duration of ISO 8601; ValueError."""
    parts = _FORM.fullmatch(text)
    if parts is None:
        raise ValueError(DURATION_FORM)
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in parts.groups())
    rest = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return Duration(text, years * _MONTHS + months, rest)
