"""What a request about listings says, turned into a search's texts or a listing's words. Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import cast
from uuid import UUID

from platbook.base.errors import InvalidInput

_GROUPS = frozenset(
    {
        "address",
        "bathrooms",
        "schools",
        "features",
        "listAgent",
        "listOffice",
        "coListAgent",
        "coListOffice",
        "buyerAgent",
        "buyerOffice",
    }
)
_FURTHER = "fields"
_PAIR = 2

Texts = dict[str, list[str]]


def to_texts(query: Iterable[tuple[str, str]]) -> Texts:
    """A query string's pairs by word."""
    texts: Texts = {}
    for word, text in query:
        texts.setdefault(word, []).append(text)
    return texts


def to_search_texts(body: Mapping[str, object]) -> Texts:
    """A search's JSON body as the texts its query string would hold. A polygon may be GeoJSON.

    Errors: `InvalidInput` naming a word whose value is of no form it can have.
    """
    return {word: _value_texts(word, value) for word, value in body.items() if value is not None}


def to_said(body: Mapping[str, object]) -> dict[str, object]:
    """A listing's JSON flattened: `address: {city}` becomes `address.city`, `fields` give their RESO names.

    Errors: `InvalidInput` naming a group that is no object, or a flag that is neither true nor false.
    """
    said: dict[str, object] = {}
    for word, value in body.items():
        if word in _GROUPS or word == _FURTHER:
            if not isinstance(value, dict):
                raise InvalidInput.of(word, "must be an object")
            prefix = "" if word == _FURTHER else f"{word}."
            said |= {f"{prefix}{inner}": one for inner, one in cast("dict[str, object]", value).items()}
        else:
            said[word] = value
    featured = said.get("isFeatured", False)
    if not isinstance(featured, bool):
        raise InvalidInput.of("isFeatured", "must be true or false")
    return said


def to_author(value: object) -> UUID | None:
    """The user a new listing is of; None: whoever makes it. Errors: `InvalidInput`."""
    if value is None:
        return None
    try:
        return UUID(value if isinstance(value, str) else "")
    except ValueError:
        raise InvalidInput.of("authorId", "must be the id of a user") from None


def _value_texts(word: str, value: object) -> list[str]:
    if word == "polygon" and not isinstance(value, str):
        return [_polygon(value)]
    if word in {"bbox", "near"} and isinstance(value, list):
        return [",".join(_scalar(word, one) for one in cast("list[object]", value))]
    if isinstance(value, list):
        return [_scalar(word, one) for one in cast("list[object]", value)]
    return [_scalar(word, value)]


def _scalar(word: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float) and math.isfinite(value):
        return format(Decimal(repr(value)), "f")
    raise InvalidInput.of(word, "cannot be read")


def _polygon(value: object) -> str:
    """RFC 7946 section 3.1.6: one ring of positions, the last of which repeats the first."""
    corners = value
    if isinstance(value, dict):
        shape = cast("dict[str, object]", value)
        rings = shape.get("coordinates")
        if shape.get("type") != "Polygon" or not isinstance(rings, list) or len(cast("list[object]", rings)) != 1:
            raise InvalidInput.of("polygon", "must be a GeoJSON Polygon of one ring")
        corners = cast("list[object]", rings)[0]
    if not isinstance(corners, list):
        raise InvalidInput.of("polygon", "must be a GeoJSON Polygon, or positions of longitude and latitude")
    points = [_position(corner) for corner in cast("list[object]", corners)]
    if len(points) > 1 and points[0] == points[-1]:
        points.pop()
    return ";".join(points)


def _position(corner: object) -> str:
    if not isinstance(corner, list) or len(cast("Sequence[object]", corner)) < _PAIR:
        raise InvalidInput.of("polygon", "a position is longitude and latitude")
    return ",".join(_scalar("polygon", one) for one in cast("list[object]", corner)[:_PAIR])
