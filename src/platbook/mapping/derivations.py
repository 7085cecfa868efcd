"""Values derived from a listing's other values: the standard status, areas in one unit, and no (0, 0) position."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from platbook.base.errors import RecordRejected
from platbook.mapping.transforms import AREA_UNITS, to_unit
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


def drop_null_island(values: list[Value]) -> None:
    """Clear latitude 0 with longitude 0 ("null island"), which sources send for an unknown position."""
    if values[_LATITUDE] == 0 and values[_LONGITUDE] == 0:
        values[_LATITUDE] = values[_LONGITUDE] = None


def derive_areas(values: list[Value], more: dict[str, Value], *, convert_living_area: bool) -> None:
    """Convert the living area to square feet by its units field, and fill the lot size in the missing unit."""
    living = values[_LIVING_AREA]
    if convert_living_area and isinstance(living, Decimal):
        square_feet = _unit_of(more, "LivingAreaUnits")
        if square_feet is not None and square_feet != 1:
            values[_LIVING_AREA] = to_unit(FIELDS["LivingArea"], living, square_feet)
            more["LivingAreaUnits"] = "Square Feet"
    feet, acres = values[_LOT_SQUARE_FEET], values[_LOT_ACRES]
    if feet is None and acres is None:
        area, unit = more.get("LotSizeArea"), _unit_of(more, "LotSizeUnits")
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
    return AREA_UNITS.get(unit.replace(" ", "").lower()) if isinstance(unit, str) else None
