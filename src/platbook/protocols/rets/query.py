"""Search arguments: DMQL2 (RETS 1.7.2, section 7.7) and form encoding."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from platbook.base.errors import InvalidInput

EVERYTHING_SINCE = "1950-01-01T00:00:00"
"""A moment before every record: the portable way to ask for all of them."""


def modified_since(field: str, moment: str) -> str:
    """Records changed at or after a moment, given in the source's own text."""
    return f"({field}={moment}+)"


def equals(field: str, value: str) -> str:
    """Records whose field has one value; anything but letters, digits and underscores is quoted, quotes doubled."""
    plain = value.replace("_", "").isalnum() and value.isascii()
    said = value if plain else '"' + value.replace('"', '""') + '"'
    return f"({field}={said})"


def all_of(criteria: Iterable[str]) -> str:
    """Records that satisfy every criterion; a comma is AND."""
    return ",".join(criterion for criterion in criteria if criterion)


def encode(arguments: Mapping[str, str]) -> str:
    """Encode arguments for a query string or form body: %20 for a space and %2B for a plus, names as they are."""
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in arguments.items())


def step_back(moment: str, by: timedelta) -> str:
    """Move a source's moment back, in its own form: without an offset if it had none, otherwise in UTC with Z."""
    try:
        parsed = datetime.fromisoformat(moment)
    except ValueError:
        raise InvalidInput.of("watermark", f"{moment[:40]!r} is not a moment") from None
    earlier = parsed - by
    if parsed.tzinfo is None:
        return earlier.isoformat(timespec="milliseconds" if earlier.microsecond else "seconds")
    return f"{earlier.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"


def later(one: str | None, other: str | None) -> str | None:
    """The later of two moments of one source, in its own text; what cannot be read as a moment never wins."""
    readable = [moment for moment in (one, other) if moment and _parse(moment) is not None]
    return max(readable, key=lambda moment: _parse(moment) or datetime.min.replace(tzinfo=UTC), default=None)


def _parse(moment: str) -> datetime | None:
    try:
        parsed = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed
