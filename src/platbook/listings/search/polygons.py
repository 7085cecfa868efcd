"""Polygons as areas of a search: read from text or GeoJSON, and cut at the antimeridian (RFC 7946 section 3.1.9).

An edge that spans more than 180 degrees of longitude is taken to go the short way, across the antimeridian: a ring of
179, -179 is two degrees wide. A ring of -180, 180 would have no width that way, and is the whole way round. Rings that
were cut there before they were sent need nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import orjson

from platbook.base.errors import InvalidInput

MAX_POINTS = 500
MAX_POLYGONS = 50
_MIN_POINTS = 3
_PAIR = 2
_HALF, _WHOLE = 180.0, 360.0
_PARAMETER = "polygon"

Point = tuple[float, float]
"""Longitude and latitude, in degrees."""

Ring = tuple[Point, ...]
"""The corners of a closed line; the first is not repeated at the end."""


@dataclass(frozen=True, slots=True)
class Polygon:
    """An area within one ring, less its holes."""

    outer: Ring
    holes: tuple[Ring, ...] = ()

    @property
    def rings(self) -> tuple[Ring, ...]:
        """All of its rings."""
        return (self.outer, *self.holes)


def read_geojson(text: str) -> tuple[Polygon, ...]:
    """Read a GeoJSON object: a Polygon or MultiPolygon. Errors: `InvalidInput`, or ValueError where it is not JSON."""
    geometry = cast("dict[str, object]", orjson.loads(text))
    coordinates = geometry.get("coordinates")
    if geometry.get("type") == "Polygon":
        return (_to_polygon(coordinates),)
    if geometry.get("type") == "MultiPolygon":
        return tuple(_to_polygon(one) for one in _items(coordinates))
    raise InvalidInput.of(_PARAMETER, "must be a GeoJSON Polygon or MultiPolygon")


def to_ring(points: Sequence[Point]) -> Ring:
    """The ring of its corners, of which the last may repeat the first."""
    closed = len(points) > 1 and points[0] == points[-1]
    return tuple(points[:-1] if closed else points)


def check_polygons(polygons: Sequence[Polygon]) -> None:
    """Reject polygons that are none, or too many or too large to be searched. Errors: `InvalidInput`."""
    rings = [ring for polygon in polygons for ring in polygon.rings]
    if any(len(ring) < _MIN_POINTS for ring in rings) or sum(map(len, rings)) > MAX_POINTS:
        raise InvalidInput.of(_PARAMETER, f"needs {_MIN_POINTS} to {MAX_POINTS} points")
    if len(polygons) > MAX_POLYGONS:
        raise InvalidInput.of(_PARAMETER, f"takes at most {MAX_POLYGONS} polygons")
    for ring in rings:
        for longitude, latitude in ring:
            if not (math.isfinite(longitude) and abs(longitude) <= _HALF):
                raise InvalidInput.of(
                    _PARAMETER,
                    "longitude must be between -180 and 180; a polygon across the antimeridian continues there with the"
                    " other sign (179, then -179), or is cut in two (RFC 7946 section 3.1.9)",
                )
            if not (math.isfinite(latitude) and abs(latitude) <= _HALF / 2):
                raise InvalidInput.of(_PARAMETER, "latitude must be between -90 and 90")
        _unwrap(ring)


def cut_ring(ring: Ring) -> list[Ring]:
    """The parts of a ring on either side of the antimeridian, if any; the ring itself where it does not cross it."""
    unwrapped = _unwrap(ring)
    longitudes = [longitude for longitude, _ in unwrapped]
    turns = range(math.floor((min(longitudes) + _HALF) / _WHOLE), math.ceil((max(longitudes) - _HALF) / _WHOLE) + 1)
    if turns == range(1):
        return [unwrapped]
    parts: list[Ring] = []
    for turn in turns:
        west = turn * _WHOLE - _HALF
        part = _clip(_clip(unwrapped, west, keep=1), west + _WHOLE, keep=-1)
        if _has_width(part):
            parts.append(tuple((longitude - turn * _WHOLE, latitude) for longitude, latitude in part))
    return parts


def _unwrap(ring: Ring) -> Ring:
    """The ring with longitudes that run on beyond 180 where it crosses. Errors: `InvalidInput` around a pole."""
    unwrapped = [ring[0]]
    offset = 0.0
    for (before, _), (longitude, latitude) in pairwise((*ring, ring[0])):
        if longitude - before > _HALF:
            offset -= _WHOLE
        elif longitude - before < -_HALF:
            offset += _WHOLE
        unwrapped.append((longitude + offset, latitude))
    if offset:
        raise InvalidInput.of(_PARAMETER, "goes around a pole; cut it at the antimeridian (RFC 7946 section 3.1.9)")
    return tuple(unwrapped[:-1]) if _has_width(unwrapped) else ring


def _has_width(ring: Sequence[Point]) -> bool:
    return len({longitude for longitude, _ in ring}) > 1


def _clip(ring: Ring, longitude: float, *, keep: int) -> Ring:
    """The part of a ring east (`keep` 1) or west (-1) of a meridian (Sutherland-Hodgman)."""
    kept: list[Point] = []
    for (x1, y1), (x2, y2) in pairwise((*ring, *ring[:1])):
        before, after = keep * (x1 - longitude), keep * (x2 - longitude)
        if before >= 0:
            kept.append((x1, y1))
        if before * after < 0:
            kept.append((longitude, y1 + (y2 - y1) * (longitude - x1) / (x2 - x1)))
    return tuple(kept)


def _to_polygon(value: object) -> Polygon:
    outer, *holes = [to_ring([_to_position(one) for one in _items(ring)]) for ring in _items(value)]
    return Polygon(outer, tuple(holes))


def _items(value: object) -> Sequence[object]:
    if not isinstance(value, list) or not value:
        raise InvalidInput.of(_PARAMETER, "must have rings of positions of the form [longitude, latitude]")
    return cast("Sequence[object]", value)


def _to_position(value: object) -> Point:
    numbers = _items(value)[:_PAIR]
    if len(numbers) < _PAIR or any(isinstance(one, bool) or not isinstance(one, int | float) for one in numbers):
        raise InvalidInput.of(_PARAMETER, "must have positions of the form [longitude, latitude]")
    longitude, latitude = cast("Sequence[float]", numbers)
    return float(longitude), float(latitude)
