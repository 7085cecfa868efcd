"""Polygons as areas of a search: holes, several at once, and those across the antimeridian."""

import math
import random
from itertools import pairwise

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platbook.base.actor import Surface
from platbook.base.errors import InvalidInput
from platbook.listings.search import Box, ListingSearch, Polygon, parse_search
from platbook.listings.search.polygons import Point, Ring, cut_ring
from tests.listings.listing_rig import ListingRig, make_listing

_FIJI = Box(179, -18, -179, -16)


def search(polygon: str | dict[str, object]) -> ListingSearch:
    text = polygon if isinstance(polygon, str) else orjson.dumps(polygon).decode()
    return parse_search({"polygon": [text]}, surface=Surface.INTERNAL)


def square(west: float, south: float, east: float, north: float) -> list[list[float]]:
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def is_inside(point: Point, ring: Ring) -> bool:
    """Even-odd rule, on a plane."""
    x, y = point
    crossings = 0
    for (x1, y1), (x2, y2) in pairwise((*ring, ring[0])):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            crossings += 1
    return crossings % 2 == 1


def is_inside_on_globe(point: Point, ring: Ring) -> bool:
    """The same for a ring whose longitudes run on beyond 180: the point is tried once more each turn."""
    return any(is_inside((point[0] + turn, point[1]), ring) for turn in (-360, 0, 360))


def star(middle: Point, angles: list[float], radii: list[float]) -> Ring:
    """A simple ring around a point; its longitudes may run on beyond 180."""
    return tuple(
        (middle[0] + radius * math.cos(angle), middle[1] + radius * math.sin(angle))
        for angle, radius in zip(angles, radii, strict=True)
    )


def signed(ring: Ring) -> Ring:
    """The same ring with longitudes of -180 to 180, as a caller writes it."""
    return tuple(((longitude + 180) % 360 - 180, latitude) for longitude, latitude in ring)


async def test_a_polygon_across_the_antimeridian_finds_both_sides_as_a_box_does(listing_rig: ListingRig) -> None:
    await listing_rig.put(
        make_listing("east", Latitude=-17.0, Longitude=-179.9),
        make_listing("west", Latitude=-17.0, Longitude=179.9),
        make_listing("far", Latitude=-17.0, Longitude=0.0),
    )
    halves: list[object] = [[square(179, -18, 180, -16)], [square(-180, -18, -179, -16)]]

    assert sorted(await listing_rig.keys(ListingSearch(box=_FIJI))) == ["east", "west"]
    assert sorted(await listing_rig.keys(search("179,-18;-179,-18;-179,-16;179,-16"))) == ["east", "west"]
    assert sorted(await listing_rig.keys(search({"type": "MultiPolygon", "coordinates": halves}))) == ["east", "west"]
    assert await listing_rig.keys(search("179,-18;180,-18;180,-16;179,-16")) == ["west"]
    assert await listing_rig.keys(search("-180,-18;-179,-18;-179,-16;180,-16")) == ["east"]


async def test_holes_are_left_out_and_several_polygons_are_searched_at_once(listing_rig: ListingRig) -> None:
    places = {"rim": -99.5, "hole": -98.5, "island": -95.5, "outside": -90.0}
    await listing_rig.put(*(make_listing(key, Latitude=31.5, Longitude=place) for key, place in places.items()))
    lake = [square(-100, 30, -97, 33), square(-99, 31, -98, 32)]

    assert await listing_rig.keys(search({"type": "Polygon", "coordinates": lake})) == ["rim"]
    both: dict[str, object] = {"type": "MultiPolygon", "coordinates": [lake, [square(-96, 31, -95, 32)]]}
    assert sorted(await listing_rig.keys(search(both))) == ["island", "rim"]


async def test_a_hole_across_the_antimeridian_is_left_out_on_both_sides(listing_rig: ListingRig) -> None:
    places = {"west rim": 178.5, "west hole": 179.5, "east hole": -179.5, "east rim": -178.5}
    await listing_rig.put(*(make_listing(key, Latitude=1.5, Longitude=place) for key, place in places.items()))

    rings = [square(178, 0, -178, 3), square(179, 1, -179, 2)]

    assert sorted(await listing_rig.keys(search({"type": "Polygon", "coordinates": rings}))) == ["east rim", "west rim"]


@pytest.mark.parametrize(
    ("polygon", "found"),
    [
        ("-180,-90;180,-90;180,90;-180,90", ["east", "middle", "west"]),
        ("180,0;-180,0;-180,50;180,50", ["middle"]),
        ({"type": "Polygon", "coordinates": [square(-180, -90, 180, 90), square(-10, 40, 10, 50)]}, ["east", "west"]),
        ("180,-90;180,0;180,90", []),
        ("-180,-90;-180,0;-180,90", []),
    ],
)
async def test_a_ring_of_both_edges_of_the_map_is_the_whole_way_round(
    listing_rig: ListingRig, polygon: str | dict[str, object], found: list[str]
) -> None:
    await listing_rig.put(
        make_listing("east", Latitude=-17.0, Longitude=-179.9),
        make_listing("middle", Latitude=45.0, Longitude=0.0),
        make_listing("west", Latitude=-17.0, Longitude=179.9),
    )

    assert sorted(await listing_rig.keys(search(polygon))) == found


async def test_polygons_find_what_a_plain_reference_finds(listing_rig: ListingRig) -> None:
    chance = random.Random(19)  # noqa: S311 - a repeatable case
    points = {str(number): (chance.uniform(-180, 180), chance.uniform(-80, 80)) for number in range(300)}
    await listing_rig.put(*(make_listing(key, Longitude=x, Latitude=y) for key, (x, y) in points.items()))
    found_any = 0
    for _ in range(40):
        middle = (chance.uniform(-180, 180), chance.uniform(-30, 30))
        angles = sorted(chance.uniform(0, 2 * math.pi) for _ in range(9))
        outer = star(middle, angles, [chance.uniform(20, 55) for _ in angles])
        hole = star(middle, angles, [10.0 for _ in angles])
        polygon = Polygon(signed(outer), (signed(hole),))

        found = await listing_rig.keys(ListingSearch(polygon=(polygon,), limit=100, sort="listPrice"))

        inside = [key for key, one in points.items() if is_inside_on_globe(one, outer)]
        assert set(found) == {key for key in inside if not is_inside_on_globe(points[key], hole)}
        found_any += len(found)
    assert found_any > 100


_ANGLES = st.lists(st.floats(0, 6.28), min_size=3, max_size=12, unique=True).map(sorted)


@given(st.floats(-180, 180), _ANGLES, st.data())
def test_a_ring_cut_at_the_antimeridian_holds_what_it_held(
    middle: float, angles: list[float], data: st.DataObject
) -> None:
    radii = data.draw(st.lists(st.floats(1, 60), min_size=len(angles), max_size=len(angles)))
    ring = star((middle, 0.0), angles, radii)
    point = (data.draw(st.floats(-179.9, 179.9)), data.draw(st.floats(-60, 60)))

    parts = cut_ring(signed(ring))

    assert all(abs(longitude) <= 180 for part in parts for longitude, _ in part)
    nudges = [(point[0] + dx, point[1] + dy) for dx in (-1e-6, 1e-6) for dy in (-1e-6, 1e-6)]
    expected = {is_inside_on_globe(one, ring) for one in nudges}
    if len(expected) == 1:  # not on an edge
        assert {any(is_inside(point, part) for part in parts)} == expected


@pytest.mark.parametrize(
    ("polygon", "message"),
    [
        (
            "179,-18;181,-18;181,-16;179,-16",
            "longitude must be between -180 and 180; a polygon across the antimeridian",
        ),
        ("0,0;1,91;1,0", "latitude must be between -90 and 90"),
        ("0,0;1,1", "needs 3 to 500 points"),
        (";".join(f"{number / 10},{number % 7}" for number in range(501)), "needs 3 to 500 points"),
        ("0,80;120,80;-120,80", "goes around a pole"),
        ("0,0;1,1;1,nan", "must be longitude,latitude;"),
        ("{", "must be longitude,latitude;"),
        ({"type": "MultiPolygon", "coordinates": [[square(0, 0, 1, 1)]] * 51}, "takes at most 50 polygons"),
        ({"type": "LineString", "coordinates": []}, "must be a GeoJSON Polygon or MultiPolygon"),
        ({"type": "Polygon", "coordinates": [square(0, 0, 1, 1), [[0, 0], [1, 1]]]}, "needs 3 to 500 points"),
    ],
)
def test_what_is_no_area_is_refused_by_name(polygon: str | dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        search(polygon)

    (problem,) = caught.value.details
    assert (problem.field, problem.message[: len(message)]) == ("polygon", message)
