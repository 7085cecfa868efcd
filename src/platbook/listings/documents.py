"""The two documents of a listing, pre-rendered as JSON text: `internal` for staff, `public` for everybody else.

They are rendered once, when the row is written, so that a list is joined strings. A document holds nothing that
depends on the clock, the viewer or the process: days on market and the row's state are added by `complete_document`.

URLs of stored pictures are paths of our own route (`/media/public/…`, with the number of a store that is not the first:
`/media/2/public/…`); when a document is read, the base of the store or its CDN is put before them, and a signature
behind private ones (`media/photo_urls.py`).

What `public` may hold is decided by `listings/display.py`, which fails closed: an allow-list of fields, never a
confidential one, and no public document at all without an explicit yes.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple, cast
from uuid import UUID

import orjson

from platbook.base.actor import Surface
from platbook.listings.display import Decision
from platbook.listings.links import to_internal_link, to_public_link, to_public_tour
from platbook.listings.listing import FILE, FIRST_STORE, NormalListing, Photo, StoredPicture
from platbook.listings.words import WORDS_VERSION
from platbook.providers.display_rules import RuleSettings
from platbook.reso.fields import COLUMNS, FIELDS, SLOT, Field
from platbook.reso.media_category import is_image
from platbook.reso.public_fields import ATTRIBUTION_CONTACT, PUBLIC_FIELDS, is_public_field

_FORMAT_VERSION = 5  # raised whenever the format of documents changes, so that old ones are rebuilt

_PLACEHOLDER_COLOR = "#d3d3d3"


class _Layout:
    """Where columns are in a document: at the top level, or in an object one level down."""

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

    @property
    def names(self) -> list[str]:
        """The names of the fields, of groups, and of the fields in groups (`address.city`)."""
        members = [f"{group}.{name}" for group, members in self.groups.items() for name, _ in members]
        return [*(name for name, _ in self.top), *self.groups, *members]


_INTERNAL = _Layout(COLUMNS)
_PUBLIC = _Layout([field for field in COLUMNS if is_public_field(field)])
_SHARED_NAMES = (
    "id", "providerId", "listingKey", "isLocal", "isFeatured", "attribution", "displays", "media", "fields",
    "daysOnMarket", "removedAt", "outOfScope", "distance",
)  # fmt: skip
FIELD_NAMES: Mapping[Surface, tuple[str, ...]] = MappingProxyType(
    {
        Surface.INTERNAL: (*_INTERNAL.names, *_SHARED_NAMES),
        Surface.PUBLIC: (*_PUBLIC.names, *_SHARED_NAMES),
    }
)
"""The names of every field that the documents of each surface have, as they are read; those in groups by their path."""
_NUMBER_SLOTS = tuple(SLOT[field.name] for field in COLUMNS if field.sql_type == "numeric")
_TOUR_SLOT = SLOT["VirtualTourURLUnbranded"]

DOCUMENT_VERSION = f"{_FORMAT_VERSION}.{WORDS_VERSION}"
"""The version of the documents and search words that this release writes."""


class Documents(NamedTuple):
    """The two documents of a listing, and the fields in both.

    `public` is None where the listing may not be shown in public; `extra_fields` are those without a column, all of
    them, as JSON.
    """

    internal: str
    public: str | None
    extra_fields: bytes


def to_documents(
    listing: NormalListing, photos: Sequence[Photo], decision: Decision, *, row: Mapping[str, object]
) -> Documents:
    """Render both documents as decided. `row` holds the row's own fields: id, providerId, isLocal, isFeatured."""
    values = list(listing.values)
    for slot in _NUMBER_SLOTS:  # written once for both
        if values[slot] is not None:
            values[slot] = to_json_number(values[slot])
    displays = {"valuation": decision.valuation.shown, "comments": decision.comments.shown}
    shared = {**row, "listingKey": listing.listing_key, "displays": displays}
    document = _INTERNAL.fill(values) | shared
    settings = decision.internal
    document["attribution"] = _to_attribution(listing, settings)
    document["media"] = [{**_to_internal_photo(photo, settings), "reason": photo.reason} for photo in photos]
    extra_fields = to_extra_fields(listing)
    document["fields"] = orjson.Fragment(extra_fields)
    internal = _to_text(document)
    if not decision.listing.shown or decision.rules is None:
        return Documents(internal, None, extra_fields)
    hidden, settings = decision.hidden_fields, decision.rules.settings
    for slot in _to_slots(hidden):
        values[slot] = None
    values[_TOUR_SLOT] = to_public_tour(cast("str | None", values[_TOUR_SLOT]))
    document = _PUBLIC.fill(values) | shared
    document["attribution"] = _to_attribution(listing, settings, hidden)
    open_photos = [photo for photo in photos if decision.shows_photo(photo.permission)]
    document["photoCount"] = None if "PhotosCount" in hidden else len(open_photos)
    document["media"] = [_to_public_photo(photo, decision, settings) for photo in open_photos]
    shown = PUBLIC_FIELDS - hidden
    document["fields"] = {name: value for name, value in listing.more.items() if name in shown}
    return Documents(internal, _to_text(document), extra_fields)


def to_extra_fields(listing: NormalListing) -> bytes:
    """The fields without a column as JSON, as they are stored."""
    return orjson.dumps(listing.more, default=to_json_number) if listing.more else b"{}"


def to_field_names(names: Iterable[str]) -> frozenset[str]:
    """The names by which a timeline calls fields: API paths of those with a column, and RESO names of the others."""
    fields = [FIELDS[name] for name in names]
    return frozenset(field.api if field.column and field.api else field.name for field in fields)


def to_reading_fields(
    *,
    days: int | None,
    removed_at: datetime | None = None,
    out_of_scope: bool = False,
    distance: float | None = None,
) -> str:
    """The fields that depend on the reading: days on market, whether it is removed or out of scope, the distance.

    The distance is in miles from the place that was searched near; without one the field is left out. As JSON, without
    the braces.
    """
    days_text = "null" if days is None else days
    removed_text = "null" if removed_at is None else f'"{removed_at:%Y-%m-%dT%H:%M:%SZ}"'
    scope_text = "true" if out_of_scope else "false"
    distance_text = "" if distance is None else f',"distance":{distance:.3f}'
    return f'"daysOnMarket":{days_text},"removedAt":{removed_text},"outOfScope":{scope_text}{distance_text}'


def complete_document(document: str, reading_fields: str) -> str:
    """A stored document with the fields of `to_reading_fields`."""
    return f"{document[:-1]},{reading_fields}}}"


def to_row_fields(property_id: UUID, provider_id: str, *, is_local: bool, is_featured: bool) -> dict[str, object]:
    """The fields of the row itself, which are in both documents."""
    return {"id": property_id, "providerId": provider_id, "isLocal": is_local, "isFeatured": is_featured}


@lru_cache(maxsize=2048)
def _to_slots(hidden: frozenset[str]) -> tuple[int, ...]:
    return tuple(SLOT[name] for name in hidden if name in SLOT)


def _to_internal_photo(photo: Photo, settings: RuleSettings) -> dict[str, object]:
    is_shown = not is_image(photo.category) or _may_hot_link(photo, settings)
    return _to_photo(photo, to_internal_link(photo) if is_shown else None)


def _to_public_photo(photo: Photo, decision: Decision, settings: RuleSettings) -> dict[str, object]:
    may_hot_link = _may_hot_link(photo, settings)
    if is_image(photo.category):
        return _to_photo(photo, to_internal_link(photo) if may_hot_link else None)
    if not decision.shows_media(photo.category, photo.permission):
        return _to_photo(replace(photo, picture=None), None)
    # The address of a file that is to be stored here is shown like that of a photo.
    return _to_photo(photo, to_public_link(photo) if photo.state == "linked" or may_hot_link else None)


def _may_hot_link(photo: Photo, settings: RuleSettings) -> bool:
    """Whether the source's own URL may be shown of what is not stored."""
    return photo.picture is None and bool(settings.hot_link)


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
        # Never the URL of a picture that is not stored: the source's own where hot-linking is allowed, or a grey box.
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


def _to_attribution(
    listing: NormalListing, settings: RuleSettings, hidden: AbstractSet[str] = frozenset()
) -> dict[str, object]:
    """Whose listing it is, as the MLS wants it displayed, without fields that are hidden."""

    def value(name: str) -> object:
        return None if name in hidden else listing.value(name)

    contact = None if ATTRIBUTION_CONTACT in hidden else listing.more.get(ATTRIBUTION_CONTACT)
    return {
        "listOffice": value("ListOfficeName"),
        "listAgent": value("ListAgentFullName"),
        "contact": contact or value("ListOfficePhone"),
        "creditLabel": settings.credit_label,
        "mls": settings.mls or value("OriginatingSystemName"),
        "logo": settings.logo,
        "copyright": settings.copyright,
        "updatedAt": listing.modification_timestamp,
        "disclaimer": settings.disclaimer,
    }


def _to_text(document: Mapping[str, object]) -> str:
    return orjson.dumps(document, default=to_json_number, option=orjson.OPT_UTC_Z).decode()


def to_json_number(value: object) -> object:
    """Write a Decimal with all its digits; anything else that JSON does not know is a bug (TypeError)."""
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value).encode())
    raise TypeError(f"{type(value).__name__} does not belong in a document")
