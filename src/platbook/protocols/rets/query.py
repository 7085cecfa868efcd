"""Search arguments: a DMQL2 query builder (RETS 1.7.2, section 7.7) with typed values, and form encoding.

Every criterion is `(Field=value)`. A comma is AND and binds tighter than `|`, which is OR, so an OR is put in
its own parentheses. Alphanumeric texts are unquoted, any other is quoted with quotes doubled. Ranges include both
ends. A lookup is queried by its coded value, with `|`, `+` or `~` before the list; on any other field `|` is an
error, and a bare list means any of them.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from urllib.parse import quote

from platbook.base.errors import InvalidInput
from platbook.base.times import as_utc

EARLIEST_TIMESTAMP = "1950-01-01T00:00:00"
"""A timestamp before any record: the portable way to query all of them."""

Value = str | int | Decimal | bool | date | datetime | time
"""Comparable values: text, numbers, booleans, dates, timestamps, times of day."""


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
    """Records whose text contains an alphanumeric substring; `*` cannot be combined with a quoted text."""
    if not text.isascii() or not text.isalnum():
        raise InvalidInput.of(field, f"a substring to search for must be alphanumeric, not {text[:40]!r}")
    return f"({field}=*{text}*)"


def at_least(field: str, value: Value) -> str:
    """Records whose field is at least a value."""
    return f"({field}={to_literal(value)}+)"


def at_most(field: str, value: Value) -> str:
    """Records whose field is at most a value."""
    return f"({field}={to_literal(value)}-)"


def between(field: str, low: Value, high: Value) -> str:
    """Records whose field lies between two values, both included.

    The minus of a negative number is ambiguous with the range's dash, so such a range becomes two criteria.
    """
    if any(isinstance(end, int | Decimal) and end < 0 for end in (low, high)):
        return all_of([at_least(field, low), at_most(field, high)])
    return f"({field}={to_literal(low)}-{to_literal(high)})"


def modified_since(field: str, timestamp: str) -> str:
    """Records changed at or after a timestamp, in the source's own format."""
    return f"({field}={timestamp}+)"


def modified_until(field: str, timestamp: str) -> str:
    """Records changed at or before a timestamp, in the source's own format."""
    return f"({field}={timestamp}-)"


def modified_between(field: str, start: str, end: str) -> str:
    """Records changed between two timestamps, both included, in the source's own format."""
    return f"({field}={start}-{end})"


def all_of(criteria: Iterable[str]) -> str:
    """Records that satisfy every criterion; a comma is AND."""
    return ",".join(criterion for criterion in criteria if criterion)


def either(criteria: Iterable[str]) -> str:
    """Records that satisfy at least one criterion."""
    nonempty = [criterion for criterion in criteria if criterion]
    return nonempty[0] if len(nonempty) == 1 else f"({'|'.join(nonempty)})"


def negate(criterion: str) -> str:
    """Records that do not satisfy a criterion."""
    return f"(~{criterion})"


def to_literal(value: Value) -> str:
    """Format a value. An aware datetime is converted to UTC, a naive one is left as it is: the server's local time."""
    match value:
        case bool():
            return "1" if value else "0"
        case datetime():
            timestamp = value if value.tzinfo is None else as_utc(value)
            text = timestamp.replace(tzinfo=None).isoformat(
                timespec="milliseconds" if timestamp.microsecond else "seconds"
            )
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
    """Encode arguments for a query string or form body: %20 for a space and %2B for a plus, names unchanged."""
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in arguments.items())


def step_back(timestamp: str, by: timedelta) -> str:
    """Subtract from a source's timestamp, keeping its form: no offset if it had none, otherwise UTC with Z."""
    parsed = parse_timestamp(timestamp)
    if parsed is None:
        raise InvalidInput.of("watermark", f"{timestamp[:40]!r} is not a timestamp")
    try:
        return to_literal(parsed - by)
    except OverflowError:
        return EARLIEST_TIMESTAMP


def later_timestamp(one: str | None, other: str | None) -> str | None:
    """The later of two timestamps of one source, in its own format; text that is not a timestamp never wins."""
    if one is None or other is None or one == other:
        return next(
            (timestamp for timestamp in (one, other) if timestamp and parse_timestamp(timestamp) is not None), None
        )
    first, second = parse_timestamp(one), parse_timestamp(other)
    if first is None or second is None:
        return one if first is not None else other if second is not None else None
    return one if as_utc(first) >= as_utc(second) else other


def parse_timestamp(timestamp: str) -> datetime | None:
    """Parse a source's timestamp; None if it is not one."""
    try:
        return datetime.fromisoformat(timestamp)
    except ValueError:
        return None
