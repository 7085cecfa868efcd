"""The values of fields, and the error for a value that cannot be coerced."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Final, TypeAlias

from platbook.base.errors import RecordRejected

Value: TypeAlias = str | int | float | Decimal | bool | date | datetime | list[str] | None
"""Text, integer, degrees, decimal, boolean, date, timestamp in UTC, list of texts, no value."""

Coercer: TypeAlias = Callable[[object], Value]
"""Coerces a source's value to one field's type, or raises RecordRejected."""

INT64: Final = 2**63
_MAX_SHOWN: Final = 40


def refuse(label: str, value: object, expected: str) -> RecordRejected:
    """Build the error: the value received, truncated, and what was expected."""
    if isinstance(value, str):
        shown = repr(value[:_MAX_SHOWN]) + ("…" if len(value) > _MAX_SHOWN else "")
    elif isinstance(value, (list, tuple)):
        shown = "a list"
    elif isinstance(value, dict):
        shown = "an object"
    else:
        shown = _show_number(value)
    return RecordRejected(f"{shown} is not {expected}", field=label, summary=f"not {expected}")


def _show_number(value: object) -> str:
    if isinstance(value, int) and abs(value) >= INT64:
        return "a number beyond 64 bits"  # Python refuses to format very long ones
    return str(value)[:_MAX_SHOWN]
