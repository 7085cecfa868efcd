"""How values are written: the text a reply states, and how some quirks send it.

What is *stated* is what a client must end with. What is *sent* may differ where a quirk says so: the difference is what
a client has to repair.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from platbook.simulate.rets.fields import DataType, Field, Shape
from platbook.simulate.rets.inventory import Row, Value
from platbook.simulate.rets.lookups import to_code
from platbook.simulate.rets.quirks import Quirk, Quirks

_EVERY = 3
_BEYOND = 0x10000
_LOCAL = timezone(timedelta(hours=-7))

Writer = Callable[[Value], str]


def zone_of(quirks: Quirks) -> timezone:
    """The zone in which the server's clock runs."""
    return _LOCAL if Quirk.ZONELESS_TIMESTAMPS in quirks else UTC


def is_marked(row: Row) -> bool:
    """Whether a listing is one of those whose remarks the quirks of text change: every third key."""
    return row.key.isdigit() and int(row.key) % _EVERY == 0


def to_writer(field: Field, quirks: Quirks, *, decoded: bool) -> Writer:
    """How a field's values are stated, in COMPACT or COMPACT-DECODED (section 7.6)."""
    if field.shape is Shape.LOOKUP_MULTI:
        return _write_words if decoded else _write_codes
    if field.shape is Shape.LOOKUP and not decoded:
        return lambda value: "" if value is None else to_code(str(value))
    if field.type is DataType.BOOLEAN:
        return lambda value: "" if value is None else "1" if value else "0"
    if field.type is DataType.DATE_TIME:
        local, fraction = Quirk.ZONELESS_TIMESTAMPS in quirks, Quirk.FRACTION_TIMESTAMPS in quirks
        if local or fraction:
            return lambda value: "" if value is None else _to_timestamp(str(value), local, fraction)
    return lambda value: "" if value is None else str(value)


def to_stated_remarks(text: str, quirks: Quirks) -> str:
    """A marked listing's remarks as they are stated under the quirks."""
    if Quirk.RAW_AMPERSAND in quirks:
        text += " Heat & light included."
    if Quirk.LATIN_1_UNDECLARED in quirks or Quirk.LATIN_1_DECLARED in quirks:
        text += " A café is près."
    if Quirk.SURROGATE_REFERENCES in quirks:
        text += " \U0001f60a"
    return text


def to_sent(text: str, quirks: Quirks, *, marked: bool) -> str:
    """Text as XML, the way the quirks send it; `marked` for the remarks of a marked listing."""
    text = text.replace("&", "&amp;") if Quirk.RAW_AMPERSAND not in quirks else text
    text = text.replace("<", "&lt;").replace(">", "&gt;")
    if not text.isascii() and Quirk.SURROGATE_REFERENCES in quirks:
        text = "".join(_to_surrogates(letter) if ord(letter) >= _BEYOND else letter for letter in text)
    if marked and Quirk.CONTROL_CHARACTERS in quirks:
        text = text.replace(" ", "\x0b", 1)
    return text


def charset_of(quirks: Quirks) -> str:
    """In which encoding replies are sent."""
    latin = Quirk.LATIN_1_UNDECLARED in quirks or Quirk.LATIN_1_DECLARED in quirks
    return "iso-8859-1" if latin else "utf-8"


def _write_words(value: Value) -> str:
    return ",".join(value) if isinstance(value, tuple) else ""


def _write_codes(value: Value) -> str:
    return ",".join(map(to_code, value)) if isinstance(value, tuple) else ""


@lru_cache(maxsize=65536)
def _to_timestamp(text: str, local: bool, fraction: bool) -> str:  # noqa: FBT001 - two quirks, told apart by name above
    if local:
        text = f"{datetime.fromisoformat(text).astimezone(_LOCAL):%Y-%m-%dT%H:%M:%S}"
    if fraction:
        text = text.removesuffix("Z") + ".000" + ("" if local else "Z")
    return text


def _to_surrogates(letter: str) -> str:
    rest = ord(letter) - _BEYOND
    return f"&#{0xD800 + (rest >> 10)};&#{0xDC00 + (rest & 0x3FF)};"
