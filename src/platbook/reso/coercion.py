"""Coerces a source's value to a field's type, or rejects it with a reason.

`coercer` builds one function per field, so that the work per value is little more than a type check. Every failure is
RecordRejected, never another error, for any JSON value. Results fit the PostgreSQL types in `fields.SQL_TYPE`. Empty or
blank text is None.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, tzinfo
from functools import lru_cache
from typing import Final

from platbook.reso.fields import IN_SQUARE_FEET, MONEY, Field, Kind
from platbook.reso.numbers import INT32, Quantity, boolean_reader, decimal_reader, degrees_reader, integer_reader
from platbook.reso.text import lookup_list_reader, lookup_reader, text_reader
from platbook.reso.timestamps import date_reader, timestamp_reader
from platbook.reso.values import INT64, Coercer, Value

__all__ = ["DEGREES", "Coercer", "Value", "coerce", "coercer"]

DEGREES: Final = {"Latitude": 90.0, "Longitude": 180.0}
"""The greatest value of each field of degrees."""


def coerce(field: Field, value: object, tz: tzinfo = UTC) -> Value:
    """Coerce `value` to the type of `field`; a time without an offset is in `tz`. Raises RecordRejected."""
    return _build(field, tz, field.name)(value)


def coercer(field: Field, tz: tzinfo = UTC, label: str | None = None) -> Coercer:
    """Build the function that coerces values of `field`; errors name `label`, by default the field's name."""
    return _build(field, tz, label or field.name)


@lru_cache(maxsize=4096)
def _build(field: Field, tz: tzinfo, label: str) -> Coercer:
    readers: Mapping[Kind, Callable[[], Coercer]] = {
        Kind.TEXT: lambda: text_reader(label, field.max_length),
        Kind.LOOKUP: lambda: lookup_reader(label, field.name, field.max_length),
        Kind.LOOKUP_LIST: lambda: lookup_list_reader(label),
        Kind.INTEGER: lambda: integer_reader(
            label, INT32 if field.column else INT64, Quantity.MONEY if field.name in MONEY else Quantity.WHOLE
        ),
        Kind.DECIMAL: lambda: decimal_reader(label, _quantity(field)),
        Kind.DEGREES: lambda: degrees_reader(label, DEGREES.get(field.name, 180.0)),
        Kind.BOOLEAN: lambda: boolean_reader(label),
        Kind.DATE: lambda: date_reader(label),
        Kind.TIMESTAMP: lambda: timestamp_reader(label, tz),
    }
    return readers[field.kind]()


def _quantity(field: Field) -> Quantity:
    if field.name in MONEY:
        return Quantity.MONEY
    return Quantity.WHOLE if field.name in IN_SQUARE_FEET else Quantity.OTHER
