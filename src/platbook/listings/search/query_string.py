"""Reads a search from the API's words and their texts, as a query string or a saved search holds them."""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from platbook.base.actor import Surface
from platbook.base.errors import FieldProblem, InvalidInput
from platbook.base.times import parse_utc
from platbook.db.lists import Count
from platbook.listings.search.facets import FACETS
from platbook.listings.search.filters import (
    DEFAULT_RADIUS,
    EXACT_WORDS,
    RANGE_WORDS,
    Box,
    ListingSearch,
    Near,
    OwnListings,
    Point,
    Range,
)
from platbook.listings.search.sorting import SORTS

T = TypeVar("T")

_INTEGER = re.compile(r"[0-9]{1,9}", re.ASCII)
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{0,18})?", re.ASCII)
_TRUTH = {"true": True, "1": True, "false": False, "0": False}
_ORDER = {"asc": False, "desc": True}
_CORNERS = 4
_PAIR = 2
_SINGLE = frozenset(
    {
        "search", "bbox", "near", "radiusMiles", "polygon", "modifiedSince", "hasPhotos", "featured", "mine",
        "sortBy", "sortOrder", "page", "limit", "cursor", "count",
        *(f"{side}{word}" for word in RANGE_WORDS for side in ("min", "max")),
    }
)  # fmt: skip
WORDS = _SINGLE | frozenset(EXACT_WORDS) | {"facets"}
"""Every word a search knows."""


def parse_search(
    texts: Mapping[str, Sequence[str]], *, surface: Surface, mine: OwnListings | None = None
) -> ListingSearch:
    """Read a search; `mine` is what the caller's own are. Errors: `InvalidInput` naming every word that cannot be."""
    reader = _Reader(texts)
    near = reader.read("near", _to_pair)
    radius = reader.read("radiusMiles", _to_float)
    if radius is not None and near is None:
        reader.refuse("radiusMiles", "goes with near")
    sort = reader.read("sortBy", _one_of(SORTS)) or "modifiedAt"
    order = reader.read("sortOrder", _from(_ORDER))
    search = {
        **{attribute: reader.texts(word) for word, attribute in EXACT_WORDS.items()},
        **{attribute: reader.range(word) for word, attribute in RANGE_WORDS.items()},
        "keyword": reader.read("search", str),
        "box": reader.read("bbox", _to_box),
        "near": near and reader.make("near", lambda: Near(*near, DEFAULT_RADIUS if radius is None else radius)),
        "polygon": reader.read("polygon", _to_polygon) or (),
        "modified_since": reader.read("modifiedSince", parse_utc),
        "has_photos": reader.read("hasPhotos", _from(_TRUTH)),
        "featured": reader.read("featured", _from(_TRUTH)),
        "mine": (mine or OwnListings()) if reader.read("mine", _from(_TRUTH)) else None,
        "facets": reader.facets(),
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
    """Reads texts by word and keeps what is wrong with them."""

    def __init__(self, texts: Mapping[str, Sequence[str]]) -> None:
        self._texts = texts
        self._problems = [FieldProblem(word, "is not a known parameter") for word in texts if word not in WORDS]
        self._problems += [FieldProblem(word, "may be given once") for word in _SINGLE if len(texts.get(word, ())) > 1]

    def refuse(self, word: str, message: str) -> None:
        self._problems.append(FieldProblem(word, message))

    def texts(self, word: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._texts.get(word, ())))

    def read(self, word: str, to: Callable[[str], T]) -> T | None:
        texts = self._texts.get(word)
        return self.make(word, lambda: to(texts[0].strip())) if texts else None

    def default(self, word: str, to: Callable[[str], T], default: T) -> T:
        found = self.read(word, to)
        return default if found is None else found

    def make(self, word: str, make: Callable[[], T]) -> T | None:
        try:
            return make()
        except InvalidInput as error:
            self._problems += error.details or [FieldProblem(word, str(error))]
        except (ValueError, InvalidOperation, OverflowError):
            self.refuse(word, _FORMS.get(word, "cannot be read"))
        return None

    def range(self, word: str) -> Range:
        return Range(self.read(f"min{word}", _to_number), self.read(f"max{word}", _to_number))

    def facets(self) -> tuple[str, ...]:
        names = [name.strip() for text in self._texts.get("facets", ()) for name in text.split(",")]
        for name in names:
            if name not in FACETS:
                self.refuse("facets", f"must be of {', '.join(FACETS)}")
                return ()
        return tuple(dict.fromkeys(names))

    def finish(self) -> None:
        if self._problems:
            first = self._problems[0]
            raise InvalidInput(f"{first.field}: {first.message}", details=self._problems)


_FORMS = {
    "bbox": "must be west,south,east,north in degrees",
    "near": "must be latitude,longitude in degrees",
    "radiusMiles": "must be a number of miles",
    "polygon": "must be longitude,latitude;longitude,latitude;… in degrees",
    "modifiedSince": "must be a time in ISO 8601",
    "hasPhotos": "must be true or false",
    "featured": "must be true or false",
    "mine": "must be true or false",
    "sortBy": f"must be of {', '.join(SORTS)}",
    "sortOrder": "must be asc or desc",
    "page": "must be a whole number",
    "limit": "must be a whole number",
    "count": f"must be of {', '.join(Count)}",
    **{f"{side}{word}": "must be a number" for word in RANGE_WORDS for side in ("min", "max")},
}


def _one_of(known: Mapping[str, object]) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in known:
            raise ValueError(text)
        return text

    return check


def _from(table: Mapping[str, T]) -> Callable[[str], T]:
    def look_up(text: str) -> T:
        found = table.get(text.lower())
        if found is None:
            raise ValueError(text)
        return found

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


def _to_pair(text: str) -> Point:
    first, second = _to_floats(text, _PAIR)
    return first, second


def _to_box(text: str) -> Box:
    return Box(*_to_floats(text, _CORNERS))


def _to_polygon(text: str) -> tuple[Point, ...]:
    return tuple(_to_pair(part) for part in text.split(";") if part.strip())
