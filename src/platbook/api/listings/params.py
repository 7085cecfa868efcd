"""The query parameters of a search of listings, for the OpenAPI document.

`platbook.listings.search` parses and checks them; routes pass them on as text.
"""

from collections.abc import Mapping, Sequence

from platbook.api.listing_schemas import LISTING_FIELD
from platbook.db.lists import Count
from platbook.listings.search.closed_lists import CLOSED_LISTS
from platbook.listings.search.facets import FACETS
from platbook.listings.search.filters import EXACT_FILTERS, RANGE_FILTERS
from platbook.listings.search.sorting import SORTS
from platbook.listings.sparse import ALWAYS, PARAMETER


def _parameter(name: str, schema: Mapping[str, object], description: str, example: object = None) -> dict[str, object]:
    parameter: dict[str, object] = {"name": name, "in": "query", "required": False, "schema": schema}
    if description:
        parameter["description"] = description
    return parameter if example is None else {**parameter, "example": example}


def _text(name: str, description: str, example: str) -> dict[str, object]:
    return _parameter(name, {"type": "string"}, description, example)


def _choice(name: str, values: Sequence[str]) -> dict[str, object]:
    return _parameter(name, {"type": "string", "enum": list(values)}, "")


_TEXTS = {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 200}}
_NUMBER = {"type": "number", "minimum": 0}
_CLOSED = "any of these, in any case; comma-separated or repeated; an unknown value is refused"

FILTER_PARAMETERS: list[dict[str, object]] = [
    *(
        _parameter(name, _TEXTS, _CLOSED if name in CLOSED_LISTS else "any of these; may be repeated")
        for name in EXACT_FILTERS
    ),
    *(_parameter(f"{side}{name}", _NUMBER, "") for name in RANGE_FILTERS for side in ("min", "max")),
    _text("search", "words of address, town and public remarks; spelling mistakes are tolerated", "lake view"),
    _text("bbox", "west,south,east,north", "-98,30,-97,31"),
    _text("near", "latitude,longitude", "30.27,-97.74"),
    _parameter(
        "radiusMiles", {"type": "number", "exclusiveMinimum": 0, "maximum": 500}, "with near; the default is 25"
    ),
    _text(
        "polygon",
        "longitude,latitude;longitude,latitude;…, or a GeoJSON Polygon or MultiPolygon",
        "-98,30;-97,30;-97,31",
    ),
    _text("modifiedSince", "a time in ISO 8601, compared with the source's time of change", "2026-11-01T00:00:00Z"),
    _text("storedSince", "a time in ISO 8601, compared with our time of storing", "2026-11-01T00:00:00Z"),
    _parameter("hasPhotos", {"type": "boolean"}, ""),
    _parameter("featured", {"type": "boolean"}, ""),
    _parameter(
        "mine", {"type": "boolean"}, "only the caller's own: of linked members of an MLS, or created by the caller"
    ),
]
"""One OpenAPI parameter for each filter."""

FIELDS: dict[str, object] = _parameter(
    PARAMETER,
    {"type": "array", "items": {"$ref": f"#/components/schemas/{LISTING_FIELD}"}},
    f"only these fields of each listing, and its {ALWAYS}; comma-separated or repeated; of a group: address.city",
)
"""The parameter of sparse lists."""

SEARCH_PARAMETERS: list[dict[str, object]] = [
    *FILTER_PARAMETERS,
    FIELDS,
    _text("facets", f"counts by any of {', '.join(FACETS)}", "status,city"),
    _choice("sortBy", tuple(SORTS)),
    _choice("sortOrder", ("asc", "desc")),
    _parameter("page", {"type": "integer", "minimum": 1, "default": 1}, ""),
    _parameter("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}, ""),
    _parameter("cursor", {"type": "string"}, "nextCursor of the previous page; without page"),
    _choice("count", tuple(Count)),
]
"""The parameters of a list: its filters, facets, order and page."""
