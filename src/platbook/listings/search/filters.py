"""The filters of a listing search: one immutable value, validated on construction, so that no search fails in SQL."""

import math
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from platbook.base.actor import Surface
from platbook.base.errors import InvalidInput
from platbook.db.lists import Count, check_paging
from platbook.listings.search.polygons import Point, Polygon, check_polygons
from platbook.listings.sparse import check_fields

MAX_VALUES = 100
MAX_TEXT_LENGTH = 200
DEFAULT_RADIUS_MILES = 25.0
MAX_RADIUS_MILES = 500.0
_MAX_NUMBER = Decimal(10) ** 15
_MAX_DAYS = 100_000
_MAX_LONGITUDE = 180
_MAX_LATITUDE = 90


@dataclass(frozen=True, slots=True)
class Range:
    """A closed range; None leaves a side open."""

    minimum: Decimal | None = None
    maximum: Decimal | None = None

    def __bool__(self) -> bool:
        return self.minimum is not None or self.maximum is not None


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in degrees. West greater than east: it crosses the antimeridian."""

    west: float
    south: float
    east: float
    north: float

    def __post_init__(self) -> None:
        check_point((self.west, self.south), "bbox")
        check_point((self.east, self.north), "bbox")
        if self.south > self.north:
            raise InvalidInput.of("bbox", "south must not be greater than north")

    def halves(self) -> tuple["Box", ...]:
        """The one or two boxes that do not cross the antimeridian."""
        if self.west <= self.east:
            return (self,)
        return Box(self.west, self.south, 180.0, self.north), Box(-180.0, self.south, self.east, self.north)


@dataclass(frozen=True, slots=True)
class Near:
    """A circle; the radius in miles."""

    latitude: float
    longitude: float
    radius_miles: float = DEFAULT_RADIUS_MILES

    def __post_init__(self) -> None:
        check_point((self.longitude, self.latitude), "near")
        if not 0 < self.radius_miles <= MAX_RADIUS_MILES:
            raise InvalidInput.of("radiusMiles", f"must be greater than 0 and at most {MAX_RADIUS_MILES:g}")


@dataclass(frozen=True, slots=True)
class OwnListings:
    """A caller's own listings: by MLS members (provider and member key), and by the authors of local listings."""

    members: tuple[tuple[str, str], ...] = ()
    authors: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class ListingSearch:
    """One search of listings, all filters ANDed, the values of one filter ORed.

    `modified_since` is by the source's time, `stored_since` by ours: when the listing was last stored or shown again.
    With `fields`, only these are shown of each listing (`sparse`).

    Errors: `InvalidInput` naming the API parameter.
    """

    surface: Surface = Surface.INTERNAL
    status: tuple[str, ...] = ()
    property_type: tuple[str, ...] = ()
    property_sub_type: tuple[str, ...] = ()
    city: tuple[str, ...] = ()
    county: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    postal_code: tuple[str, ...] = ()
    mls_number: tuple[str, ...] = ()
    agent: tuple[str, ...] = ()
    office: tuple[str, ...] = ()
    provider_id: tuple[str, ...] = ()
    price: Range = Range()
    bedrooms: Range = Range()
    bathrooms: Range = Range()
    square_feet: Range = Range()
    lot_size: Range = Range()
    year_built: Range = Range()
    days_on_market: Range = Range()
    keyword: str | None = None
    box: Box | None = None
    near: Near | None = None
    polygon: tuple[Polygon, ...] = ()
    modified_since: datetime | None = None
    stored_since: datetime | None = None
    has_photos: bool | None = None
    featured: bool | None = None
    mine: OwnListings | None = None
    facets: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    sort: str = "modifiedAt"
    descending: bool = True
    page: int = 1
    limit: int = 20
    cursor: str | None = None
    count: Count = Count.ESTIMATE

    def __post_init__(self) -> None:
        for name, attribute in EXACT_FILTERS.items():
            _check_texts(name, getattr(self, attribute))
        for name, attribute in RANGE_FILTERS.items():
            _check_range(name, getattr(self, attribute))
        if self.keyword is not None:
            check_text(self.keyword, "search")
        check_polygons(self.polygon)
        check_fields(self.fields, self.surface)
        self._check_paging()

    @property
    def offset(self) -> int:
        """How many rows come before this page."""
        return 0 if self.cursor else (self.page - 1) * self.limit

    @property
    def is_narrowed(self) -> bool:
        """Whether an area or keywords are searched, which other indexes answer than the sorted ones."""
        return bool(self.keyword or self.box or self.near or self.polygon)

    def _check_paging(self) -> None:
        check_paging(self.page, self.limit, self.cursor)
        if self.sort == "distance" and self.near is None:
            raise InvalidInput.of("sortBy", "distance requires near")


EXACT_FILTERS = {
    "status": "status",
    "propertyType": "property_type",
    "propertySubType": "property_sub_type",
    "city": "city",
    "county": "county",
    "state": "state",
    "postalCode": "postal_code",
    "mlsNumber": "mls_number",
    "agent": "agent",
    "office": "office",
    "providerId": "provider_id",
}
"""The repeatable filters: API parameter and attribute of `ListingSearch`."""

RANGE_FILTERS = {
    "Price": "price",
    "Bedrooms": "bedrooms",
    "Bathrooms": "bathrooms",
    "SquareFeet": "square_feet",
    "LotSize": "lot_size",
    "YearBuilt": "year_built",
    "DaysOnMarket": "days_on_market",
}
"""The ranges: API parameter after `min` and `max`, and attribute of `ListingSearch`."""


def check_text(text: str, parameter: str) -> None:
    """Reject a text that no column could hold. Errors: `InvalidInput`."""
    if not text.strip() or len(text) > MAX_TEXT_LENGTH:
        raise InvalidInput.of(parameter, f"must have 1 to {MAX_TEXT_LENGTH} characters")
    if any(character == "\x00" or "\ud800" <= character <= "\udfff" for character in text):
        raise InvalidInput.of(parameter, "contains a character that cannot be stored")


def check_point(point: Point, parameter: str) -> None:
    """Reject coordinates out of range. Errors: `InvalidInput`."""
    longitude, latitude = point
    if not (math.isfinite(longitude) and abs(longitude) <= _MAX_LONGITUDE):
        raise InvalidInput.of(parameter, "longitude must be between -180 and 180")
    if not (math.isfinite(latitude) and abs(latitude) <= _MAX_LATITUDE):
        raise InvalidInput.of(parameter, "latitude must be between -90 and 90")


def _check_texts(parameter: str, texts: tuple[str, ...]) -> None:
    if len(texts) > MAX_VALUES:
        raise InvalidInput.of(parameter, f"takes at most {MAX_VALUES} values")
    for text in texts:
        check_text(text, parameter)


def _check_range(name: str, limits: Range) -> None:
    most_allowed = Decimal(_MAX_DAYS) if name == "DaysOnMarket" else _MAX_NUMBER
    for side, value in (("min", limits.minimum), ("max", limits.maximum)):
        if value is not None and not (value.is_finite() and 0 <= value <= most_allowed):
            raise InvalidInput.of(f"{side}{name}", f"must be 0 to {most_allowed}")
    if limits.minimum is not None and limits.maximum is not None and limits.minimum > limits.maximum:
        raise InvalidInput.of(f"min{name}", f"must not be greater than max{name}")
