"""Dates as other systems write them: one format for a whole column, guessed from all of its cells. Pure.

A date that begins with a year of four digits, or names its month, is read whatever the format: it means one thing.
"""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone

ISO, MONTH_FIRST, DAY_FIRST, SHORT_YEAR_FIRST = "YYYY-MM-DD", "MM/DD/YYYY", "DD/MM/YYYY", "YY-MM-DD"
FORMATS = (ISO, MONTH_FIRST, DAY_FIRST, SHORT_YEAR_FIRST)
"""The order of year, month and day; whatever stands between them."""

UNDECIDED = "?"
"""In a preview: the format of a column that a person must choose."""

_NUMBERS = re.compile(r"(\d{1,4})[-/. ](\d{1,2})[-/. ](\d{4}|\d{1,2})(?:,?[ T]+(.+))?")
_DAY_NAMED = re.compile(r"(\d{1,2})[ .-]+([A-Za-z]{3,9})\.?[ ,-]+(\d{4})(?:,?[ T]+(.+))?")
_MONTH_NAMED = re.compile(r"([A-Za-z]{3,9})\.?[ -](\d{1,2})(?:st|nd|rd|th)?,?[ -](\d{4})(?:,?[ T]+(.+))?")
_TIME = re.compile(
    r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(?:([AaPp])\.?[Mm]\.?)?\s*(?:(Z|UTC|GMT)|([+-])(\d{2}):?(\d{2}))?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEAR_DIGITS = 4
_CENTURY = 2000
_LAST_SHORT_YEAR = 68
"""Two digits to this one are of this century, as POSIX has it."""
_NOON = 12


@dataclass(slots=True)
class DateGuess:
    """The formats in which every date of a column can be read, as far as its cells were seen."""

    candidates: list[str] = field(default_factory=lambda: [MONTH_FIRST, DAY_FIRST, SHORT_YEAR_FIRST])
    example: str = ""

    def see(self, text: str) -> None:
        """Take one more cell into account."""
        match = _NUMBERS.fullmatch(text)
        if match is None or len(match[1]) == _YEAR_DIGITS:
            return
        left = [one for one in self.candidates if to_iso(text, one) is not None]
        if not self.example or len(left) < len(self.candidates):
            self.example = text
        self.candidates = left

    @property
    def format(self) -> str:
        """The format; `UNDECIDED` where all cells can be read in several, or not in one."""
        if not self.example:
            return ISO
        return self.candidates[0] if len(self.candidates) == 1 else UNDECIDED

    @property
    def question(self) -> str:
        """What a person must decide."""
        if self.candidates:
            return f"can be read as {' and as '.join(self.candidates)} (such as {self.example}); choose one"
        return f"cannot all be read in one format (such as {self.example}); choose one of {', '.join(FORMATS)}"


def to_iso(text: str, form: str) -> str | None:
    """A date or time in ISO 8601, by the format of its column; None: it is none."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return _to_iso(text, form)
    return text


def _to_iso(text: str, form: str) -> str | None:
    if match := _NUMBERS.fullmatch(text):
        year, month, day = _order(match[1], match[2], match[3], form)
    elif match := _DAY_NAMED.fullmatch(text):
        year, month, day = match[3], _to_month(match[2]), match[1]
    elif match := _MONTH_NAMED.fullmatch(text):
        year, month, day = match[3], _to_month(match[1]), match[2]
    else:
        return None
    try:
        day_of = date(_to_year(year), int(month), int(day))
    except ValueError:
        return None
    if match[4] is None:
        return day_of.isoformat()
    return _with_time(day_of, match[4])


def _order(first: str, second: str, third: str, form: str) -> tuple[str, str, str]:
    """Year, month and day; an empty year where the format does not fit."""
    if len(first) == _YEAR_DIGITS:
        return (first, second, third) if len(third) < _YEAR_DIGITS else ("", "", "")
    if form == MONTH_FIRST:
        return third, first, second
    if form == DAY_FIRST:
        return third, second, first
    return (first, second, third) if form == SHORT_YEAR_FIRST and len(third) < _YEAR_DIGITS else ("", "", "")


def _to_year(text: str) -> int:
    year = int(text)
    if len(text) == _YEAR_DIGITS:
        return year
    return year + (_CENTURY if year <= _LAST_SHORT_YEAR else _CENTURY - 100)


def _to_month(name: str) -> str:
    known = name[:3].lower()
    return str(_MONTHS.index(known) + 1) if known in _MONTHS else ""


def _with_time(day: date, text: str) -> str | None:
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    hour = int(match[1])
    if match[4]:
        if not 1 <= hour <= _NOON:
            return None
        hour = hour % _NOON + (_NOON if match[4] in "Pp" else 0)
    try:
        at = datetime.combine(day, time(hour, int(match[2]), int(match[3] or 0)))
        if match[5]:
            return f"{at.isoformat()}Z"
        if match[6]:
            offset = timedelta(hours=int(match[7]), minutes=int(match[8]))
            return at.replace(tzinfo=timezone(offset if match[6] == "+" else -offset)).isoformat()
    except ValueError:
        return None
    return at.isoformat()
