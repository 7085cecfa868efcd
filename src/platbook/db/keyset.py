"""The place a list goes on after, as an opaque text; and how sort values are read back out of it."""

import base64
import math
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import cast

import orjson

_LONGEST = 400
_LARGEST_EXPONENT = 40
"""Far beyond any column."""


def pack(parts: Sequence[object]) -> str:
    """Write a place down. Times go as ISO 8601, ids and other values as their texts."""
    return base64.urlsafe_b64encode(orjson.dumps(list(parts))).decode().rstrip("=")


def unpack(text: str) -> list[object]:
    """Read a place back. Errors: ValueError or TypeError for what is none."""
    sent = text.encode("ascii")[:_LONGEST]
    decoded = base64.b64decode(sent + b"=" * (-len(sent) % 4), altchars=b"-_", validate=True)
    parts: object = orjson.loads(decoded)
    if not isinstance(parts, list):
        raise TypeError("a place is a list")
    return cast("list[object]", parts)


def to_text(value: object) -> str | None:
    """A sort value as it stands in a place."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.isoformat()
    return repr(value) if isinstance(value, float) else str(value)


def read_moment(text: str) -> datetime:
    """Read an aware time. Errors: ValueError."""
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError(text)
    return value


def read_number(text: str) -> Decimal:
    """Read a number a column could hold. Errors: ValueError, decimal.InvalidOperation."""
    value = Decimal(text)
    if not value.is_finite() or abs(value.adjusted()) > _LARGEST_EXPONENT:
        raise ValueError(text)
    return value


def read_float(text: str) -> float:
    """Read a finite number. Errors: ValueError."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value
