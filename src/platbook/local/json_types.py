"""The JSON types of a local listing's fields.

A person or a program writes them, so nothing is converted as a source's values are: a number is not a city, and text
that only begins as a number is none.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import cast

from platbook.reso.fields import Field, Kind
from platbook.reso.text import CONTROL_CHARACTERS

_NUMERAL = re.compile(r"\s*[+-]?[0-9]{1,30}(\.[0-9]{1,30})?\s*", re.ASCII)


def describe_wrong_type(field: Field, value: object) -> str | None:
    """What the value of a field must be, where it is of another type; None: it may be written, or clears the field."""
    is_type, expected = _TYPES[field.kind]
    return None if value is None or is_type(value) else f"must be {expected}"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and CONTROL_CHARACTERS.search(value) is None


def _is_texts(value: object) -> bool:
    return _is_text(value) or (isinstance(value, list) and all(map(_is_text, cast("Sequence[object]", value))))


def _is_number(value: object) -> bool:
    """Also a plain numeral as text, in which a price keeps its cents."""
    if isinstance(value, str):
        return not value.strip() or _NUMERAL.fullmatch(value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_boolean(value: object) -> bool:
    return isinstance(value, bool)


_TYPES: Mapping[Kind, tuple[Callable[[object], bool], str]] = MappingProxyType(
    {
        Kind.TEXT: (_is_text, "text without control characters"),
        Kind.LOOKUP: (_is_text, "text without control characters"),
        Kind.LOOKUP_LIST: (_is_texts, "a list of texts without control characters"),
        Kind.INTEGER: (_is_number, "a whole number"),
        Kind.DECIMAL: (_is_number, "a number"),
        Kind.DEGREES: (_is_number, "a number of degrees"),
        Kind.BOOLEAN: (_is_boolean, "true or false"),
        Kind.DATE: (_is_text, "a date as YYYY-MM-DD"),
        Kind.TIMESTAMP: (_is_text, "a time in ISO 8601"),
    }
)
