"""Coercion of texts, lookups and lookup lists. Results can be stored in PostgreSQL: no NUL, no lone surrogate."""

import csv
import re
import sys
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final, cast

from platbook.base.errors import RecordRejected
from platbook.reso.lookups import LOCKED, STANDARD, find_standard
from platbook.reso.values import INT64, Coercer, Value, refuse

CONTROL_CHARACTERS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""What no text holds; line breaks and tabs are not among them."""


def text_reader(label: str, max_length: int | None = None) -> Coercer:
    """Build the coercer of texts up to a maximum length; numbers are formatted, a list is joined by commas."""
    limit = sys.maxsize if max_length is None else max_length

    def read(value: object) -> Value:
        if type(value) is str and value.isascii() and len(value) <= limit and "\0" not in value:
            return value.strip() or None
        return _limit(label, _text_of(label, value), limit)

    return read


def _limit(label: str, text: str | None, limit: int) -> str | None:
    if text is not None and len(text) > limit:
        summary = f"longer than {limit} characters"
        raise RecordRejected(f"the text is {summary}", field=label, summary=summary)
    return text


def lookup_reader(label: str, lookup: str, max_length: int | None = None) -> Coercer:
    """Build the coercer of one lookup value: the standard value if there is one for it, else the text as received.

    A locked lookup rejects values that have none.
    """
    if lookup not in STANDARD:
        return text_reader(label, max_length)
    standard = STANDARD[lookup]
    locked = lookup in LOCKED
    limit = sys.maxsize if max_length is None else max_length

    def read(value: object) -> Value:
        if type(value) is str and value in standard:
            return value
        text = _text_of(label, value)
        if text is None:
            return None
        normalized = find_standard(lookup, text)
        if normalized is None and locked:
            raise refuse(label, text, f"a value of {lookup}")
        return normalized or _limit(label, text, limit)

    return read


def lookup_list_reader(label: str) -> Coercer:
    """Build the coercer of a list of lookup values, sent as a list or as one comma-separated text."""

    def read(value: object) -> Value:
        if value is None:
            return None
        if isinstance(value, str):
            return split_list(label, value)
        if isinstance(value, (list, tuple)):
            items = (_item_of(label, item) for item in cast("Sequence[object]", value))
            return [item for item in items if item]
        raise refuse(label, value, "a list")

    return read


def split_list(label: str, text: str, separator: str = ",") -> list[str] | None:
    """Split a delimited text into items; an item that contains the separator is in double quotes."""
    cleaned = _clean_text(label, text)
    if cleaned is None:
        return None
    if '"' not in cleaned:
        return [item for part in cleaned.split(separator) if (item := part.strip())]
    try:
        rows = list(csv.reader([cleaned], delimiter=separator, skipinitialspace=True))
    except csv.Error:
        raise refuse(label, text, "a list as text") from None
    return [item for row in rows for part in row if (item := part.strip())]


def _text_of(label: str, value: object) -> str | None:
    """Convert any scalar to text; a list is joined."""
    if isinstance(value, str):
        return _clean_text(label, str(value))
    if isinstance(value, (list, tuple)):
        items = (_item_of(label, item) for item in cast("Sequence[object]", value))
        return ", ".join(item for item in items if item) or None
    if value is None:
        return None
    return _scalar_text(label, value)


def _scalar_text(label: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (float, Decimal)) or (isinstance(value, int) and abs(value) < INT64):
        return str(value)
    raise refuse(label, value, "a text")


def _item_of(label: str, value: object) -> str | None:
    if type(value) is str and value.isascii() and "\0" not in value:  # most items, of which a record has many
        return value.strip() or None
    if isinstance(value, (list, tuple)):
        raise refuse(label, cast("object", value), "one value")
    return _text_of(label, value)


def _clean_text(label: str, value: str) -> str | None:
    """Strip a text; reject what PostgreSQL cannot store."""
    if "\0" in value:
        raise RecordRejected("the text holds a NUL character", field=label, summary="holds a NUL character")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            summary = "holds half a character (a lone surrogate)"
            raise RecordRejected(f"the text {summary}", field=label, summary=summary) from None
    return value.strip() or None
