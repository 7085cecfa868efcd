"""Formats values: the text of a reply, and how some quirks encode it.

The *expected* value is what a client must end with. The *wire text* may differ under a quirk: that difference is what a
client has to repair.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from platbook.simulate.rets.fields import DataType, Interpretation, SimulatedField
from platbook.simulate.rets.inventory import InventoryRow, Value
from platbook.simulate.rets.lookups import to_code
from platbook.simulate.rets.quirks import Quirk, Quirks

_AFFECTED_EVERY = 3
_FIRST_SUPPLEMENTARY = 0x10000
_LOCAL = timezone(timedelta(hours=-7))

ValueFormatter = Callable[[Value], str]


def get_time_zone(quirks: Quirks) -> timezone:
    """The server's time zone."""
    return _LOCAL if Quirk.ZONELESS_TIMESTAMPS in quirks else UTC


def has_quirky_remarks(row: InventoryRow) -> bool:
    """Whether the text quirks change the remarks of this listing: every third key."""
    return row.key.isdigit() and int(row.key) % _AFFECTED_EVERY == 0


def get_formatter(field: SimulatedField, quirks: Quirks, *, decoded: bool) -> ValueFormatter:
    """The formatter of a field's values, in COMPACT or COMPACT-DECODED (section 7.6)."""
    if field.interpretation is Interpretation.LOOKUP_MULTI:
        return _format_values if decoded else _format_codes
    if field.interpretation is Interpretation.LOOKUP and not decoded:
        return lambda value: "" if value is None else to_code(str(value))
    if field.type is DataType.BOOLEAN:
        return lambda value: "" if value is None else "1" if value else "0"
    if field.type is DataType.DATE_TIME:
        local, fraction = Quirk.ZONELESS_TIMESTAMPS in quirks, Quirk.FRACTION_TIMESTAMPS in quirks
        if local or fraction:
            return lambda value: "" if value is None else _format_timestamp(str(value), local, fraction)
    return lambda value: "" if value is None else str(value)


def apply_remarks_quirks(text: str, quirks: Quirks) -> str:
    """The expected remarks of an affected listing under the quirks."""
    if Quirk.RAW_AMPERSAND in quirks:
        text += " Heat & light included."
    if Quirk.LATIN_1_UNDECLARED in quirks or Quirk.LATIN_1_DECLARED in quirks:
        text += " A café is près."
    if Quirk.SURROGATE_REFERENCES in quirks:
        text += " \U0001f60a"
    return text


def encode_text(text: str, quirks: Quirks, *, is_affected: bool) -> str:
    """Encode text as XML wire text under the quirks; `is_affected` for the remarks of an affected listing."""
    text = text.replace("&", "&amp;") if Quirk.RAW_AMPERSAND not in quirks else text
    text = text.replace("<", "&lt;").replace(">", "&gt;")
    if not text.isascii() and Quirk.SURROGATE_REFERENCES in quirks:
        text = "".join(_to_surrogates(letter) if ord(letter) >= _FIRST_SUPPLEMENTARY else letter for letter in text)
    if is_affected and Quirk.CONTROL_CHARACTERS in quirks:
        text = text.replace(" ", "\x0b", 1)
    return text


def get_charset(quirks: Quirks) -> str:
    """The encoding of replies."""
    latin = Quirk.LATIN_1_UNDECLARED in quirks or Quirk.LATIN_1_DECLARED in quirks
    return "iso-8859-1" if latin else "utf-8"


def _format_values(value: Value) -> str:
    return ",".join(value) if isinstance(value, tuple) else ""


def _format_codes(value: Value) -> str:
    return ",".join(map(to_code, value)) if isinstance(value, tuple) else ""


@lru_cache(maxsize=65536)
def _format_timestamp(text: str, local: bool, fraction: bool) -> str:  # noqa: FBT001 - two quirks, cached by position
    if local:
        text = f"{datetime.fromisoformat(text).astimezone(_LOCAL):%Y-%m-%dT%H:%M:%S}"
    if fraction:
        text = text.removesuffix("Z") + ".000" + ("" if local else "Z")
    return text


def _to_surrogates(letter: str) -> str:
    rest = ord(letter) - _FIRST_SUPPLEMENTARY
    return f"&#{0xD800 + (rest >> 10)};&#{0xDC00 + (rest & 0x3FF)};"
