"""What of a listing may be shown in public: the one decision, out of the listing and its provider's display settings.

It fails closed. A listing needs an explicit yes from the source (or from the provider's meaning of a missing value),
an allowed status and a price that is not withheld; a value that cannot be read is no missing value; a field must be on
the allow-list and not confidential; a hidden address takes every field with it that reveals the location. Whoever
writes documents, stores photos or reads a timeline asks here.

SQL decides three things itself, by functions that migrations 0029 and 0072 define: `listing_is_public`, whether a
stored listing is public now, and `photo_is_public` and `media_is_public`, which are equal to the functions of this
module. No other statement compares a permission or looks for a public document.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from platbook.listings.listing import NormalListing
from platbook.providers.display import DisplaySettings
from platbook.reso.fields import FIELDS, Field
from platbook.reso.media_category import is_image, may_be_branded

_PUBLIC_BESIDE_IDX = frozenset({"Country", "Latitude", "Longitude", "ListOfficePhone"})
_PUBLIC_PERMISSIONS = frozenset({"Public", "IDX"})

LOCATION_FIELDS = frozenset(
    {
        "UnparsedAddress", "StreetNumber", "StreetDirPrefix", "StreetName", "StreetSuffix", "StreetDirSuffix",
        "UnitNumber", "Latitude", "Longitude", "Directions", "ParcelNumber", "VirtualTourURLUnbranded",
        "PostalCodePlus4",
        "StreetNumberNumeric", "StreetSuffixModifier", "LotSizeDimensions", "UniversalPropertyId", "BuildingName",
    }
)  # fmt: skip
"""RESO names of the fields that reveal where a listing is."""


_PRICES = frozenset({"ListPrice", "ClosePrice"})
_LISTING_FLAG, _ADDRESS_FLAG = "InternetEntireListingDisplayYN", "InternetAddressDisplayYN"
DECIDING_FIELDS = _PRICES | {_LISTING_FLAG, _ADDRESS_FLAG}
"""RESO names of the fields without whose values, where the source sent some that cannot be taken, nothing, or no
address, is public."""


def is_public_field(field: Field) -> bool:
    """Whether a field may be in a public document at all."""
    return (field.idx or field.name in _PUBLIC_BESIDE_IDX) and not field.confidential


_PUBLIC_FIELDS = frozenset(name for name, field in FIELDS.items() if is_public_field(field))
_PUBLIC_FIELDS_WITHOUT_LOCATION = _PUBLIC_FIELDS - LOCATION_FIELDS


@dataclass(frozen=True, slots=True)
class DisplayDecision:
    """What of one listing may be shown in public.

    Without `shows_listing` there is no public document, and the rest does not matter.
    """

    shows_listing: bool
    shows_address: bool

    @property
    def fields(self) -> frozenset[str]:
        """RESO names of the fields that may be shown."""
        return public_fields(shows_address=self.shows_address)


def decide_display(listing: NormalListing, display: DisplaySettings) -> DisplayDecision:
    """Decide for a listing, as its provider's settings stand."""
    internet = _flag(listing, _LISTING_FLAG, when_null=display.listing_display_when_null)
    has_price = listing.withheld.isdisjoint(_PRICES)
    return DisplayDecision(
        shows_listing=internet and has_price and listing.standard_status in display.statuses,
        shows_address=_flag(listing, _ADDRESS_FLAG, when_null=display.address_display_when_null),
    )


def public_fields(*, shows_address: bool) -> frozenset[str]:
    """RESO names of the fields that may be shown of a listing with or without its address."""
    return _PUBLIC_FIELDS if shows_address else _PUBLIC_FIELDS_WITHOUT_LOCATION


def photo_is_public(permission: Sequence[str] | None, display: DisplaySettings) -> bool:
    """Whether a photo may be shown with a public listing, by its RESO Permission."""
    if permission is None:
        return display.photo_display_when_null
    return not _PUBLIC_PERMISSIONS.isdisjoint(permission)


def media_is_public(
    category: str, permission: Sequence[str] | None, display: DisplaySettings, *, shows_address: bool
) -> bool:
    """Whether the content of Media may be shown with a public listing: a photo's by its Permission alone.

    A video, document or tour shows where the listing is, so that a hidden address hides it; and a tour that the source
    does not call unbranded is for the listing's own broker alone.
    """
    is_hidden = not is_image(category) and (not shows_address or may_be_branded(category))
    return photo_is_public(permission, display) and not is_hidden


def _flag(listing: NormalListing, name: str, *, when_null: bool) -> bool:
    value = listing.value(name)
    if value is None:
        return when_null and name not in listing.withheld
    return value is True
