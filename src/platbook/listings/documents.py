"""The two documents of a listing, as ready JSON text: `internal` for staff, `public` for everything that leaves.

They are written once by whoever writes the row, so that a list is joined strings. A document holds nothing that
depends on the clock, the viewer or the process: days on market and the row's own state are added by `finish`.

Addresses of stored pictures stand in documents as paths of our own (`/media/public/…`); whoever reads a document for
somebody puts the CDN's base before them, or a signature behind those of private ones.

`public` is an allow-list and fails closed: a listing without a clear yes from the source (or from the provider's
meaning of silence) has no public document, a confidential field is never in one, and a hidden address takes
everything with it that would tell the place.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import orjson

from platbook.listings.listing import NormalListing, Photo
from platbook.providers.display import DisplaySettings
from platbook.reso.fields import COLUMNS, FIELDS, SLOT, Field

_SHAPE = 2  # raised whenever a document's form changes, so that old ones are rebuilt

_PUBLIC_BESIDE_IDX = frozenset({"Country", "Latitude", "Longitude", "ListOfficePhone"})
_TELLS_THE_PLACE = frozenset(
    {
        "UnparsedAddress", "StreetNumber", "StreetDirPrefix", "StreetName", "StreetSuffix", "StreetDirSuffix",
        "UnitNumber", "Latitude", "Longitude", "Directions", "ParcelNumber", "VirtualTourURLUnbranded",
        "PostalCodePlus4",
        "StreetNumberNumeric", "StreetSuffixModifier", "LotSizeDimensions", "UniversalPropertyId", "BuildingName",
    }
)  # fmt: skip
_OPEN_PERMISSIONS = frozenset({"Public", "IDX"})
_GREY = "#d3d3d3"


def is_public_field(field: Field) -> bool:
    """Whether a field may be in a public document at all."""
    return (field.idx or field.name in _PUBLIC_BESIDE_IDX) and not field.confidential


class _Layout:
    """Which columns stand where in a document: on top, or one object down."""

    def __init__(self, fields: Sequence[Field]) -> None:
        paths = [(field.api, SLOT[field.name]) for field in fields if field.api]
        self.top = [(path, slot) for path, slot in paths if "." not in path]
        self.groups: dict[str, list[tuple[str, int]]] = {}
        for path, slot in paths:
            group, _, word = path.partition(".")
            if word:
                self.groups.setdefault(group, []).append((word, slot))

    def fill(self, values: Sequence[object]) -> dict[str, object]:
        document: dict[str, object] = {word: values[slot] for word, slot in self.top}
        for group, words in self.groups.items():
            document[group] = {word: values[slot] for word, slot in words}
        return document


_INTERNAL = _Layout(COLUMNS)
_PUBLIC = _Layout([field for field in COLUMNS if is_public_field(field)])
_PUBLIC_MORE = frozenset(name for name, field in FIELDS.items() if is_public_field(field))
_NUMBER_SLOTS = tuple(SLOT[field.name] for field in COLUMNS if field.sql_type == "numeric")
_PLACE_SLOTS = frozenset(SLOT[name] for name in _TELLS_THE_PLACE if name in SLOT)
_PUBLIC_SLOTS = frozenset(SLOT[field.name] for field in COLUMNS if is_public_field(field))


def document_version(display: DisplaySettings) -> str:
    """The version of documents made under these display rules."""
    rules = orjson.dumps(display.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
    return f"{_SHAPE}.{hashlib.blake2b(rules, digest_size=6).hexdigest()}"


def shows_address(listing: NormalListing, display: DisplaySettings) -> bool:
    """Whether the address may be shown in public."""
    said = listing.value("InternetAddressDisplayYN")
    return display.address_display_when_null if said is None else bool(said)


def shows_listing(listing: NormalListing, display: DisplaySettings) -> bool:
    """Whether the listing may be shown in public at all."""
    said = listing.value("InternetEntireListingDisplayYN")
    allowed = display.listing_display_when_null if said is None else bool(said)
    return allowed and listing.standard_status in display.statuses


def shows_photo(photo: Photo, display: DisplaySettings) -> bool:
    """Whether a photo of a listing that is shown in public may be shown with it."""
    if photo.permission is None:
        return display.photo_display_when_null
    return not _OPEN_PERMISSIONS.isdisjoint(photo.permission)


class Documents(NamedTuple):
    """A listing's two documents; `public` None where the listing may not be shown."""

    internal: str
    public: str | None


def to_documents(
    listing: NormalListing, photos: Sequence[Photo], display: DisplaySettings, *, row: Mapping[str, object]
) -> Documents:
    """Write both documents. `row` holds the row's own words: id, providerId, isLocal, isFeatured."""
    values = list(listing.values)
    for slot in _NUMBER_SLOTS:  # written once for both
        if values[slot] is not None:
            values[slot] = to_json_number(values[slot])
    shared = {**row, "listingKey": listing.listing_key, "attribution": _attribution(listing, display)}
    document = _INTERNAL.fill(values) | shared
    document["media"] = [{**_photo(photo, display), "reason": photo.reason} for photo in photos]
    document["fields"] = listing.more
    internal = _to_text(document)
    if not shows_listing(listing, display):
        return Documents(internal, None)
    more = listing.more
    if not shows_address(listing, display):
        for slot in _PLACE_SLOTS:
            values[slot] = None
        more = {name: value for name, value in more.items() if name not in _TELLS_THE_PLACE}
    document = _PUBLIC.fill(values) | shared
    open_photos = [photo for photo in photos if shows_photo(photo, display)]
    document["photoCount"] = len(open_photos)
    document["media"] = [_photo(photo, display) for photo in open_photos]
    document["fields"] = {name: value for name, value in more.items() if name in _PUBLIC_MORE}
    return Documents(internal, _to_text(document))


def public_words(*, shows_place: bool) -> frozenset[str]:
    """The words of a listing's timeline a public caller may see: API paths and RESO names."""
    slots = _PUBLIC_SLOTS if shows_place else _PUBLIC_SLOTS - _PLACE_SLOTS
    paths = {COLUMNS[slot].api for slot in slots}
    more = _PUBLIC_MORE if shows_place else _PUBLIC_MORE - _TELLS_THE_PLACE
    return more.union(path for path in paths if path)


def finish(document: str, *, days: int | None, removed: datetime | None = None, out_of_scope: bool = False) -> str:
    """Add what depends on the moment of reading: days on market, and whether it is removed or out of scope."""
    told = "null" if days is None else days
    gone = "null" if removed is None else f'"{removed:%Y-%m-%dT%H:%M:%SZ}"'
    scope = "true" if out_of_scope else "false"
    return f'{document[:-1]},"daysOnMarket":{told},"removedAt":{gone},"outOfScope":{scope}}}'


def row_words(property_id: UUID, provider_id: str, *, is_local: bool, is_featured: bool) -> dict[str, object]:
    """The row's own words in both documents."""
    return {"id": property_id, "providerId": provider_id, "isLocal": is_local, "isFeatured": is_featured}


def _photo(photo: Photo, display: DisplaySettings) -> dict[str, object]:
    told: dict[str, object] = {
        "mediaKey": photo.media_key,
        "order": photo.order,
        "category": photo.category,
        "caption": photo.caption,
        "state": photo.state,
    }
    picture = photo.picture
    if picture is None:
        # Never the address of a picture that is not there: the source's own where it may be shown, or a grey place.
        address = photo.source_address if display.hot_link else None
        told |= {"width": None, "height": None, "color": _GREY, "placeholder": None, "variants": {}}
        told["sourceUrl"] = address if address and address.startswith(("https://", "http://")) else None
        return told
    place = "/media/public/" if picture.is_public else "/media/private/"
    told |= {
        "width": picture.width,
        "height": picture.height,
        "color": picture.color,
        "placeholder": picture.placeholder,
        "variants": {name: _variant(facts, place) for name, facts in picture.variants.items()},
        "sourceUrl": None,
    }
    return told


def _variant(facts: Mapping[str, object], place: str) -> dict[str, object]:
    shown = {word: facts[word] for word in ("width", "height", "bytes", "format")}
    return {"url": f"{place}{facts['name']}", **shown}


def _attribution(listing: NormalListing, display: DisplaySettings) -> dict[str, object]:
    return {
        "listOffice": listing.value("ListOfficeName"),
        "listAgent": listing.value("ListAgentFullName"),
        "contact": listing.more.get("AttributionContact") or listing.value("ListOfficePhone"),
        "mls": display.mls or listing.value("OriginatingSystemName"),
        "copyright": display.copyright,
        "updatedAt": listing.modification_timestamp,
        "disclaimer": display.disclaimer,
    }


def _to_text(document: Mapping[str, object]) -> str:
    return orjson.dumps(document, default=to_json_number, option=orjson.OPT_UTC_Z).decode()


def to_json_number(value: object) -> object:
    """Write a Decimal as the number it is; anything else unknown to JSON is a bug (TypeError)."""
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value).encode())
    raise TypeError(f"{type(value).__name__} does not belong in a document")
