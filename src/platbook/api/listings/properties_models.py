"""Listings as the OpenAPI document describes them. Responses are not built from these: their JSON is stored."""

from uuid import UUID

from pydantic import ConfigDict, Field

from platbook.api.envelope import Pagination
from platbook.api.listing_schemas import add_columns, add_sparse_columns
from platbook.api.listings.photos_models import OpenModel, PhotoRead
from platbook.api.models import ApiModel
from platbook.base.views import UtcDatetime

_ID = "0198f3d2-7c11-7a10-9d53-0c2b6a1f4e77"


class AttributionRead(OpenModel):
    """Who offers the listing, and what the MLS asks to be shown with it."""

    list_office: str | None = None
    list_agent: str | None = None
    contact: str | None = None
    credit_label: str | None = Field(None, description="what stands before the listing firm's name")
    mls: str | None = None
    logo: str | None = Field(None, description="the address of the MLS's logo")
    copyright: str | None = None
    updated_at: UtcDatetime | None = None
    disclaimer: str | None = None


class DisplaysRead(OpenModel):
    """What may be displayed beside the listing."""

    valuation: bool = Field(description="an automated valuation")
    comments: bool = Field(description="comments of consumers")


class ListingRead(OpenModel):
    """A listing. The fields that have a column stand beside these; `fields` has further ones by their RESO names."""

    model_config = ConfigDict(json_schema_extra=add_columns)

    id: UUID = Field(examples=[_ID])
    provider_id: str = Field(examples=["sample_rets_provider"])
    listing_key: str
    days_on_market: int | None = None
    media: list[PhotoRead]
    attribution: AttributionRead
    displays: DisplaysRead
    is_local: bool
    is_featured: bool
    removed_at: UtcDatetime | None = None
    out_of_scope: bool
    distance: float | None = Field(None, description="miles from `near`; only where a list is searched near a place")
    fields: dict[str, object]
    raw: object = Field(None, description="the source's record; with include=raw, for admins")


class ListedRead(ListingRead):
    """A listing in a list: all of its fields, or its id and those that `fields` names."""

    model_config = ConfigDict(json_schema_extra=add_sparse_columns)


class FacetValueRead(ApiModel):
    """One value of a facet."""

    value: str
    count: int


class NoticeRead(ApiModel):
    """What the MLS of a provider wants displayed with every list."""

    provider_id: str
    mls: str | None
    logo: str | None
    credit_label: str | None
    copyright: str | None
    disclaimer: str | None
    excluded_notice: str | None = Field(description="that some listings are left out")


class ListMeta(ApiModel):
    """What is displayed with a list: the notices of the providers it asks for."""

    notices: list[NoticeRead]


class ListingList(ApiModel):
    """A page of listings."""

    properties: list[ListedRead]
    pagination: Pagination
    meta: ListMeta
    facets: dict[str, list[FacetValueRead]] | None = None


class FeaturedList(ApiModel):
    """Featured listings."""

    properties: list[ListedRead]
    meta: ListMeta


class FieldChangeRead(ApiModel):
    """One field's old and new value, `from` and `to` in JSON; those are keywords of Python, or mislead in it."""

    field: str
    was: object = Field(alias="from")
    now: object = Field(alias="to")


class TimelineEntryRead(ApiModel):
    """One entry of a timeline."""

    at: UtcDatetime = Field(description="when it happened by the source, else when it was recorded; the order")
    recorded_at: UtcDatetime = Field(description="when we learned of it")
    kind: str = Field(examples=["price_changed"])
    changes: list[FieldChangeRead]
    source: str | None = None
    sync_id: UUID | None = None


class TimelineList(ApiModel):
    """A page of a timeline, newest first."""

    timeline: list[TimelineEntryRead]
    pagination: Pagination


class SuggestionRead(ApiModel):
    """A suggestion, and the filter to find its listings."""

    kind: str = Field(examples=["city"])
    text: str = Field(examples=["Austin"])
    count: int = Field(description="how many listings match, 1,000 at most")
    filter: dict[str, str] = Field(examples=[{"city": "Austin"}])


class SuggestionList(ApiModel):
    """Suggestions for what was typed."""

    suggestions: list[SuggestionRead]


class PricesRead(ApiModel):
    """List prices."""

    lower_quartile: float | None
    median: float | None
    upper_quartile: float | None


class OfferStatsRead(ApiModel):
    """The listings of one kind of offer, and their list prices."""

    total: int
    price: PricesRead


class OfferMonthRead(ApiModel):
    """What came on the market and what was closed in one month, of one kind of offer."""

    listed: int
    median_list_price: float | None
    closed: int
    median_close_price: float | None


class MonthStatsRead(ApiModel):
    """One month, in UTC."""

    month: str = Field(examples=["2026-10"])
    sale: OfferMonthRead
    lease: OfferMonthRead
    other: OfferMonthRead


class MarketStatsRead(ApiModel):
    """Counts and prices of the market."""

    total: int
    by_status: dict[str, int]
    by_type: dict[str, int]
    by_city: dict[str, int] = Field(description="the hundred with the most")
    price: PricesRead = Field(description="of `sale`")
    sale: OfferStatsRead
    lease: OfferStatsRead = Field(description="Residential Lease and Commercial Lease, whose price is a rent")
    other: OfferStatsRead = Field(description="whose property type is none of RESO's")
    by_month: list[MonthStatsRead] = Field(description="the newest 36 months, the newest first")
