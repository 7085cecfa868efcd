"""Standard lookup values (Data Dictionary 2.0), and normalization of a source's values to them.

A source may spell a value as RESO does, in the older enumeration form without spaces (`ActiveUnderContract`), in
another case, or by a well-known synonym. `StandardStatus` is locked: any other value is rejected, since display rules
and deletions depend on it. The others are open: local values are stored as they are.

A caller's filter is read by the same tables, so that it finds what a source's value of the same spelling is stored as.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from platbook.base.folding import fold, fold_label
from platbook.reso.states import STATES


class StandardStatus(StrEnum):
    """The status of a listing, by RESO's locked list."""

    ACTIVE = "Active"
    ACTIVE_UNDER_CONTRACT = "Active Under Contract"
    CANCELED = "Canceled"
    CLOSED = "Closed"
    COMING_SOON = "Coming Soon"
    DELETE = "Delete"
    EXPIRED = "Expired"
    HOLD = "Hold"
    INCOMPLETE = "Incomplete"
    PENDING = "Pending"
    WITHDRAWN = "Withdrawn"


class PropertyType(StrEnum):
    """The standard property types; the list is open."""

    BUSINESS_OPPORTUNITY = "Business Opportunity"
    COMMERCIAL_LEASE = "Commercial Lease"
    COMMERCIAL_SALE = "Commercial Sale"
    FARM = "Farm"
    LAND = "Land"
    MANUFACTURED_IN_PARK = "Manufactured In Park"
    RESIDENTIAL = "Residential"
    RESIDENTIAL_INCOME = "Residential Income"
    RESIDENTIAL_LEASE = "Residential Lease"


class PropertySubType(StrEnum):
    """The standard property sub-types; the list is open."""

    AGRICULTURE = "Agriculture"
    APARTMENT = "Apartment"
    BOAT_SLIP = "Boat Slip"
    BUSINESS = "Business"
    CABIN = "Cabin"
    CONDOMINIUM = "Condominium"
    CO_OWNERSHIP = "Co-Ownership"
    DEEDED_PARKING = "Deeded Parking"
    DUPLEX = "Duplex"
    FARM = "Farm"
    HOTEL_MOTEL = "Hotel/Motel"
    INDUSTRIAL = "Industrial"
    MANUFACTURED_HOME = "Manufactured Home"
    MANUFACTURED_ON_LAND = "Manufactured On Land"
    MIXED_USE = "Mixed Use"
    MOBILE_HOME = "Mobile Home"
    MOBILE_HOME_PARK = "Mobile Home Park"
    MULTI_FAMILY = "Multi Family"
    OFFICE = "Office"
    OWN_YOUR_OWN = "Own Your Own"
    QUADRUPLEX = "Quadruplex"
    RANCH = "Ranch"
    RETAIL = "Retail"
    SINGLE_FAMILY_RESIDENCE = "Single Family Residence"
    STOCK_COOPERATIVE = "Stock Cooperative"
    TENANCY_IN_COMMON = "Tenancy in Common"
    TIMESHARE = "Timeshare"
    TOWNHOUSE = "Townhouse"
    TRIPLEX = "Triplex"
    UNIMPROVED_LAND = "Unimproved Land"
    WAREHOUSE = "Warehouse"


LOCKED: frozenset[str] = frozenset({"StandardStatus"})
"""Lookups that accept only their standard values."""

# Only values with the same meaning in every MLS. A code ("A", "P", "C") or a class ("Condo" as a property type) is
# local and belongs in a provider's field mapping.
_STATUS_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    StandardStatus.ACTIVE: (
        "Active Listing",
        "Back On Market",
        "Extended",
        "New",
        "New Listing",
        "Price Change",
        "Price Changed",
        "Reactivated",
    ),
    StandardStatus.ACTIVE_UNDER_CONTRACT: (
        "Accepting Backup Offers",
        "Accepting Backups",
        "Active Contingent",
        "Active Kick Out",
        "Active Option Contract",
        "Active With Accepted Offer",
        "Active With Contract",
        "Backup",
        "Backup Offer",
        "Contingent",
        "Pending Continue to Show",
    ),
    StandardStatus.CANCELED: ("Cancelled", "Terminated"),
    StandardStatus.CLOSED: ("Closed Sale", "Leased", "Rented", "Sold"),
    StandardStatus.COMING_SOON: ("Delayed Showings",),
    StandardStatus.DELETE: ("Deleted", "Kill", "Zap"),
    StandardStatus.HOLD: ("Hold Do Not Show", "On Hold", "Temp Off Market", "Temporarily Off Market"),
    StandardStatus.INCOMPLETE: ("Draft", "Partially Completed"),
    StandardStatus.PENDING: ("Offer Accepted", "Pending Sale", "Under Contract"),
}
_TYPE_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    PropertyType.BUSINESS_OPPORTUNITY: ("Business", "Business Opportunities"),
    PropertyType.LAND: ("Lots and Land", "Lot/Land", "Lots/Land", "Vacant Land"),
    PropertyType.RESIDENTIAL_INCOME: ("Income", "Multi Family"),
    PropertyType.RESIDENTIAL_LEASE: ("Rental", "Rentals", "Residential Rental"),
}
_SUB_TYPE_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    PropertySubType.APARTMENT: ("Apartment Complex Unit",),
    PropertySubType.BOAT_SLIP: ("Slip",),
    PropertySubType.CONDOMINIUM: ("Condo",),
    PropertySubType.DUPLEX: ("Two Family", "Two Units"),
    PropertySubType.MANUFACTURED_HOME: ("Manufactured",),
    PropertySubType.OWN_YOUR_OWN: ("OYO",),
    PropertySubType.QUADRUPLEX: ("4-plex", "Four Units", "Fourplex"),
    PropertySubType.SINGLE_FAMILY_RESIDENCE: (
        "SFR",
        "Single Family",
        "Single Family Detached",
        "Single Family Home",
        "Single Family Residential",
    ),
    PropertySubType.STOCK_COOPERATIVE: ("Co-op", "Cooperative", "Stock Coop"),
    PropertySubType.TIMESHARE: ("Fractional Ownership",),
    PropertySubType.TOWNHOUSE: ("Row Home", "Row House", "Townhome"),
    PropertySubType.TRIPLEX: ("Three Units",),
}


def _table(values: type[StrEnum], synonyms: Mapping[str, Iterable[str]]) -> Mapping[str, str]:
    folded = {fold_label(text): str(value) for value, texts in synonyms.items() for text in texts}
    # A standard value wins over another one's synonym.
    return MappingProxyType(folded | {fold_label(value): value.value for value in values})


_FOLDED: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "StandardStatus": _table(StandardStatus, _STATUS_SYNONYMS),
        "PropertyType": _table(PropertyType, _TYPE_SYNONYMS),
        "PropertySubType": _table(PropertySubType, _SUB_TYPE_SYNONYMS),
    }
)

STANDARD: Mapping[str, frozenset[str]] = MappingProxyType(
    {lookup: frozenset(table.values()) for lookup, table in _FOLDED.items()}
)
"""The standard values of the normalized lookups, by lookup name."""

_STATE_CODES: Mapping[str, str] = MappingProxyType(
    {fold_label(text): code for code, name in STATES.items() for text in (code, name)}
)


@lru_cache(maxsize=4096)
def find_standard(lookup: str, text: str) -> str | None:
    """Return the standard value for `text` in `lookup`; None: there is none, or the lookup is not normalized."""
    table = _FOLDED.get(lookup)
    return None if table is None else table.get(fold_label(text))


def find_state(text: str) -> str | None:
    """Return the postal code of a state or province that is named by its code or its name; None: it is neither.

    `StateOrProvince` is not normalized on storing: sources write codes or names.
    """
    return _STATE_CODES.get(fold_label(text))


def state_spellings(text: str) -> tuple[str, ...]:
    """Folded, what a state may be stored as: its code and its name; an unknown one as it is."""
    code = find_state(text)
    return (fold(text.strip()),) if code is None else (fold(code), fold(STATES[code]))


def split_values(text: str) -> list[str]:
    """The parts of a comma-separated list of values, without empty ones."""
    return [part.strip() for part in text.split(",") if part.strip()]
