"""Reading a search from texts: rows or a refusal by name, never an error of the database."""

import asyncio
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from platbook.base.actor import Surface
from platbook.base.errors import InvalidInput
from platbook.db import Database
from platbook.listings.search import ListingSearch, find_listings, parse_search, suggest
from platbook.listings.search.query_string import PARAMETERS
from tests.listings.listing_rig import NOW, ListingRig, make_listing, price


def parse(**texts: str) -> ListingSearch:
    return parse_search({word: [text] for word, text in texts.items()}, surface=Surface.INTERNAL)


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("minPrice", "x"), ("minPrice", "-1"), ("maxPrice", "NaN"), ("maxPrice", "Infinity"), ("minBedrooms", "1e9"),
        ("maxDaysOnMarket", "999999999"), ("bbox", "1,2,3"), ("bbox", "0,0,181,1"), ("bbox", "0,9,1,8"),
        ("near", "91,0"),
        ("near", "x,y"), ("polygon", "1,1;2,2"), ("polygon", "1,1;2,2;3"), ("modifiedSince", "yesterday"),
        ("modifiedSince", "0001-01-01T00:00:00+14:00"), ("hasPhotos", "perhaps"), ("featured", "2"),
        ("facets", "price"),
        ("sortBy", "raw"), ("sortOrder", "up"), ("page", "0"), ("page", "-1"), ("page", "9999999999"), ("limit", "101"),
        ("limit", "0"), ("limit", "1.5"), ("count", "maybe"), ("search", "a\x00b"), ("city", ""), ("status", "x" * 201),
        ("radiusMiles", "5"), ("color", "blue"), ("minYearBuilt", "٣"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_is_refused_by_its_word(word: str, text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(**{word: text})

    assert caught.value.details[0].field == word


@pytest.mark.parametrize(
    ("texts", "word"),
    [
        ({"near": "30,-97", "radiusMiles": "0"}, "radiusMiles"),
        ({"sortBy": "distance"}, "sortBy"),
        ({"minPrice": "5", "maxPrice": "4"}, "minPrice"),
        ({"cursor": "abc", "page": "2"}, "cursor"),
    ],
)
def test_values_that_do_not_go_together_are_refused(texts: dict[str, str], word: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(**texts)

    assert caught.value.details[0].field == word


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_search({"page": ["x"], "limit": ["y"], "sortBy": ["1", "2"]}, surface=Surface.INTERNAL)

    assert {problem.field for problem in caught.value.details} == {"page", "limit", "sortBy"}


def test_repeated_values_are_kept_once_and_in_order() -> None:
    search = parse_search({"city": ["B", "A", " B "]}, surface=Surface.INTERNAL)

    assert search.city == ("B", "A")


def test_orders_have_a_direction_of_their_own() -> None:
    assert [parse(sortBy=word).descending for word in ("modifiedAt", "listPrice", "listedAt")] == [True, False, True]
    assert parse(sortBy="listPrice", sortOrder="desc").descending


_PLAUSIBLE = [
    "1", "0", "30,-97", "-97,29,-96,31", "179,-1,-179,1", "-97,29;-96,29;-96,31", "true", "asc", "desc", "listPrice",
    "distance", "daysOnMarket", "exact", "estimate", "none", "2026-01-01", "9999-12-31T23:59:59Z", "Austin",
    "city,status",
    "a:*&!", "' \" \\", "%_", "the", "mian", "1e400", "0.0000001", "-0", "90,180", "-90,-180", "9" * 18,
]  # fmt: skip
_TEXTS = st.one_of(st.sampled_from(_PLAUSIBLE), st.text(max_size=30))


@pytest.fixture(scope="module")
def loop() -> Generator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.dictionaries(st.sampled_from(sorted(PARAMETERS)), st.lists(_TEXTS, min_size=1, max_size=2), max_size=6),
    public=st.booleans(),
)
def test_anything_asked_gives_rows_or_a_refusal(
    database_url: str, loop: asyncio.AbstractEventLoop, texts: dict[str, list[str]], *, public: bool
) -> None:
    surface = Surface.PUBLIC if public else Surface.INTERNAL
    try:
        search = parse_search(texts, surface=surface)
    except InvalidInput as error:
        assert error.details  # noqa: PT017 - either is right
        return
    loop.run_until_complete(_ask(database_url, search))


async def _ask(url: str, search: ListingSearch) -> None:
    async with Database.open(url, size=1) as database:
        listing_rig = ListingRig(database)
        async with database.read() as connection:
            known = await find_listings(connection, ListingSearch(), NOW)
        if not known.rows:
            await listing_rig.put(make_listing("1", Latitude=30.0, Longitude=-97.0, ListPrice=price(1)))
        async with database.read() as connection:
            try:
                found = await find_listings(connection, search, NOW)
            except InvalidInput as error:
                assert error.details  # noqa: PT017 - either is right
                return
    assert len(found.rows) <= search.limit


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=st.one_of(_TEXTS, st.text(alphabet="abmn12 %_\\'", max_size=20)))
def test_anything_typed_gives_offers_or_a_refusal(
    database_url: str, loop: asyncio.AbstractEventLoop, typed: str
) -> None:
    async def ask() -> None:
        async with Database.open(database_url, size=1) as database, database.read() as connection:
            try:
                await suggest(connection, typed, Surface.PUBLIC, NOW)
            except InvalidInput as error:
                assert error.details  # noqa: PT017 - either is right

    loop.run_until_complete(ask())
