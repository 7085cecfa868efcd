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

from platbook.listings.display import (
    LOCATION_FIELDS,
    decide_display,
    is_public_field,
    photo_is_public,
    public_fields,
)
from platbook.listings.listing import NormalListing, Photo
from platbook.providers.display import DisplaySettings
from platbook.reso.fields import COLUMNS, SLOT, Field

_SHAPE = 2  # raised whenever a document's form changes, so that old ones are rebuilt

_GREY = "#d3d3d3"


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
_NUMBER_SLOTS = tuple(SLOT[field.name] for field in COLUMNS if field.sql_type == "numeric")
_LOCATION_SLOTS = frozenset(SLOT[name] for name in LOCATION_FIELDS if name in SLOT)


def document_version(display: DisplaySettings) -> str:
    """The version of documents made under these display rules."""
    rules = orjson.dumps(display.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
    return f"{_SHAPE}.{hashlib.blake2b(rules, digest_size=6).hexdigest()}"


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
    decision = decide_display(listing, display)
    if not decision.shows_listing:
        return Documents(internal, None)
    if not decision.shows_address:
        for slot in _LOCATION_SLOTS:
            values[slot] = None
    document = _PUBLIC.fill(values) | shared
    open_photos = [photo for photo in photos if photo_is_public(photo.permission, display)]
    document["photoCount"] = len(open_photos)
    document["media"] = [_photo(photo, display) for photo in open_photos]
    document["fields"] = {name: value for name, value in listing.more.items() if name in decision.fields}
    return Documents(internal, _to_text(document))


def public_field_names(*, shows_address: bool) -> frozenset[str]:
    """Names of the fields a public reader of a listing's timeline may see: API paths of columns, else RESO names."""
    names = public_fields(shows_address=shows_address)
    return names.union(field.api for field in COLUMNS if field.api and field.name in names)


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
