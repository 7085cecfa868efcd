"""Parses requests about listings: a search by query string or JSON, a local listing by JSON. Pure."""

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import cast
from uuid import UUID

import orjson

from platbook.base.errors import InvalidInput
from platbook.listings.search.closed_lists import CLOSED_LISTS

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
_RESO_FIELDS = "fields"
_NAMES = frozenset({*CLOSED_LISTS, "city", "county", "search"})
"""The parameters that no number is a value of; postal codes, MLS numbers and ids are often sent as numbers."""

Texts = dict[str, list[str]]
"""Query parameters by name, each with all its values."""


def to_texts(query: Iterable[tuple[str, str]]) -> Texts:
    """The pairs of a query string, by name."""
    texts: Texts = {}
    for name, text in query:
        texts.setdefault(name, []).append(text)
    return texts


def to_search_texts(body: Mapping[str, object]) -> Texts:
    """A search's JSON body as the parameters of the same search by query string. A polygon may be GeoJSON.

    Errors: `InvalidInput` naming a parameter whose value has the wrong type.
    """
    return {name: _value_texts(name, value) for name, value in body.items() if value is not None}


def to_fields(body: Mapping[str, object]) -> dict[str, object]:
    """A listing's JSON flattened: `address: {city}` becomes `address.city`; what is in `fields` has RESO names.

    Errors: `InvalidInput` naming a group that is not an object, or a flag that is neither true nor false.
    """
    fields: dict[str, object] = {}
    for name, value in body.items():
        if name in _GROUPS or name == _RESO_FIELDS:
            if not isinstance(value, dict):
                raise InvalidInput.of(name, "must be a JSON object")
            prefix = "" if name == _RESO_FIELDS else f"{name}."
            fields |= {f"{prefix}{inner}": one for inner, one in cast("dict[str, object]", value).items()}
        else:
            fields[name] = value
    featured = fields.get("isFeatured", False)
    if not isinstance(featured, bool):
        raise InvalidInput.of("isFeatured", "must be true or false")
    return fields


def to_author(value: object) -> UUID | None:
    """The author of a new listing; None: the caller. Errors: `InvalidInput`."""
    if value is None:
        return None
    try:
        return UUID(value if isinstance(value, str) else "")
    except ValueError:
        raise InvalidInput.of("authorId", "must be the UUID of a user") from None


def _value_texts(name: str, value: object) -> list[str]:
    if name == "polygon" and not isinstance(value, str):
        return [_polygon(value)]
    if name in {"bbox", "near"} and isinstance(value, list):
        return [",".join(_scalar(name, one) for one in cast("list[object]", value))]
    texts = cast("list[object]", value) if isinstance(value, list) else [value]
    if name in _NAMES and not all(isinstance(text, str) for text in texts):
        raise InvalidInput.of(name, "must be text or a list of texts")
    return [_scalar(name, text) for text in texts]


def _scalar(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float) and math.isfinite(value):
        return format(Decimal(repr(value)), "f")
    raise InvalidInput.of(name, "must be text, a number, true or false, or a list of these")


def _polygon(value: object) -> str:
    """GeoJSON as text; a list of positions is the one ring of a Polygon."""
    if isinstance(value, list):
        value = {"type": "Polygon", "coordinates": [cast("list[object]", value)]}
    if not isinstance(value, dict):
        raise InvalidInput.of("polygon", "must be GeoJSON or a list of [longitude, latitude] positions")
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # of an integer beyond 64 bits
        raise InvalidInput.of("polygon", "holds a number that is no coordinate") from None
