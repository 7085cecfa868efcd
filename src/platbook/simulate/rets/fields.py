"""The server's schema: resources, classes, fields with their types, lookups. The one table of them.

Fields have RESO Data Dictionary names; a class has the fields that occur in its records.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class DataType(StrEnum):
    """RETS data types (1.7.2, section 11.3.2) that occur here."""

    BOOLEAN = "Boolean"
    CHARACTER = "Character"
    DATE = "Date"
    DATE_TIME = "DateTime"
    INT = "Int"
    LONG = "Long"
    DECIMAL = "Decimal"


class Interpretation(StrEnum):
    """RETS Interpretation of a value (section 11.3.2), besides its type."""

    PLAIN = ""
    CURRENCY = "Currency"
    LOOKUP = "Lookup"
    LOOKUP_MULTI = "LookupMulti"


@dataclass(frozen=True)
class SimulatedField:
    """One field. `lookup` is the name of its lookup, if any."""

    name: str
    type: DataType
    length: int
    interpretation: Interpretation = Interpretation.PLAIN
    precision: int = 0

    @property
    def lookup(self) -> str:
        """The name of its lookup, empty if it has none."""
        return self.name if self.interpretation in {Interpretation.LOOKUP, Interpretation.LOOKUP_MULTI} else ""

    @cached_property
    def long_name(self) -> str:
        """The name as separate words: List Agent Key."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", self.name)


@dataclass(frozen=True)
class RetsClass:
    """One class of a resource. `fields` in the order in which they are sent."""

    name: str
    description: str
    fields: tuple[SimulatedField, ...]

    @cached_property
    def field_indexes(self) -> dict[str, int]:
        """Index of each field in a row, by name."""
        return {field.name: at for at, field in enumerate(self.fields)}


@dataclass(frozen=True)
class RetsResource:
    """One resource."""

    name: str
    standard_name: str
    description: str
    key: str
    classes: tuple[RetsClass, ...]

    def find_class(self, name: str) -> RetsClass | None:
        """The class of that name; None: there is none."""
        return next((one for one in self.classes if one.name == name), None)

    @property
    def lookups(self) -> Sequence[str]:
        """The distinct lookups of its fields."""
        return list(dict.fromkeys(field.lookup for one in self.classes for field in one.fields if field.lookup))


_INT, _LONG, _DECIMAL, _DATE, _DATE_TIME = (
    *(DataType.INT, DataType.LONG, DataType.DECIMAL),
    *(DataType.DATE, DataType.DATE_TIME),
)


def _text(length: int, *names: str) -> tuple[SimulatedField, ...]:
    return tuple(SimulatedField(name, DataType.CHARACTER, length) for name in names)


def _typed(kind: DataType, length: int, *names: str, precision: int = 0) -> tuple[SimulatedField, ...]:
    return tuple(SimulatedField(name, kind, length, precision=precision) for name in names)


def _boolean(*names: str) -> tuple[SimulatedField, ...]:
    return _typed(DataType.BOOLEAN, 1, *names)


def _money(*names: str) -> tuple[SimulatedField, ...]:
    return tuple(SimulatedField(name, _INT, 10, Interpretation.CURRENCY) for name in names)


def _lookup(*names: str) -> tuple[SimulatedField, ...]:
    return tuple(SimulatedField(name, DataType.CHARACTER, 40, Interpretation.LOOKUP) for name in names)


def _lookup_multi(*names: str) -> tuple[SimulatedField, ...]:
    return tuple(SimulatedField(name, DataType.CHARACTER, 250, Interpretation.LOOKUP_MULTI) for name in names)


_IDENTITY = (
    *_typed(_LONG, 19, "ListingKey"),
    *_text(20, "ListingId"),
    *_text(60, "OriginatingSystemName"),
    *_lookup("PropertyType", "PropertySubType", "StandardStatus", "MlsStatus", "MajorChangeType"),
    *_typed(_DATE_TIME, 30, "MajorChangeTimestamp"),
    *_money("ListPrice", "OriginalListPrice", "PreviousListPrice", "ClosePrice", "TaxAnnualAmount"),
    *_typed(_INT, 4, "TaxYear"),
)
_LOCATION = (
    *_text(25, "StreetNumber"),
    *_typed(_INT, 9, "StreetNumberNumeric"),
    *_text(50, "StreetName"),
    *_lookup("StreetSuffix"),
    *_text(25, "UnitNumber"),
    *_text(50, "City"),
    *_lookup("CountyOrParish", "StateOrProvince"),
    *_text(10, "PostalCode", "Country"),
    *_text(255, "UnparsedAddress"),
    *_text(50, "SubdivisionName"),
    *_typed(_DECIMAL, 12, "Latitude", "Longitude", precision=6),
    *_text(20, "ParcelNumber", "Zoning"),
    *_lookup_multi("Utilities", "Sewer", "WaterSource"),
)
_PEOPLE = (
    *_text(20, "ListAgentKey", "ListAgentMlsId"),
    *_text(50, "ListAgentFirstName", "ListAgentLastName", "ListAgentFullName"),
    *_text(80, "ListAgentEmail"),
    *_text(20, "ListAgentDirectPhone", "ListAgentStateLicense", "ListOfficeKey", "ListOfficeMlsId"),
    *_text(255, "ListOfficeName"),
    *_text(20, "ListOfficePhone", "BuyerAgentKey", "BuyerAgentMlsId"),
    *_text(50, "BuyerAgentFullName"),
    *_text(20, "BuyerOfficeKey"),
    *_text(255, "BuyerOfficeName"),
)
_TERMS = (
    *_text(255, "OwnerName"),
    *_lookup("ListingAgreement"),
    *_lookup_multi("ListingTerms", "SpecialListingConditions"),
    *_text(4000, "PrivateRemarks", "ShowingInstructions"),
    *_lookup("LockBoxType"),
    *_text(25, "LockBoxSerialNumber"),
    *_lookup("OccupantType"),
    *_boolean("InternetEntireListingDisplayYN", "InternetAddressDisplayYN"),
    *_boolean("InternetAutomatedValuationDisplayYN", "InternetConsumerCommentYN"),
)
_DATES = (
    *_typed(_DATE, 10, "ExpirationDate", "ListingContractDate", "OnMarketDate"),
    *_typed(_DATE, 10, "PurchaseContractDate", "CloseDate", "OffMarketDate"),
    *_typed(_INT, 6, "DaysOnMarket"),
    *_typed(_DATE_TIME, 30, "PendingTimestamp", "OriginalEntryTimestamp", "StatusChangeTimestamp"),
    *_typed(_DATE_TIME, 30, "PriceChangeTimestamp", "PhotosChangeTimestamp", "ModificationTimestamp"),
    *_text(4000, "PublicRemarks"),
    *_typed(_INT, 3, "PhotosCount"),
)
_LOT = (
    *_typed(_DECIMAL, 12, "LotSizeAcres", precision=4),
    *_typed(_INT, 12, "LotSizeSquareFeet"),
    *_text(50, "LotSizeDimensions"),
    *_lookup_multi("LotFeatures"),
)
_BUILDING = (
    *_typed(_INT, 8, "LivingArea"),
    *_typed(_INT, 4, "YearBuilt", "Stories"),
    *_lookup_multi("Heating", "Cooling", "Flooring", "ParkingFeatures", "Roof", "ConstructionMaterials"),
)
_DWELLING = (
    *_typed(_INT, 3, "BedroomsTotal", "BathroomsFull", "BathroomsHalf", "BathroomsTotalInteger", "RoomsTotal"),
    *_lookup("LivingAreaUnits"),
    *_typed(_INT, 3, "StoriesTotal", "FireplacesTotal", "GarageSpaces"),
    *_boolean("FireplaceYN", "NewConstructionYN", "PoolPrivateYN", "GarageYN", "AttachedGarageYN"),
    *_boolean("AssociationYN", "PropertyAttachedYN"),
    *_money("AssociationFee"),
    *_lookup("AssociationFeeFrequency"),
    *_lookup_multi("Appliances", "InteriorFeatures", "Levels", "ArchitecturalStyle", "CommonWalls", "View", "Fencing"),
    *_lookup_multi("Basement", "PatioAndPorchFeatures"),
)
_BUSINESS = (
    *_typed(_INT, 8, "BuildingAreaTotal", "ParkingTotal"),
    *_lookup("LeaseAmountFrequency"),
    *_lookup_multi("CurrentUse"),
)
_LAND_USE = _lookup_multi("View", "Fencing", "CurrentUse", "PossibleUse", "RoadSurfaceType")

_ALL = (*_IDENTITY, *_LOCATION), (*_PEOPLE, *_TERMS, *_DATES)

RESIDENTIAL = RetsClass(
    "Residential", "Single Family, Condominium, Townhouse", (*_ALL[0], *_DWELLING, *_BUILDING, *_LOT, *_ALL[1])
)
COMMERCIAL = RetsClass("Commercial", "Commercial Sale and Lease", (*_ALL[0], *_BUSINESS, *_BUILDING, *_LOT, *_ALL[1]))
LAND = RetsClass("Land", "Lots and Land", (*_ALL[0], *_LOT, *_LAND_USE, *_ALL[1]))

AGENT = RetsClass(
    *("Agent", "Listing Agents"),
    (
        *_text(20, "MemberKey", "MemberMlsId"),
        *_text(50, "MemberFirstName", "MemberLastName", "MemberFullName"),
        *_text(80, "MemberEmail"),
        *_text(20, "MemberDirectPhone", "MemberStateLicense", "OfficeKey", "OfficeMlsId"),
        *_text(255, "OfficeName"),
        *_typed(_DATE_TIME, 30, "ModificationTimestamp"),
    ),
)
OFFICE = RetsClass(
    *("Office", "Listing Offices"),
    (
        *_text(20, "OfficeKey", "OfficeMlsId"),
        *_text(255, "OfficeName"),
        *_text(20, "OfficePhone"),
        *_text(50, "OfficeCity"),
        *_text(2, "OfficeStateOrProvince"),
        *_typed(_DATE_TIME, 30, "ModificationTimestamp"),
    ),
)
MEDIA = RetsClass(
    *("Media", "Photos of Listings"),
    (
        *_text(40, "MediaKey"),
        *_typed(_LONG, 19, "ResourceRecordKey"),
        *_text(20, "ResourceName"),
        *_lookup("MediaCategory"),
        *_typed(_INT, 4, "Order"),
        *_text(255, "LongDescription"),
        *_text(20, "MimeType"),
        *_text(1024, "MediaURL"),
        *_typed(_DATE_TIME, 30, "MediaModificationTimestamp", "ModificationTimestamp"),
    ),
)

RESOURCES = (
    RetsResource("Property", "Property", "Listings of all kinds", "ListingKey", (RESIDENTIAL, COMMERCIAL, LAND)),
    RetsResource("Agent", "Agent", "Agents who list", "MemberKey", (AGENT,)),
    RetsResource("Office", "Office", "Offices they belong to", "OfficeKey", (OFFICE,)),
    RetsResource("Media", "Media", "Photos by their addresses", "MediaKey", (MEDIA,)),
)


def find_resource(name: str) -> RetsResource | None:
    """The resource of that name; None: there is none."""
    return next((one for one in RESOURCES if one.name == name), None)


def find_property_class(property_type: object) -> RetsClass:
    """The class of listings of a PropertyType."""
    if property_type == "Residential":
        return RESIDENTIAL
    return LAND if property_type == "Land" else COMMERCIAL
