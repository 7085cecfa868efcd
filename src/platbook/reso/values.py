"""What a field's value may be, and how a value that cannot be one is refused."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Final, TypeAlias

from platbook.base.errors import RecordRejected

Value: TypeAlias = str | int | float | Decimal | bool | date | datetime | list[str] | None
"""Text, whole number, degrees, number, yes or no, day, moment in UTC, list of texts, nothing."""

Coercer: TypeAlias = Callable[[object], Value]
"""Reads what a source said as one field's value, or raises RecordRejected."""

INT64: Final = 2**63
_SHOWN: Final = 40


def refuse(label: str, value: object, wanted: str) -> RecordRejected:
    """Say what was wanted and what came, cut short."""
    if isinstance(value, str):
        shown = repr(value[:_SHOWN]) + ("…" if len(value) > _SHOWN else "")
    elif isinstance(value, (list, tuple)):
        shown = "a list"
    elif isinstance(value, dict):
        shown = "an object"
    else:
        shown = _shown_number(value)
    return RecordRejected(f"{shown} is not {wanted}", field=label)


def _shown_number(value: object) -> str:
    if isinstance(value, int) and abs(value) >= INT64:
        return "a number beyond 64 bits"  # Python refuses to write out very long ones
    return str(value)[:_SHOWN]
