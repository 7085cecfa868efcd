"""Values derived from a listing's other values: the standard status, areas in one unit, half bathrooms."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from platbook.base.errors import RecordRejected
from platbook.mapping.transforms import AREA_UNITS, find_unit, to_unit
from platbook.reso.coercion import Value
from platbook.reso.fields import FIELDS, SLOT
from platbook.reso.lookups import find_standard

_STATUS: Final = SLOT["StandardStatus"]
_MLS_STATUS: Final = SLOT["MlsStatus"]
_LATITUDE: Final = SLOT["Latitude"]
_LONGITUDE: Final = SLOT["Longitude"]
_LIVING_AREA: Final = SLOT["LivingArea"]
_LOT_SQUARE_FEET: Final = SLOT["LotSizeSquareFeet"]
_LOT_ACRES: Final = SLOT["LotSizeAcres"]
_TOTAL_BATHS: Final = SLOT["BathroomsTotalInteger"]
_FULL_BATHS: Final = SLOT["BathroomsFull"]
_HALF_BATHS: Final = SLOT["BathroomsHalf"]
_OTHER_BATHS: Final = frozenset({"BathroomsOneQuarter", "BathroomsPartial", "BathroomsThreeQuarter"})
_HALF: Final = Decimal("0.5")
_MOST_BATHS: Final = 1000


def derive_status(values: list[Value], sources: Mapping[str, str]) -> None:
    """Fill the standard status from the MLS's own where the source has none; `sources` names fields for rejections.

    RecordRejected where neither gives it: a status is never guessed.
    """
    if values[_STATUS] is not None:
        return
    mls_status = values[_MLS_STATUS]
    if not isinstance(mls_status, str):
        raise RecordRejected("the record states no status", field=sources.get("StandardStatus", "StandardStatus"))
    values[_STATUS] = find_standard("StandardStatus", mls_status)
    if values[_STATUS] is None:
        raise RecordRejected(
            f"{mls_status[:40]!r} is not a standard status; add it to a lookup of the mapping",
            field=sources.get("MlsStatus", "MlsStatus"),
        )


def exchange_position(values: list[Value]) -> None:
    """Exchange latitude and longitude, for a source that sends one as the other."""
    values[_LATITUDE], values[_LONGITUDE] = values[_LONGITUDE], values[_LATITUDE]


def read_half_baths(value: object) -> int | None:
    """How many full bathrooms a number of bathrooms such as 2.5 counts beside one half; None: it is no such number."""
    try:
        number = Decimal(str(value)) if isinstance(value, (str, float, Decimal)) else Decimal(0)
    except InvalidOperation:
        return None
    is_half = number.is_finite() and 0 < number < _MOST_BATHS and number % 1 == _HALF
    return int(number) if is_half else None


def derive_bathrooms(values: list[Value], more: Mapping[str, Value], full: int) -> bool:
    """Fill bathrooms from a total of `full` and a half, unless the source's other numbers contradict it: whether."""
    if values[_FULL_BATHS] not in {None, full} or values[_HALF_BATHS] not in {None, 1} or more.keys() & _OTHER_BATHS:
        return False
    values[_FULL_BATHS], values[_HALF_BATHS], values[_TOTAL_BATHS] = full, 1, full + 1
    return True


def derive_areas(values: list[Value], more: dict[str, Value], *, convert_living_area: bool) -> None:
    """Convert the living area to square feet by its units field, and fill the lot size in the missing unit."""
    living = values[_LIVING_AREA]
    if convert_living_area and isinstance(living, Decimal):
        square_feet = _unit_of(more, "LivingAreaUnits")
        if square_feet is not None and square_feet != 1:
            values[_LIVING_AREA] = to_unit(FIELDS["LivingArea"], living, square_feet)
            more["LivingAreaUnits"] = "Square Feet"
    feet, acres, area = values[_LOT_SQUARE_FEET], values[_LOT_ACRES], more.get("LotSizeArea")
    if feet == 0 and (acres or area):  # it was not filled in
        feet = values[_LOT_SQUARE_FEET] = None
    if acres == 0 and (feet or area):
        acres = values[_LOT_ACRES] = None
    if feet is None and acres is None:
        unit = _unit_of(more, "LotSizeUnits")
        if not isinstance(area, Decimal) or unit is None:
            return
        values[_LOT_SQUARE_FEET] = to_unit(FIELDS["LotSizeSquareFeet"], area, unit)
        values[_LOT_ACRES] = to_unit(FIELDS["LotSizeAcres"], area, unit)
    elif feet is None and isinstance(acres, Decimal):
        values[_LOT_SQUARE_FEET] = to_unit(FIELDS["LotSizeSquareFeet"], acres, AREA_UNITS["acres"])
    elif acres is None and isinstance(feet, Decimal):
        values[_LOT_ACRES] = to_unit(FIELDS["LotSizeAcres"], feet, AREA_UNITS["sqft"])


def _unit_of(more: Mapping[str, Value], name: str) -> Decimal | None:
    unit = more.get(name)
    return find_unit(unit) if isinstance(unit, str) else None
