"""What the server knows of its data: resources, classes, fields with their types, lookups. One table.

Fields are named as in RESO's Data Dictionary; a class has those that its records can have.
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


class Shape(StrEnum):
    """How a value is to be read, beside its type."""

    PLAIN = ""
    CURRENCY = "Currency"
    LOOKUP = "Lookup"
    LOOKUP_MULTI = "LookupMulti"


@dataclass(frozen=True)
class Field:
    """One field. `lookup` names its lookup where it has one."""

    name: str
    type: DataType
    length: int
    shape: Shape = Shape.PLAIN
    precision: int = 0

    @property
    def lookup(self) -> str:
        """The name of its lookup, empty where it has none."""
        return self.name if self.shape in {Shape.LOOKUP, Shape.LOOKUP_MULTI} else ""

    @cached_property
    def long_name(self) -> str:
        """The name in words: List Agent Key."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", self.name)


@dataclass(frozen=True)
class Class:
    """One class of a resource. `fields` in the order in which they are sent."""

    name: str
    description: str
    fields: tuple[Field, ...]

    @cached_property
    def places(self) -> dict[str, int]:
        """Where a field stands in a row."""
        return {field.name: at for at, field in enumerate(self.fields)}


@dataclass(frozen=True)
class Resource:
    """One resource."""

    name: str
    standard_name: str
    description: str
    key: str
    classes: tuple[Class, ...]

    def find_class(self, name: str) -> Class | None:
        """The class of that name."""
        return next((one for one in self.classes if one.name == name), None)

    @property
    def lookups(self) -> Sequence[str]:
        """The lookups of its fields, each once."""
        return list(dict.fromkeys(field.lookup for one in self.classes for field in one.fields if field.lookup))


_INT, _LONG, _DECIMAL, _DATE, _MOMENT = (
    *(DataType.INT, DataType.LONG, DataType.DECIMAL),
    *(DataType.DATE, DataType.DATE_TIME),
)


def _text(length: int, *names: str) -> tuple[Field, ...]:
    return tuple(Field(name, DataType.CHARACTER, length) for name in names)


def _of(kind: DataType, length: int, *names: str, precision: int = 0) -> tuple[Field, ...]:
    return tuple(Field(name, kind, length, precision=precision) for name in names)


def _yes_no(*names: str) -> tuple[Field, ...]:
    return _of(DataType.BOOLEAN, 1, *names)


def _money(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, _INT, 10, Shape.CURRENCY) for name in names)


def _one(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, DataType.CHARACTER, 40, Shape.LOOKUP) for name in names)


def _many(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, DataType.CHARACTER, 250, Shape.LOOKUP_MULTI) for name in names)


_IDENTITY = (
    *_of(_LONG, 19, "ListingKey"),
    *_text(20, "ListingId"),
    *_text(60, "OriginatingSystemName"),
    *_one("PropertyType", "PropertySubType", "StandardStatus", "MlsStatus", "MajorChangeType"),
    *_of(_MOMENT, 30, "MajorChangeTimestamp"),
    *_money("ListPrice", "OriginalListPrice", "PreviousListPrice", "ClosePrice", "TaxAnnualAmount"),
    *_of(_INT, 4, "TaxYear"),
)
_PLACE = (
    *_text(25, "StreetNumber"),
    *_of(_INT, 9, "StreetNumberNumeric"),
    *_text(50, "StreetName"),
    *_one("StreetSuffix"),
    *_text(25, "UnitNumber"),
    *_text(50, "City"),
    *_one("CountyOrParish", "StateOrProvince"),
    *_text(10, "PostalCode", "Country"),
    *_text(255, "UnparsedAddress"),
    *_text(50, "SubdivisionName"),
    *_of(_DECIMAL, 12, "Latitude", "Longitude", precision=6),
    *_text(20, "ParcelNumber", "Zoning"),
    *_many("Utilities", "Sewer", "WaterSource"),
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
    *_one("ListingAgreement"),
    *_many("ListingTerms", "SpecialListingConditions"),
    *_text(4000, "PrivateRemarks", "ShowingInstructions"),
    *_one("LockBoxType"),
    *_text(25, "LockBoxSerialNumber"),
    *_one("OccupantType"),
    *_yes_no("InternetEntireListingDisplayYN", "InternetAddressDisplayYN"),
    *_yes_no("InternetAutomatedValuationDisplayYN", "InternetConsumerCommentYN"),
)
_DATES = (
    *_of(_DATE, 10, "ExpirationDate", "ListingContractDate", "OnMarketDate"),
    *_of(_DATE, 10, "PurchaseContractDate", "CloseDate", "OffMarketDate"),
    *_of(_INT, 6, "DaysOnMarket"),
    *_of(_MOMENT, 30, "PendingTimestamp", "OriginalEntryTimestamp", "StatusChangeTimestamp"),
    *_of(_MOMENT, 30, "PriceChangeTimestamp", "PhotosChangeTimestamp", "ModificationTimestamp"),
    *_text(4000, "PublicRemarks"),
    *_of(_INT, 3, "PhotosCount"),
)
_LOT = (
    *_of(_DECIMAL, 12, "LotSizeAcres", precision=4),
    *_of(_INT, 12, "LotSizeSquareFeet"),
    *_text(50, "LotSizeDimensions"),
    *_many("LotFeatures"),
)
_BUILDING = (
    *_of(_INT, 8, "LivingArea"),
    *_of(_INT, 4, "YearBuilt", "Stories"),
    *_many("Heating", "Cooling", "Flooring", "ParkingFeatures", "Roof", "ConstructionMaterials"),
)
_HOME = (
    *_of(_INT, 3, "BedroomsTotal", "BathroomsFull", "BathroomsHalf", "BathroomsTotalInteger", "RoomsTotal"),
    *_one("LivingAreaUnits"),
    *_of(_INT, 3, "StoriesTotal", "FireplacesTotal", "GarageSpaces"),
    *_yes_no("FireplaceYN", "NewConstructionYN", "PoolPrivateYN", "GarageYN", "AttachedGarageYN"),
    *_yes_no("AssociationYN", "PropertyAttachedYN"),
    *_money("AssociationFee"),
    *_one("AssociationFeeFrequency"),
    *_many("Appliances", "InteriorFeatures", "Levels", "ArchitecturalStyle", "CommonWalls", "View", "Fencing"),
    *_many("Basement", "PatioAndPorchFeatures"),
)
_BUSINESS = (
    *_of(_INT, 8, "BuildingAreaTotal", "ParkingTotal"),
    *_one("LeaseAmountFrequency"),
    *_many("CurrentUse"),
)
_GROUND = _many("View", "Fencing", "CurrentUse", "PossibleUse", "RoadSurfaceType")

_ALL = (*_IDENTITY, *_PLACE), (*_PEOPLE, *_TERMS, *_DATES)

RESIDENTIAL = Class(
    "Residential", "Single Family, Condominium, Townhouse", (*_ALL[0], *_HOME, *_BUILDING, *_LOT, *_ALL[1])
)
COMMERCIAL = Class("Commercial", "Commercial Sale and Lease", (*_ALL[0], *_BUSINESS, *_BUILDING, *_LOT, *_ALL[1]))
LAND = Class("Land", "Lots and Land", (*_ALL[0], *_LOT, *_GROUND, *_ALL[1]))

AGENT = Class(
    *("Agent", "Listing Agents"),
    (
        *_text(20, "MemberKey", "MemberMlsId"),
        *_text(50, "MemberFirstName", "MemberLastName", "MemberFullName"),
        *_text(80, "MemberEmail"),
        *_text(20, "MemberDirectPhone", "MemberStateLicense", "OfficeKey", "OfficeMlsId"),
        *_text(255, "OfficeName"),
        *_of(_MOMENT, 30, "ModificationTimestamp"),
    ),
)
OFFICE = Class(
    *("Office", "Listing Offices"),
    (
        *_text(20, "OfficeKey", "OfficeMlsId"),
        *_text(255, "OfficeName"),
        *_text(20, "OfficePhone"),
        *_text(50, "OfficeCity"),
        *_text(2, "OfficeStateOrProvince"),
        *_of(_MOMENT, 30, "ModificationTimestamp"),
    ),
)
MEDIA = Class(
    *("Media", "Photos of Listings"),
    (
        *_text(40, "MediaKey"),
        *_of(_LONG, 19, "ResourceRecordKey"),
        *_text(20, "ResourceName"),
        *_one("MediaCategory"),
        *_of(_INT, 4, "Order"),
        *_text(255, "LongDescription"),
        *_text(20, "MimeType"),
        *_text(1024, "MediaURL"),
        *_of(_MOMENT, 30, "MediaModificationTimestamp", "ModificationTimestamp"),
    ),
)

RESOURCES = (
    Resource("Property", "Property", "Listings of all kinds", "ListingKey", (RESIDENTIAL, COMMERCIAL, LAND)),
    Resource("Agent", "Agent", "Agents who list", "MemberKey", (AGENT,)),
    Resource("Office", "Office", "Offices they belong to", "OfficeKey", (OFFICE,)),
    Resource("Media", "Media", "Photos by their addresses", "MediaKey", (MEDIA,)),
)


def find_resource(name: str) -> Resource | None:
    """The resource of that name."""
    return next((one for one in RESOURCES if one.name == name), None)


def find_property_class(property_type: object) -> Class:
    """The class to which listings of a PropertyType belong."""
    if property_type == "Residential":
        return RESIDENTIAL
    return LAND if property_type == "Land" else COMMERCIAL
