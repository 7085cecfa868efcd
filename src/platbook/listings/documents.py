"""The two documents of a listing, pre-rendered as JSON text: `internal` for staff, `public` for everybody else.

They are rendered once, when the row is written, so that a list is joined strings. A document holds nothing that
depends on the clock, the viewer or the process: days on market and the row's state are added by `complete_document`.

URLs of stored pictures are paths of our own route (`/media/public/…`, with the number of a store that is not the first:
`/media/2/public/…`); when a document is read, the base of the store or its CDN is put before them, and a signature
behind private ones (`media/photo_urls.py`).

What `public` may hold is decided by `listings/display.py`, which fails closed: an allow-list of fields, never a
confidential one, and no public document at all without an explicit yes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple, cast
from uuid import UUID

import orjson

from platbook.base.actor import Surface
from platbook.listings.display import Decision, find_hidden
from platbook.listings.links import to_internal_link, to_public_link, to_public_tour
from platbook.listings.listing import FILE, FIRST_STORE, NormalListing, Photo, StoredPicture
from platbook.listings.words import WORDS_VERSION
from platbook.providers.display_rules import ResolvedRules, RuleSettings
from platbook.reso.fields import COLUMNS, FIELDS, SLOT, Field
from platbook.reso.media_category import is_image
from platbook.reso.public_fields import ATTRIBUTION_CONTACT, PUBLIC_FIELDS, is_public_field

_FORMAT_VERSION = 5  # raised whenever the format of documents changes, so that old ones are rebuilt

_PLACEHOLDER_COLOR = "#d3d3d3"
_Fill = Callable[[Sequence[object]], dict[str, object]]


class _Layout:
    """Where columns are in a document: at the top level, or in an object one level down.

    `fill` makes a new document of a row's values, without the fields that are not columns.
    """

    def __init__(self, fields: Sequence[Field]) -> None:
        top: dict[str, int] = {}
        groups: dict[str, dict[str, int]] = {}
        for field in fields:
            if field.api:
                group, _, name = field.api.rpartition(".")
                (groups.setdefault(group, {}) if group else top)[name] = SLOT[field.name]
        members = [f"{group}.{name}" for group, names in groups.items() for name in names]
        self.names = [*top, *groups, *members]
        """The names of the fields, of groups, and of the fields in groups (`address.city`)."""
        self.fill = _compile(top, groups)


def _compile(top: Mapping[str, int], groups: Mapping[str, Mapping[str, int]]) -> _Fill:
    """A function of one statement for each field: it takes half the time of loops over their names and slots."""
    lines = [f"    document[{name!r}] = values[{slot}]" for name, slot in top.items()]
    for group, members in groups.items():
        display = ", ".join(f"{name!r}: values[{slot}]" for name, slot in members.items())
        lines.append(f"    document[{group!r}] = {{{display}}}")
    text = "\n".join(["def fill(values):", "    document = {}", *lines, "    return document"])
    made: dict[str, _Fill] = {}
    exec(text, made)  # noqa: S102 - made of the names of fields in our own source, and of numbers
    return made["fill"]


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
_FIRM_SLOT, _PHONE_SLOT = SLOT["ListOfficeName"], SLOT["ListOfficePhone"]
_AGENT_SLOT = SLOT["ListAgentFullName"]
_SYSTEM_SLOT, _MODIFIED_SLOT = SLOT["OriginatingSystemName"], SLOT["ModificationTimestamp"]

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
        value = values[slot]
        if isinstance(value, Decimal):
            values[slot] = orjson.Fragment(str(value).encode())
    displays = {"valuation": decision.valuation.shown, "comments": decision.comments.shown}
    shared = {**row, "listingKey": listing.listing_key, "displays": displays}
    document = _INTERNAL.fill(values)
    document |= shared
    settings = decision.internal
    contact = listing.more.get(ATTRIBUTION_CONTACT)
    document["attribution"] = _to_attribution(values, contact, settings)
    document["media"] = [{**_to_internal_photo(photo, settings), "reason": photo.reason} for photo in photos]
    extra_fields = to_extra_fields(listing)
    document["fields"] = orjson.Fragment(extra_fields)
    internal = _to_text(document)
    if not decision.listing.shown or decision.rules is None:
        return Documents(internal, None, extra_fields)
    hidden, settings = _to_hidden(decision.rules, decision.address.shown), decision.rules.settings
    for slot in hidden.slots:
        values[slot] = None
    values[_TOUR_SLOT] = to_public_tour(cast("str | None", values[_TOUR_SLOT]))
    document = _PUBLIC.fill(values)
    document |= shared
    document["attribution"] = _to_attribution(values, None if hidden.contact else contact, settings)
    open_photos = [photo for photo in photos if decision.shows_photo(photo.permission)]
    document["photoCount"] = None if hidden.photo_count else len(open_photos)
    document["media"] = [_to_public_photo(photo, decision, settings) for photo in open_photos]
    shown = hidden.shown
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


class _Hidden(NamedTuple):
    """What the public documents of listings leave out of the allow-list: the columns, and which fields are left."""

    slots: tuple[int, ...]
    shown: frozenset[str]
    contact: bool
    photo_count: bool


@lru_cache(maxsize=2048)
def _to_hidden(rules: ResolvedRules, shows_address: bool) -> _Hidden:  # noqa: FBT001 - a keyword costs a cached call half
    hidden = find_hidden(rules, shows_address=shows_address)
    slots = tuple(SLOT[name] for name in hidden if name in SLOT)
    return _Hidden(slots, PUBLIC_FIELDS - hidden, ATTRIBUTION_CONTACT in hidden, "PhotosCount" in hidden)


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


def _to_attribution(values: Sequence[object], contact: object, settings: RuleSettings) -> dict[str, object]:
    """Whose listing it is, as the MLS wants it displayed; `contact` stands before the firm's telephone."""
    return {
        "listOffice": values[_FIRM_SLOT],
        "listAgent": values[_AGENT_SLOT],
        "contact": contact or values[_PHONE_SLOT],
        "creditLabel": settings.credit_label,
        "mls": settings.mls or values[_SYSTEM_SLOT],
        "logo": settings.logo,
        "copyright": settings.copyright,
        "updatedAt": values[_MODIFIED_SLOT],
        "disclaimer": settings.disclaimer,
    }


def _to_text(document: Mapping[str, object]) -> str:
    return orjson.dumps(document, default=to_json_number, option=orjson.OPT_UTC_Z).decode()


def to_json_number(value: object) -> object:
    """Write a Decimal with all its digits; anything else that JSON does not know is a bug (TypeError)."""
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value).encode())
    raise TypeError(f"{type(value).__name__} does not belong in a document")
