"""Listings and their lists as the OpenAPI document tells them. Answers are not made of these: their JSON is ready."""

from collections.abc import Mapping
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from platbook.api.envelope import Pagination
from platbook.api.models import ApiModel, UtcDatetime
from platbook.db.totals import Count
from platbook.listings.search.facets import FACETS
from platbook.listings.search.filters import EXACT_WORDS, RANGE_WORDS
from platbook.listings.search.sorting import SORTS

_ID = "0198f3d2-7c11-7a10-9d53-0c2b6a1f4e77"


class _ListingPart(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="allow")


class AddressRead(_ListingPart):
    """Where it stands."""

    full: str | None = None
    street_number: str | None = None
    street_name: str | None = None
    unit: str | None = None
    city: str | None = None
    county: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None


class BathroomsRead(_ListingPart):
    """How many bathrooms."""

    total: int | None = None
    full: int | None = None
    half: int | None = None


class PhotoVariantRead(ApiModel):
    """A photo in one size and format. The address of a private one is good for an hour at least."""

    url: str
    width: int
    height: int
    bytes: int
    format: str = Field(examples=["webp"])


class PhotoRead(_ListingPart):
    """A photo or document. Without variants, `color` and `placeholder` (a BlurHash) are what to draw."""

    media_key: str
    order: int
    category: str
    caption: str | None = None
    state: str = Field(examples=["stored"], description="waiting, stored, failed, or linked: never fetched")
    width: int | None = None
    height: int | None = None
    color: str = Field(examples=["#a8b8c8"])
    placeholder: str | None = None
    variants: dict[str, PhotoVariantRead] = Field({}, description="by size: thumbnail, medium, large")
    source_url: str | None = Field(None, description="the source's own address, where it may be shown")
    reason: str | None = Field(None, description="why it could not be fetched; for staff")


class ListingRead(_ListingPart):
    """A listing; words beyond these are the further mapped fields, and `fields` holds those without a word of ours."""

    id: UUID = Field(examples=[_ID])
    provider_id: str = Field(examples=["sample_rets_provider"])
    listing_key: str
    listing_id: str | None = None
    standard_status: str | None = Field(None, examples=["Active"])
    property_type: str | None = Field(None, examples=["Residential"])
    property_sub_type: str | None = None
    list_price: float | None = Field(None, examples=[489000])
    address: AddressRead
    latitude: float | None = None
    longitude: float | None = None
    bedrooms: int | None = None
    bathrooms: BathroomsRead | None = None
    living_area: float | None = None
    lot_size: float | None = None
    year_built: int | None = None
    public_remarks: str | None = None
    listed_at: str | None = None
    days_on_market: int | None = None
    modified_at: str | None = None
    photo_count: int | None = None
    media: list[PhotoRead] = []
    attribution: dict[str, str | None]
    is_local: bool
    is_featured: bool
    removed_at: str | None = None
    out_of_scope: bool
    fields: dict[str, object] = {}


class FacetValueRead(ApiModel):
    """One value of a facet."""

    value: str
    count: int


class ListingList(ApiModel):
    """A page of listings."""

    properties: list[ListingRead]
    pagination: Pagination
    facets: dict[str, list[FacetValueRead]] | None = None


class FeaturedList(ApiModel):
    """The listings to show first."""

    properties: list[ListingRead]


class PhotoList(ApiModel):
    """A listing's photos."""

    media: list[PhotoRead]


class FieldChangeRead(ApiModel):
    """One field's old and new value. JSON's own names for them are words Python keeps to itself."""

    field: str
    was: object = Field(alias="from")
    now: object = Field(alias="to")


class TimelineEntryRead(ApiModel):
    """One entry of a timeline."""

    at: UtcDatetime
    kind: str = Field(examples=["price_changed"])
    changes: list[FieldChangeRead]
    source: str | None = None
    sync_id: UUID | None = None


class TimelineList(ApiModel):
    """A page of a timeline, newest first."""

    timeline: list[TimelineEntryRead]
    pagination: Pagination


class SuggestionRead(ApiModel):
    """One offer, and the filter that leads to it."""

    kind: str = Field(examples=["city"])
    text: str = Field(examples=["Austin"])
    count: int = Field(description="how many listings it leads to, 1,000 at most")
    filter: dict[str, str] = Field(examples=[{"city": "Austin"}])


class SuggestionList(ApiModel):
    """What may have been meant."""

    suggestions: list[SuggestionRead]


class PricesRead(ApiModel):
    """List prices."""

    lower_quartile: float | None
    median: float | None
    upper_quartile: float | None


class MarketStatsRead(ApiModel):
    """The market in numbers."""

    total: int
    by_status: dict[str, int]
    by_type: dict[str, int]
    by_city: dict[str, int]
    price: PricesRead


def _parameter(name: str, schema: Mapping[str, object], description: str, example: object = None) -> dict[str, object]:
    parameter: dict[str, object] = {"name": name, "in": "query", "required": False, "schema": schema}
    if description:
        parameter["description"] = description
    return parameter if example is None else {**parameter, "example": example}


def _text(name: str, description: str, example: str) -> dict[str, object]:
    return _parameter(name, {"type": "string"}, description, example)


def _choice(name: str, words: list[str]) -> dict[str, object]:
    return _parameter(name, {"type": "string", "enum": words}, "")


_TEXTS = {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 200}}
_NUMBER = {"type": "number", "minimum": 0}

SEARCH_PARAMETERS: list[dict[str, object]] = [
    *(_parameter(word, _TEXTS, "any of these; may be repeated") for word in EXACT_WORDS),
    *(_parameter(f"{side}{word}", _NUMBER, "") for word in RANGE_WORDS for side in ("min", "max")),
    _text("search", "words in address, place and public remarks; mistakes are forgiven", "lake view"),
    _text("bbox", "west,south,east,north", "-98,30,-97,31"),
    _text("near", "latitude,longitude", "30.27,-97.74"),
    _parameter("radiusMiles", {"type": "number", "exclusiveMinimum": 0, "maximum": 500}, "with near; 25 unless told"),
    _text("polygon", "longitude,latitude;longitude,latitude;…", "-98,30;-97,30;-97,31"),
    _text("modifiedSince", "a time in ISO 8601", "2026-11-01T00:00:00Z"),
    _parameter("hasPhotos", {"type": "boolean"}, ""),
    _parameter("featured", {"type": "boolean"}, ""),
    _parameter("mine", {"type": "boolean"}, "only the caller's own: of members they are linked to, or made by them"),
    _text("facets", f"counts by any of {', '.join(FACETS)}", "status,city"),
    _choice("sortBy", list(SORTS)),
    _choice("sortOrder", ["asc", "desc"]),
    _parameter("page", {"type": "integer", "minimum": 1, "default": 1}, ""),
    _parameter("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}, ""),
    _parameter("cursor", {"type": "string"}, "nextCursor of the page before; goes without page"),
    _choice("count", list(Count)),
]
"""The query parameters of a search, for the OpenAPI document; `listings.search` reads and checks them."""
