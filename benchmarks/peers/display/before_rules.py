"""Both documents of a listing as they were written before display rules were data: one object of settings a provider.

Kept as it was, cut down to the documents; what still is as it was then (links, photos as values) is imported.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import cast

import orjson

from platbook.listings.links import to_internal_link, to_public_link, to_public_tour
from platbook.listings.listing import FILE, FIRST_STORE, NormalListing, Photo, StoredPicture
from platbook.reso.fields import COLUMNS, SLOT, Field
from platbook.reso.media_category import is_image, may_be_branded
from platbook.reso.public_fields import LOCATION_FIELDS, PUBLIC_FIELDS, is_public_field

_PLACEHOLDER_COLOR = "#d3d3d3"
_PUBLIC_PERMISSIONS = frozenset({"Public", "IDX"})
_PRICES = frozenset({"ListPrice", "ClosePrice"})
_PUBLIC_WITHOUT_LOCATION = PUBLIC_FIELDS - LOCATION_FIELDS
_NUMBER_SLOTS = tuple(SLOT[field.name] for field in COLUMNS if field.sql_type == "numeric")
_TOUR_SLOT = SLOT["VirtualTourURLUnbranded"]
_LOCATION_SLOTS = frozenset(SLOT[name] for name in LOCATION_FIELDS if name in SLOT)


@dataclass(frozen=True)
class Display:
    """A provider's display settings of then."""

    listing_display_when_null: bool = False
    address_display_when_null: bool = False
    photo_display_when_null: bool = False
    hot_link: bool = False
    statuses: tuple[str, ...] = ("Active", "Active Under Contract", "Closed", "Coming Soon", "Pending")
    mls: str | None = None
    copyright: str | None = None
    disclaimer: str | None = None


class _Layout:
    def __init__(self, fields: Sequence[Field]) -> None:
        paths = [(field.api, SLOT[field.name]) for field in fields if field.api]
        self.top = [(path, slot) for path, slot in paths if "." not in path]
        self.groups: dict[str, list[tuple[str, int]]] = {}
        for path, slot in paths:
            group, _, name = path.partition(".")
            if name:
                self.groups.setdefault(group, []).append((name, slot))

    def fill(self, values: Sequence[object]) -> dict[str, object]:
        document: dict[str, object] = {name: values[slot] for name, slot in self.top}
        for group, members in self.groups.items():
            document[group] = {name: values[slot] for name, slot in members}
        return document


_INTERNAL = _Layout(COLUMNS)
_PUBLIC = _Layout([field for field in COLUMNS if is_public_field(field)])


def write_documents(
    listing: NormalListing, photos: Sequence[Photo], display: Display, *, row: Mapping[str, object]
) -> tuple[str, str | None]:
    """The internal and the public document; None where the listing may not be shown."""
    values = list(listing.values)
    for slot in _NUMBER_SLOTS:  # written once for both
        if values[slot] is not None:
            values[slot] = _to_json_number(values[slot])
    shared = {**row, "listingKey": listing.listing_key, "attribution": _to_attribution(listing, display)}
    document = _INTERNAL.fill(values) | shared
    document["media"] = [{**_to_internal_photo(photo, display), "reason": photo.reason} for photo in photos]
    document["fields"] = orjson.Fragment(_to_extra_fields(listing))
    internal = _to_text(document)
    internet = _flag(listing, "InternetEntireListingDisplayYN", when_null=display.listing_display_when_null)
    has_price = listing.withheld.isdisjoint(_PRICES)
    shows_address = _flag(listing, "InternetAddressDisplayYN", when_null=display.address_display_when_null)
    if not (internet and has_price and listing.standard_status in display.statuses):
        return internal, None
    if not shows_address:
        for slot in _LOCATION_SLOTS:
            values[slot] = None
    values[_TOUR_SLOT] = to_public_tour(cast("str | None", values[_TOUR_SLOT]))
    document = _PUBLIC.fill(values) | shared
    open_photos = [photo for photo in photos if _photo_is_public(photo.permission, display)]
    document["photoCount"] = len(open_photos)
    document["media"] = [_to_public_photo(photo, display, shows_address=shows_address) for photo in open_photos]
    shown = PUBLIC_FIELDS if shows_address else _PUBLIC_WITHOUT_LOCATION
    document["fields"] = {name: value for name, value in listing.more.items() if name in shown}
    return internal, _to_text(document)


def _flag(listing: NormalListing, name: str, *, when_null: bool) -> bool:
    value = listing.value(name)
    if value is None:
        return when_null and name not in listing.withheld
    return value is True


def _photo_is_public(permission: Sequence[str] | None, display: Display) -> bool:
    if permission is None:
        return display.photo_display_when_null
    return not _PUBLIC_PERMISSIONS.isdisjoint(permission)


def _media_is_public(category: str, permission: Sequence[str] | None, display: Display, *, shows_address: bool) -> bool:
    is_hidden = not is_image(category) and (not shows_address or may_be_branded(category))
    return _photo_is_public(permission, display) and not is_hidden


def _to_extra_fields(listing: NormalListing) -> bytes:
    return orjson.dumps(listing.more, default=_to_json_number) if listing.more else b"{}"


def _to_internal_photo(photo: Photo, display: Display) -> dict[str, object]:
    is_shown = not is_image(photo.category) or _may_hot_link(photo, display)
    return _to_photo(photo, to_internal_link(photo) if is_shown else None)


def _to_public_photo(photo: Photo, display: Display, *, shows_address: bool) -> dict[str, object]:
    may_hot_link = _may_hot_link(photo, display)
    if is_image(photo.category):
        return _to_photo(photo, to_internal_link(photo) if may_hot_link else None)
    if not _media_is_public(photo.category, photo.permission, display, shows_address=shows_address):
        return _to_photo(replace(photo, picture=None), None)
    return _to_photo(photo, to_public_link(photo) if photo.state == "linked" or may_hot_link else None)


def _may_hot_link(photo: Photo, display: Display) -> bool:
    return photo.picture is None and display.hot_link


def _to_photo(photo: Photo, source_url: str | None) -> dict[str, object]:
    shown: dict[str, object] = {
        "mediaKey": photo.media_key,
        "order": photo.order,
        "category": photo.category,
        "caption": photo.caption,
        "state": photo.state,
    }
    picture = photo.picture
    if picture is None or picture.media_type is not None:
        shown |= {"width": None, "height": None, "color": _PLACEHOLDER_COLOR, "placeholder": None, "variants": {}}
        shown["sourceUrl"] = source_url
        return shown if picture is None else {**shown, "file": _to_file(picture)}
    base = _to_base(picture)
    shown |= {
        "width": picture.width,
        "height": picture.height,
        "color": picture.color,
        "placeholder": picture.placeholder,
        "variants": {name: _to_variant(variant, base) for name, variant in picture.variants.items()},
        "sourceUrl": source_url,
    }
    return shown


def _to_base(picture: StoredPicture) -> str:
    store = "" if picture.store_id == FIRST_STORE else f"{picture.store_id}/"
    return f"/media/{store}public/" if picture.is_public else f"/media/{store}private/"


def _to_file(picture: StoredPicture) -> dict[str, object]:
    stored = picture.variants[FILE]
    url = f"{_to_base(picture)}{stored['name']}"
    return {"url": url, "bytes": stored["bytes"], "format": stored["format"], "contentType": picture.media_type}


def _to_variant(variant: Mapping[str, object], base: str) -> dict[str, object]:
    shown = {name: variant[name] for name in ("width", "height", "bytes", "format")}
    return {"url": f"{base}{variant['name']}", **shown}


def _to_attribution(listing: NormalListing, display: Display) -> dict[str, object]:
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
    return orjson.dumps(document, default=_to_json_number, option=orjson.OPT_UTC_Z).decode()


def _to_json_number(value: object) -> object:
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value).encode())
    raise TypeError(f"{type(value).__name__} does not belong in a document")
