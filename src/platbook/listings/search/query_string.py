"""Parses a search from API parameters and their texts, as a query string or a saved search holds them."""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from platbook.base.actor import Surface
from platbook.base.errors import FieldProblem, InvalidInput
from platbook.base.times import parse_utc
from platbook.db.lists import Count
from platbook.listings import sparse
from platbook.listings.search.closed_lists import CLOSED_LISTS, read_listed
from platbook.listings.search.facets import FACETS
from platbook.listings.search.filters import (
    DEFAULT_RADIUS_MILES,
    EXACT_FILTERS,
    RANGE_FILTERS,
    Box,
    ListingSearch,
    Near,
    OwnListings,
    Range,
)
from platbook.listings.search.polygons import Point, Polygon, check_polygons, read_geojson, to_ring
from platbook.listings.search.sorting import SORTS

T = TypeVar("T")

_INTEGER = re.compile(r"[0-9]{1,9}", re.ASCII)
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{0,18})?", re.ASCII)
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_ORDER = {"asc": False, "desc": True}
_BOX_NUMBERS = 4
_POINT_NUMBERS = 2
_SINGLE_PARAMETERS = frozenset(
    {
        "search", "bbox", "near", "radiusMiles", "polygon", "modifiedSince", "storedSince", "hasPhotos", "featured",
        "mine", "sortBy", "sortOrder", "page", "limit", "cursor", "count",
        *(f"{side}{name}" for name in RANGE_FILTERS for side in ("min", "max")),
    }
)  # fmt: skip
PARAMETERS = _SINGLE_PARAMETERS | frozenset(EXACT_FILTERS) | {"facets", sparse.PARAMETER}
"""Every parameter of a search."""


def parse_search(
    texts: Mapping[str, Sequence[str]], *, surface: Surface, mine: OwnListings | None = None
) -> ListingSearch:
    """Parse a search; `mine`: the caller's own listings. Errors: `InvalidInput` naming every invalid parameter."""
    reader = _Reader(texts)
    near = reader.read("near", _to_point)
    radius = reader.read("radiusMiles", _to_float)
    if radius is not None and near is None:
        reader.refuse("radiusMiles", "requires near")
    sort = reader.read("sortBy", _one_of(SORTS)) or "modifiedAt"
    order = reader.read("sortOrder", _value_of(_ORDER))
    search = {
        **{attribute: reader.texts(name) for name, attribute in EXACT_FILTERS.items()},
        **{attribute: reader.range(name) for name, attribute in RANGE_FILTERS.items()},
        "keyword": reader.read("search", str),
        "box": reader.read("bbox", _to_box),
        "near": near and reader.make("near", lambda: Near(*near, DEFAULT_RADIUS_MILES if radius is None else radius)),
        "polygon": reader.read("polygon", _to_polygons) or (),
        "modified_since": reader.read("modifiedSince", parse_utc),
        "stored_since": reader.read("storedSince", parse_utc),
        "has_photos": reader.read("hasPhotos", _value_of(_BOOLEANS)),
        "featured": reader.read("featured", _value_of(_BOOLEANS)),
        "mine": (mine or OwnListings()) if reader.read("mine", _value_of(_BOOLEANS)) else None,
        "facets": reader.facets(),
        "fields": sparse.parse_fields(texts.get(sparse.PARAMETER, ())),
        "sort": sort,
        "descending": SORTS[sort].descending if order is None else order,
        "page": reader.default("page", _to_integer, 1),
        "limit": reader.default("limit", _to_integer, 20),
        "cursor": reader.read("cursor", str),
        "count": reader.default("count", Count, Count.ESTIMATE),
    }
    reader.finish()
    return ListingSearch(surface=surface, **search)  # pyright: ignore[reportArgumentType] - attributes by name, as read above


class _Reader:
    """Reads parameters by name and collects their problems."""

    def __init__(self, texts: Mapping[str, Sequence[str]]) -> None:
        self._texts = texts
        self._problems = [FieldProblem(name, "is not a known parameter") for name in texts if name not in PARAMETERS]
        self._problems += [
            FieldProblem(name, "may appear only once") for name in _SINGLE_PARAMETERS if len(texts.get(name, ())) > 1
        ]

    def refuse(self, name: str, message: str) -> None:
        self._problems.append(FieldProblem(name, message))

    def texts(self, name: str) -> tuple[str, ...]:
        texts = tuple(dict.fromkeys(text.strip() for text in self._texts.get(name, ())))
        if name not in CLOSED_LISTS:
            return texts
        return self.make(name, lambda: read_listed(name, texts)) or ()

    def read(self, name: str, parse: Callable[[str], T]) -> T | None:
        texts = self._texts.get(name)
        return self.make(name, lambda: parse(texts[0].strip())) if texts else None

    def default(self, name: str, parse: Callable[[str], T], default: T) -> T:
        value = self.read(name, parse)
        return default if value is None else value

    def make(self, name: str, make: Callable[[], T]) -> T | None:
        try:
            return make()
        except InvalidInput as error:
            self._problems += error.details or [FieldProblem(name, str(error))]
        except (ValueError, InvalidOperation, OverflowError):
            self.refuse(name, _FORMATS.get(name, "cannot be read"))
        return None

    def range(self, name: str) -> Range:
        return Range(self.read(f"min{name}", _to_number), self.read(f"max{name}", _to_number))

    def facets(self) -> tuple[str, ...]:
        names = [name.strip() for text in self._texts.get("facets", ()) for name in text.split(",")]
        for name in names:
            if name not in FACETS:
                self.refuse("facets", f"must be one of {', '.join(FACETS)}")
                return ()
        return tuple(dict.fromkeys(names))

    def finish(self) -> None:
        if self._problems:
            first = self._problems[0]
            raise InvalidInput(f"{first.field}: {first.message}", details=self._problems)


_FORMATS = {
    "bbox": "must be west,south,east,north in degrees",
    "near": "must be latitude,longitude in degrees",
    "radiusMiles": "must be a number of miles",
    "polygon": "must be longitude,latitude;longitude,latitude;… in degrees, or a GeoJSON Polygon or MultiPolygon",
    "modifiedSince": "must be a time in ISO 8601",
    "storedSince": "must be a time in ISO 8601",
    "hasPhotos": "must be true or false",
    "featured": "must be true or false",
    "mine": "must be true or false",
    "sortBy": f"must be one of {', '.join(SORTS)}",
    "sortOrder": "must be asc or desc",
    "page": "must be a whole number",
    "limit": "must be a whole number",
    "count": f"must be one of {', '.join(Count)}",
    **{f"{side}{name}": "must be a number" for name in RANGE_FILTERS for side in ("min", "max")},
}


def _one_of(names: Mapping[str, object]) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in names:
            raise ValueError(text)
        return text

    return check


def _value_of(table: Mapping[str, T]) -> Callable[[str], T]:
    def look_up(text: str) -> T:
        value = table.get(text.lower())
        if value is None:
            raise ValueError(text)
        return value

    return look_up


def _to_integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _to_number(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return Decimal(text)


def _to_float(text: str) -> float:
    return float(_to_number(text))


def _to_floats(text: str, count: int) -> list[float]:
    numbers = [_to_float(part.strip()) for part in text.split(",")]
    if len(numbers) != count:
        raise ValueError(text)
    return numbers


def _to_point(text: str) -> Point:
    first, second = _to_floats(text, _POINT_NUMBERS)
    return first, second


def _to_box(text: str) -> Box:
    return Box(*_to_floats(text, _BOX_NUMBERS))


def _to_polygons(text: str) -> tuple[Polygon, ...]:
    if text.startswith("{"):
        polygons = read_geojson(text)
    else:
        polygons = (Polygon(to_ring([_to_point(part) for part in text.split(";") if part.strip()])),)
    check_polygons(polygons)
    return polygons
