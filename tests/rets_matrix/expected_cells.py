"""The cells a client must end with under quirks, computed from the market alone."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import cast

from platbook.market import Market, MarketListing
from platbook.simulate.rets.fields import DataType, SimulatedField, find_property_class, find_resource
from platbook.simulate.rets.names import FieldNames
from platbook.simulate.rets.quirks import Quirk, Quirks, parse_quirks
from platbook.simulate.rets.source import STARTED

Cells = Mapping[str, str | None]

_LOCAL = timezone(timedelta(hours=-7))
_PROPERTY = find_resource("Property")
LATIN = {Quirk.LATIN_1_UNDECLARED, Quirk.LATIN_1_DECLARED}


_STANDARD_NAMES, _VENDOR_NAMES = FieldNames(Quirks()), FieldNames(parse_quirks([Quirk.VENDOR_NAMES]))


def column_name(field: str, quirks: Collection[Quirk]) -> str:
    """The name of a field's column."""
    assert _PROPERTY is not None
    return (_VENDOR_NAMES if Quirk.VENDOR_NAMES in quirks else _STANDARD_NAMES).to_system_name(_PROPERTY, field)


def expected_listings(market: Market, time: datetime, quirks: Collection[Quirk]) -> dict[str, Cells]:
    """The expected cells of every listing by column name; an empty cell is None."""
    return {listing.key: expected_cells(listing, quirks) for listing in _listings(market, time)}


@lru_cache(maxsize=4)
def _listings(market: Market, time: datetime) -> Sequence[MarketListing]:
    return tuple(market.listings(time))


def expected_cells(listing: MarketListing, quirks: Collection[Quirk]) -> Cells:
    """The expected cells of one listing."""
    cells: dict[str, str | None] = {}
    record = dict(listing.record)
    if Quirk.PHOTOS_ALONE in quirks:
        record["ModificationTimestamp"] = listing.record_modified.isoformat()
    for field in find_property_class(record["PropertyType"]).fields:
        text = _format(field, record.get(field.name), quirks)
        if field.name == "PublicRemarks" and text is not None and int(listing.key) % 3 == 0:
            text = _to_remarks(text, quirks)
        if field.name == "ModificationTimestamp" and _is_undated(str(listing.record[field.name]), quirks):
            text = None
        cells[column_name(field.name, quirks)] = text
    return cells


def _is_undated(modified: str, quirks: Collection[Quirk]) -> bool:
    return Quirk.UNDATED_ROWS in quirks and datetime.fromisoformat(modified) < STARTED


def _format(field: SimulatedField, value: object, quirks: Collection[Quirk]) -> str | None:
    if isinstance(value, list):
        return ",".join(str(item) for item in cast("list[object]", value)) or None
    if value is None or isinstance(value, bool):
        return None if value is None else "1" if value else "0"
    if field.type is not DataType.DATE_TIME:
        return str(value)
    time = datetime.fromisoformat(str(value)).astimezone(UTC)
    local, fraction = Quirk.ZONELESS_TIMESTAMPS in quirks, Quirk.FRACTION_TIMESTAMPS in quirks
    text = f"{time.astimezone(_LOCAL if local else UTC):%Y-%m-%dT%H:%M:%S}"
    return text + (".000" if fraction else "") + ("" if local else "Z")


def _to_remarks(text: str, quirks: Collection[Quirk]) -> str:
    """Control characters become spaces, raw ampersands stay, surrogate references become one character."""
    if Quirk.RAW_AMPERSAND in quirks:
        text += " Heat & light included."
    if not LATIN.isdisjoint(quirks):
        text += " A café is près."
    if Quirk.SURROGATE_REFERENCES in quirks:
        text += " 😊"
    return text
