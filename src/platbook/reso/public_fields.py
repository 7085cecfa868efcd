"""Which RESO fields may be public at all, and those that reveal where a listing is or how long it is on the market."""

from platbook.reso.fields import FIELDS, Field

_PUBLIC_BESIDE_IDX = frozenset({"Country", "Latitude", "Longitude", "ListOfficePhone"})


def is_public_field(field: Field) -> bool:
    """Whether a field may be in a public document at all."""
    return (field.idx or field.name in _PUBLIC_BESIDE_IDX) and not field.confidential


PUBLIC_FIELDS = frozenset(name for name, field in FIELDS.items() if is_public_field(field))
"""RESO names of the fields that may be in a public document."""

LOCATION_FIELDS = frozenset(
    {
        "UnparsedAddress", "StreetNumber", "StreetDirPrefix", "StreetName", "StreetSuffix", "StreetDirSuffix",
        "UnitNumber", "Latitude", "Longitude", "Directions", "ParcelNumber", "VirtualTourURLUnbranded",
        "PostalCodePlus4",
        "StreetNumberNumeric", "StreetSuffixModifier", "LotSizeDimensions", "UniversalPropertyId", "BuildingName",
    }
)  # fmt: skip
"""RESO names of the fields that reveal where a listing is."""

FULL_ADDRESS = "UnparsedAddress"
"""The address as one text."""

MARKET_TIME_FIELDS = frozenset(
    {
        "ActivationDate", "BackOnMarketDate", "CumulativeDaysOnMarket", "DaysInMls", "DaysOnMarket", "DaysOnSite",
        "ListingContractDate", "OffMarketDate", "OffMarketTimestamp", "OnMarketDate", "OnMarketTimestamp",
        "OriginalEntryTimestamp", "PendingTimestamp", "PurchaseContractDate", "SimpleDaysOnMarket",
        "StatusChangeTimestamp",
    }
)  # fmt: skip
"""RESO names of the fields that days on market stand in, or can be computed from."""

DAYS_ON_MARKET = "DaysOnMarket"
"""The days on market of a public listing are not the source's; they are computed."""

DAYS_ON_MARKET_SOURCES = frozenset({"OnMarketDate", "ListingContractDate", "CloseDate", "StatusChangeTimestamp"})
"""Fields of the allow-list that days on market are computed from, and that a rule can take away."""

ATTRIBUTION_CONTACT = "AttributionContact"
"""Public as the contact of a listing's attribution, though RESO's IDX payload does not have it."""

ALWAYS_PUBLIC_FIELDS = frozenset({"ListingKey", "ModificationTimestamp"})
"""Fields of the allow-list that every public listing has: they identify it, and lists are in their order."""

HIDEABLE_FIELDS = (PUBLIC_FIELDS | {ATTRIBUTION_CONTACT}) - ALWAYS_PUBLIC_FIELDS
"""RESO names of the fields that a display rule can take away."""
