"""Requests about listings, read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platbook.api.etags import matches_etag, to_etag
from platbook.api.listings.query_string import to_fields, to_search_texts, to_texts
from platbook.base.actor import Surface
from platbook.base.errors import InvalidInput
from platbook.listings.search import parse_search
from platbook.listings.search.query_string import PARAMETERS

_RING = [[-97, 30], [-96.5, 30], [-96.5, 31.25], [-97, 30]]
_GEOJSON = '{"type":"Polygon","coordinates":[[[-97,30],[-96.5,30],[-96.5,31.25],[-97,30]]]}'


def test_a_repeated_word_keeps_every_text() -> None:
    assert to_texts([("city", "A"), ("limit", "5"), ("city", "B")]) == {"city": ["A", "B"], "limit": ["5"]}


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ({"status": ["Active", "Pending"]}, {"status": ["Active", "Pending"]}),
        ({"minPrice": 1.5e5, "hasPhotos": True, "city": None}, {"minPrice": ["150000.0"], "hasPhotos": ["true"]}),
        ({"bbox": [-97, 30, -96, 0.0000001]}, {"bbox": ["-97,30,-96,0.0000001"]}),
        ({"polygon": {"type": "Polygon", "coordinates": [_RING]}}, {"polygon": [_GEOJSON]}),
        ({"polygon": _RING}, {"polygon": [_GEOJSON]}),
        ({"polygon": "1,2;3,4;5,6"}, {"polygon": ["1,2;3,4;5,6"]}),
    ],
)
def test_a_json_search_says_what_its_query_string_would(value: dict[str, object], texts: dict[str, list[str]]) -> None:
    assert to_search_texts(value) == texts


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("city", {"a": 1}),
        ("city", [["a"]]),
        ("city", 5),
        ("county", ["Hays", True]),
        ("status", 5),
        ("minPrice", float("nan")),
        ("polygon", 7),
        ("polygon", {"type": "Point", "coordinates": [1, 2]}),
        ("polygon", {"type": "Polygon", "coordinates": [[1, 2]]}),
        ("polygon", {"type": "Polygon", "coordinates": [_RING, []]}),
        ("polygon", {"type": "Polygon", "coordinates": [[["a", 2], [3, 4], [5, 6]]]}),
        ("polygon", {"type": "MultiPolygon", "coordinates": [_RING]}),
        ("polygon", {"type": "MultiPolygon", "coordinates": []}),
        ("polygon", {"coordinates": [_RING]}),
    ],
)
def test_a_value_of_no_form_is_refused_by_its_word(word: str, value: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_search(to_search_texts({word: value}), surface=Surface.INTERNAL)

    assert caught.value.details[0].field == word


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["type", "coordinates"]), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(PARAMETERS)), _JSON, max_size=4))
def test_any_json_is_a_search_or_a_refusal(body: dict[str, object]) -> None:
    try:
        parse_search(to_search_texts(body), surface=Surface.INTERNAL)
    except InvalidInput as error:
        assert error.details  # noqa: PT017 - either is right


def test_a_listing_s_words_are_flattened() -> None:
    body = {"address": {"city": "Waco"}, "bathrooms": {"total": 2}, "listPrice": 5, "fields": {"Roof": ["Slate"]}}

    assert to_fields(body) == {"address.city": "Waco", "bathrooms.total": 2, "listPrice": 5, "Roof": ["Slate"]}


@pytest.mark.parametrize(("word", "value"), [("address", "12 Elm"), ("fields", [1]), ("isFeatured", "yes")])
def test_a_group_that_is_none_is_refused(word: str, value: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        to_fields({word: value})

    assert caught.value.details[0].field == word


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, False),
        ("", False),
        ('"v"', True),
        ('W/"v"', True),
        ('"u", W/"v"', True),
        ('"u"', False),
        ("*", True),
        ("v", False),
    ],
)
def test_an_entity_tag_is_compared_weakly(header: str | None, *, expected: bool) -> None:
    assert matches_etag(header, "v") is expected
    assert matches_etag(to_etag("v"), "v")
