"""Cursors of keyset pagination: the position after a row, as an opaque text.

A cursor carries a fingerprint of the list and the order it was made for; another list or order refuses it, since its
value would mean something else there. It is not signed: it holds nothing secret, and its values are only compared with.
"""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import InvalidOperation
from typing import cast
from uuid import UUID

import orjson

from platbook.base.errors import InvalidInput

_MAX_LENGTH = 4_000


@dataclass(frozen=True, slots=True)
class CursorPosition:
    """The row after which a page begins: the value of its sort key and its id.

    `value` None: it belongs to the segment without values. `time`: of the first page, for lists that depend on the
    clock.
    """

    value: object
    id: UUID
    time: datetime | None = None


def to_fingerprint(name: str, sort: str, *, descending: bool, origin: str = "") -> str:
    """What a cursor belongs to: a list, its order, and what else the sort key depends on (`origin`)."""
    return f"{name}:{sort}{'-' if descending else '+'}{origin}"


def encode_cursor(fingerprint: str, position: CursorPosition) -> str:
    """Write a position as URL-safe base64 of a JSON array."""
    time = [] if position.time is None else [position.time.isoformat()]
    return _pack([fingerprint, _to_text(position.value), position.id, *time])


def decode_cursor(cursor: str, fingerprint: str, parse: Callable[[str], object]) -> CursorPosition:
    """Read a position; `parse` reads the value of the sort key.

    Errors: InvalidInput (`cursor`) for an invalid cursor, or one of another list or order.
    """
    try:
        sent, value, row, *times = _unpack(cursor)
        time = parse_time(str(times[0])) if times else None
        position = CursorPosition(None if value is None else parse(str(value)), UUID(str(row)), time)
    except (ValueError, TypeError, InvalidOperation, OverflowError) as error:
        raise foreign_cursor() from error
    if sent != fingerprint:
        raise foreign_cursor()
    return position


def foreign_cursor() -> InvalidInput:
    """The error of a cursor that is malformed, or of another list or order."""
    return InvalidInput.of("cursor", "is not a cursor of this list in this order")


def parse_time(text: str) -> datetime:
    """Read an ISO 8601 time with an offset. Errors: ValueError."""
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError(text)
    return value


def _pack(parts: Sequence[object]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(list(parts))).decode().rstrip("=")


def _unpack(cursor: str) -> list[object]:
    sent = cursor.encode("ascii")[:_MAX_LENGTH]
    decoded = base64.b64decode(sent + b"=" * (-len(sent) % 4), altchars=b"-_", validate=True)
    parts: object = orjson.loads(decoded)
    if not isinstance(parts, list):
        raise TypeError("a cursor holds a list")
    return cast("list[object]", parts)


def _to_text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.isoformat()
    return repr(value) if isinstance(value, float) else str(value)
