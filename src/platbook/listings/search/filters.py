"""What may be asked of listings: one value, checked when it is made, so that no search can fail in the database."""

import math
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from platbook.base.actor import Surface
from platbook.base.errors import InvalidInput
from platbook.db.lists import Count, check_paging

MOST_VALUES = 100
MOST_POINTS = 500
LONGEST_TEXT = 200
DEFAULT_RADIUS = 25.0
LARGEST_RADIUS = 500.0
_LARGEST_NUMBER = Decimal(10) ** 15
_MOST_DAYS = 100_000
_LEAST_CORNERS = 3
_LARGEST_LONGITUDE = 180
_LARGEST_LATITUDE = 90

Point = tuple[float, float]
"""Longitude and latitude, in degrees."""


@dataclass(frozen=True, slots=True)
class Range:
    """A closed range; None leaves a side open."""

    least: Decimal | None = None
    most: Decimal | None = None

    def __bool__(self) -> bool:
        return self.least is not None or self.most is not None


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
    radius_miles: float = DEFAULT_RADIUS

    def __post_init__(self) -> None:
        check_point((self.longitude, self.latitude), "near")
        if not 0 < self.radius_miles <= LARGEST_RADIUS:
            raise InvalidInput.of("radiusMiles", f"must be greater than 0 and at most {LARGEST_RADIUS:g}")


@dataclass(frozen=True, slots=True)
class OwnListings:
    """Whose listings are a caller's own: members (provider and key), and users who are authors of local listings."""

    members: tuple[tuple[str, str], ...] = ()
    authors: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class ListingSearch:
    """One search of listings, all filters ANDed, the values of one filter ORed.

    Errors: `InvalidInput` naming the API's word for what cannot be.
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
    polygon: tuple[Point, ...] = ()
    modified_since: datetime | None = None
    has_photos: bool | None = None
    featured: bool | None = None
    mine: OwnListings | None = None
    facets: tuple[str, ...] = ()
    sort: str = "modifiedAt"
    descending: bool = True
    page: int = 1
    limit: int = 20
    cursor: str | None = None
    count: Count = Count.ESTIMATE

    def __post_init__(self) -> None:
        for word, attribute in EXACT_WORDS.items():
            _check_texts(word, getattr(self, attribute))
        for word, attribute in RANGE_WORDS.items():
            _check_range(word, getattr(self, attribute))
        if self.keyword is not None:
            check_text(self.keyword, "search")
        self._check_polygon()
        self._check_paging()

    @property
    def offset(self) -> int:
        """How many rows come before this page."""
        return 0 if self.cursor else (self.page - 1) * self.limit

    @property
    def is_narrowed(self) -> bool:
        """Whether a place or words are asked for, which other indexes answer than the sorted ones."""
        return bool(self.keyword or self.box or self.near or self.polygon)

    def _check_polygon(self) -> None:
        if self.polygon and not _LEAST_CORNERS <= len(self.polygon) <= MOST_POINTS:
            raise InvalidInput.of("polygon", f"needs {_LEAST_CORNERS} to {MOST_POINTS} points")
        for point in self.polygon:
            check_point(point, "polygon")

    def _check_paging(self) -> None:
        check_paging(self.page, self.limit, self.cursor)
        if self.sort == "distance" and self.near is None:
            raise InvalidInput.of("sortBy", "distance needs near")


EXACT_WORDS = {
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
"""The repeatable filters: the API's word and its attribute of `Search`."""

RANGE_WORDS = {
    "Price": "price",
    "Bedrooms": "bedrooms",
    "Bathrooms": "bathrooms",
    "SquareFeet": "square_feet",
    "LotSize": "lot_size",
    "YearBuilt": "year_built",
    "DaysOnMarket": "days_on_market",
}
"""The ranges: the API's word after `min` and `max`, and its attribute of `Search`."""


def check_text(text: str, word: str) -> None:
    """Refuse a text that no listing could hold. Errors: `InvalidInput`."""
    if not text.strip() or len(text) > LONGEST_TEXT:
        raise InvalidInput.of(word, f"must have 1 to {LONGEST_TEXT} characters")
    if any(letter == "\x00" or "\ud800" <= letter <= "\udfff" for letter in text):
        raise InvalidInput.of(word, "holds a character that no text can")


def check_point(point: Point, word: str) -> None:
    """Refuse what is no place on Earth. Errors: `InvalidInput`."""
    longitude, latitude = point
    if not (math.isfinite(longitude) and abs(longitude) <= _LARGEST_LONGITUDE):
        raise InvalidInput.of(word, "a longitude lies between -180 and 180")
    if not (math.isfinite(latitude) and abs(latitude) <= _LARGEST_LATITUDE):
        raise InvalidInput.of(word, "a latitude lies between -90 and 90")


def _check_texts(word: str, texts: tuple[str, ...]) -> None:
    if len(texts) > MOST_VALUES:
        raise InvalidInput.of(word, f"takes at most {MOST_VALUES} values")
    for text in texts:
        check_text(text, word)


def _check_range(word: str, wanted: Range) -> None:
    most_allowed = Decimal(_MOST_DAYS) if word == "DaysOnMarket" else _LARGEST_NUMBER
    for side, value in (("min", wanted.least), ("max", wanted.most)):
        if value is not None and not (value.is_finite() and 0 <= value <= most_allowed):
            raise InvalidInput.of(f"{side}{word}", f"must be 0 to {most_allowed}")
    if wanted.least is not None and wanted.most is not None and wanted.least > wanted.most:
        raise InvalidInput.of(f"min{word}", f"must not be greater than max{word}")
