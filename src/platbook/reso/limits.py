"""Limits of what can be true of a listing, as data: values of fields, and where the listings of a country can be."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Final, NamedTuple

from platbook.reso.states import CANADIAN_PROVINCES, US_STATES


class Limit(NamedTuple):
    """The least and the greatest value that can be true (None: there is none), and the reason a finding gives."""

    least: int | date
    greatest: int | date | None
    reason: str


_NOT_NEGATIVE: Final = Limit(0, None, "below zero")
_YEAR: Final = Limit(1000, 2199, "not a year from 1000 to 2199")
_DATE: Final = Limit(date(1800, 1, 1), date(2199, 12, 31), "not a date from 1800 to 2199")

LIMITS: Mapping[str, Limit] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "ListPrice", "OriginalListPrice", "PreviousListPrice", "ClosePrice", "ListPriceLow", "AssociationFee",
                "AssociationFee2", "TaxAnnualAmount", "TaxAssessedValue", "BedroomsTotal", "BathroomsTotalInteger",
                "BathroomsFull", "BathroomsHalf", "LivingArea", "LotSizeSquareFeet", "LotSizeAcres", "LotSizeArea",
                "Stories", "StoriesTotal", "GarageSpaces", "CarportSpaces", "ParkingTotal", "PhotosCount",
                "FireplacesTotal", "NumberOfUnitsTotal", "RoomsTotal",
            ),
            _NOT_NEGATIVE,
        ),
        **dict.fromkeys(("YearBuilt", "YearBuiltEffective", "TaxYear"), _YEAR),
        **dict.fromkeys(
            (
                "ListingContractDate", "OnMarketDate", "PurchaseContractDate", "CloseDate", "OffMarketDate",
                "ExpirationDate",
            ),
            _DATE,
        ),
    }
)  # fmt: skip
"""The limits of fields, by RESO name."""


class CoordinateBox(NamedTuple):
    """An area between two latitudes and two longitudes."""

    south: float
    north: float
    west: float
    east: float

    def holds(self, latitude: float, longitude: float) -> bool:
        """Whether a position is in it."""
        return self.south <= latitude <= self.north and self.west <= longitude <= self.east


COUNTRIES: Mapping[str, Sequence[CoordinateBox]] = MappingProxyType(
    {
        "US": (
            CoordinateBox(24, 50, -125, -66),
            CoordinateBox(51, 72, -180, -129),  # Alaska
            CoordinateBox(51, 54, 172, 180),  # the Aleutian Islands beyond 180 degrees
            CoordinateBox(18, 29, -179, -154),  # Hawaii
            CoordinateBox(17, 19, -68, -64),  # Puerto Rico, Virgin Islands
            CoordinateBox(13, 21, 144, 147),  # Guam, Northern Mariana Islands
            CoordinateBox(-15, -10, -172, -168),  # American Samoa
        ),
        "CA": (CoordinateBox(41, 84, -142, -52),),
        "MX": (CoordinateBox(14, 33, -119, -86),),
    }
)
"""Where the listings of a country can be, generously."""

COUNTRY_NAMES: Mapping[str, str] = {
    **dict.fromkeys(("us", "usa", "unitedstates", "unitedstatesofamerica"), "US"),
    **dict.fromkeys(("ca", "can", "canada"), "CA"),
    **dict.fromkeys(("mx", "mex", "mexico"), "MX"),
}
"""Countries by their names and codes, in lower case without spaces."""

ADDRESS_FORMS: Mapping[str, tuple[Collection[str], re.Pattern[str]]] = {
    "US": (US_STATES, re.compile(r"\d{5}(-?\d{4})?", re.ASCII)),
    "CA": (CANADIAN_PROVINCES, re.compile(r"[A-Z]\d[A-Z] ?\d[A-Z]\d", re.ASCII | re.IGNORECASE)),
}
"""The codes of a country's states and the form of its postal codes: together they tell a country that is not named."""


def find_limit_fault(name: str, value: object) -> str | None:
    """Why a value of a field cannot be true; None: it can be."""
    limit = LIMITS.get(name)
    if limit is None or value is None:
        return None
    if value >= limit.least and (limit.greatest is None or value <= limit.greatest):  # pyright: ignore[reportOperatorIssue] - a limit is of its field's type
        return None
    return limit.reason
