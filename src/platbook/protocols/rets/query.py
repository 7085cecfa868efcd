"""Search arguments: DMQL2 (RETS 1.7.2, section 7.7) built from typed criteria, and form encoding.

Every criterion is `(Field=value)`. A comma is AND and binds tighter than `|`, which is OR, so an OR stands in
parentheses of its own. Texts of letters and digits stand bare, any other is quoted with quotes doubled. Ranges include
both ends. A lookup is asked for by its coded value, with `|`, `+` or `~` before the list; on any other field `|` is an
error, and a bare list means any of them.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from urllib.parse import quote

from platbook.base.errors import InvalidInput
from platbook.base.times import as_utc

EVERYTHING_SINCE = "1950-01-01T00:00:00"
"""A moment before every record: the portable way to ask for all of them."""

Value = str | int | Decimal | bool | date | datetime | time
"""What can be compared: text, numbers, truth, dates, moments, times of day."""


def equals(field: str, value: Value) -> str:
    """Records whose field has one value."""
    return f"({field}={to_literal(value)})"


def any_of(field: str, values: Iterable[Value]) -> str:
    """Records whose field has one of several values; not for lookups."""
    return f"({field}={','.join(map(to_literal, values))})"


def has_any(field: str, values: Iterable[str]) -> str:
    """Records whose lookup has any of the values."""
    return f"({field}=|{','.join(map(to_literal, values))})"


def has_all(field: str, values: Iterable[str]) -> str:
    """Records whose lookup has all of the values."""
    return f"({field}=+{','.join(map(to_literal, values))})"


def has_none(field: str, values: Iterable[str]) -> str:
    """Records whose lookup has none of the values."""
    return f"({field}=~{','.join(map(to_literal, values))})"


def is_set(field: str) -> str:
    """Records whose lookup has a value."""
    return f"({field}=.ANY.)"


def is_empty(field: str) -> str:
    """Records whose field has none."""
    return f"({field}=.EMPTY.)"


def contains(field: str, text: str) -> str:
    """Records whose text holds a piece of letters and digits; `*` cannot stand beside a quoted text."""
    if not text.isascii() or not text.isalnum():
        raise InvalidInput.of(field, f"a part of a text is letters and digits, not {text[:40]!r}")
    return f"({field}=*{text}*)"


def at_least(field: str, value: Value) -> str:
    """Records whose field is not below a value."""
    return f"({field}={to_literal(value)}+)"


def at_most(field: str, value: Value) -> str:
    """Records whose field is not above a value."""
    return f"({field}={to_literal(value)}-)"


def between(field: str, low: Value, high: Value) -> str:
    """Records whose field lies between two values, both included.

    A negative number is not told from the range's dash, so such a range is two criteria.
    """
    if any(isinstance(end, int | Decimal) and end < 0 for end in (low, high)):
        return all_of([at_least(field, low), at_most(field, high)])
    return f"({field}={to_literal(low)}-{to_literal(high)})"


def modified_since(field: str, moment: str) -> str:
    """Records changed at or after a moment, given in the source's own text."""
    return f"({field}={moment}+)"


def modified_between(field: str, start: str, end: str) -> str:
    """Records changed between two moments, both included, given in the source's own text."""
    return f"({field}={start}-{end})"


def all_of(criteria: Iterable[str]) -> str:
    """Records that satisfy every criterion; a comma is AND."""
    return ",".join(criterion for criterion in criteria if criterion)


def either(criteria: Iterable[str]) -> str:
    """Records that satisfy at least one criterion."""
    said = [criterion for criterion in criteria if criterion]
    return said[0] if len(said) == 1 else f"({'|'.join(said)})"


def negate(criterion: str) -> str:
    """Records that do not satisfy a criterion."""
    return f"(~{criterion})"


def to_literal(value: Value) -> str:
    """Write a value. A moment with an offset is written in UTC, one without as it is: the server's own time."""
    match value:
        case bool():
            return "1" if value else "0"
        case datetime():
            moment = value if value.tzinfo is None else as_utc(value)
            text = moment.replace(tzinfo=None).isoformat(timespec="milliseconds" if moment.microsecond else "seconds")
            return text if value.tzinfo is None else f"{text}Z"
        case date():
            return value.isoformat()
        case time():
            return value.isoformat(timespec="seconds")
        case int() | Decimal():
            return f"{value:f}" if isinstance(value, Decimal) else str(value)
        case str():
            plain = value.replace("_", "").isalnum() and value.isascii()
            return value if plain else '"' + value.replace('"', '""') + '"'


def encode(arguments: Mapping[str, str]) -> str:
    """Encode arguments for a query string or form body: %20 for a space and %2B for a plus, names as they are."""
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in arguments.items())


def step_back(moment: str, by: timedelta) -> str:
    """Move a source's moment back, in its own form: without an offset if it had none, otherwise in UTC with Z."""
    parsed = parse_moment(moment)
    if parsed is None:
        raise InvalidInput.of("watermark", f"{moment[:40]!r} is not a moment")
    try:
        return to_literal(parsed - by)
    except OverflowError:
        return EVERYTHING_SINCE


def later(one: str | None, other: str | None) -> str | None:
    """The later of two moments of one source, in its own text; what cannot be read as a moment never wins."""
    if one is None or other is None or one == other:
        return next((moment for moment in (one, other) if moment and parse_moment(moment) is not None), None)
    first, second = parse_moment(one), parse_moment(other)
    if first is None or second is None:
        return one if first is not None else other if second is not None else None
    return one if as_utc(first) >= as_utc(second) else other


def is_by(moment: str, latest: datetime) -> bool:
    """Whether a source's moment is not after another; one without an offset counts as UTC, one that is none is not."""
    parsed = parse_moment(moment)
    return parsed is not None and as_utc(parsed) <= latest


def parse_moment(moment: str) -> datetime | None:
    """Read a source's moment; None where it is none."""
    try:
        return datetime.fromisoformat(moment)
    except ValueError:
        return None
