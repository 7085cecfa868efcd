"""What the simulated source states under its quirks, worked out from the market alone: what a client must end with."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import cast

from platbook.market import Market, MarketListing
from platbook.simulate.rets.fields import DataType, Field, find_property_class, find_resource
from platbook.simulate.rets.names import Names
from platbook.simulate.rets.quirks import Quirk, Quirks, parse_quirks

Cells = Mapping[str, str | None]

_LOCAL = timezone(timedelta(hours=-7))
_PROPERTY = find_resource("Property")
LATIN = {Quirk.LATIN_1_UNDECLARED, Quirk.LATIN_1_DECLARED}


_OWN_NAMES, _VENDORS_NAMES = Names(Quirks()), Names(parse_quirks([Quirk.VENDOR_NAMES]))


def name_of(field: str, quirks: Collection[Quirk]) -> str:
    """What a field is called."""
    assert _PROPERTY is not None
    return (_VENDORS_NAMES if Quirk.VENDOR_NAMES in quirks else _OWN_NAMES).system(_PROPERTY, field)


def state_all(market: Market, moment: datetime, quirks: Collection[Quirk]) -> dict[str, Cells]:
    """Every listing's cells by their column's name; an empty cell is None."""
    return {listing.key: state(listing, quirks) for listing in _listings(market, moment)}


@lru_cache(maxsize=4)
def _listings(market: Market, moment: datetime) -> Sequence[MarketListing]:
    return tuple(market.listings(moment))


def state(listing: MarketListing, quirks: Collection[Quirk]) -> Cells:
    """One listing's."""
    cells: dict[str, str | None] = {}
    for field in find_property_class(listing.record["PropertyType"]).fields:
        text = _write(field, listing.record.get(field.name), quirks)
        if field.name == "PublicRemarks" and text is not None and int(listing.key) % 3 == 0:
            text = _to_remarks(text, quirks)
        cells[name_of(field.name, quirks)] = text
    return cells


def _write(field: Field, value: object, quirks: Collection[Quirk]) -> str | None:
    if isinstance(value, list):
        return ",".join(str(word) for word in cast("list[object]", value)) or None
    if value is None or isinstance(value, bool):
        return None if value is None else "1" if value else "0"
    if field.type is not DataType.DATE_TIME:
        return str(value)
    moment = datetime.fromisoformat(str(value)).astimezone(UTC)
    local, fraction = Quirk.ZONELESS_TIMESTAMPS in quirks, Quirk.FRACTION_TIMESTAMPS in quirks
    shown = f"{moment.astimezone(_LOCAL if local else UTC):%Y-%m-%dT%H:%M:%S}"
    return shown + (".000" if fraction else "") + ("" if local else "Z")


def _to_remarks(text: str, quirks: Collection[Quirk]) -> str:
    """A repaired control character is the space that was meant, a raw ampersand itself, two halves one character."""
    if Quirk.RAW_AMPERSAND in quirks:
        text += " Heat & light included."
    if not LATIN.isdisjoint(quirks):
        text += " A café is près."
    if Quirk.SURROGATE_REFERENCES in quirks:
        text += " 😊"
    return text
