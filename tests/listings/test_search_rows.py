"""Which rows a search finds, in which order, and how far a page reaches."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import orjson
import pytest

from platbook.base.actor import Surface
from platbook.base.errors import InvalidInput
from platbook.connectors.contract import MediaRef
from platbook.db import Query
from platbook.listings.listing import Origin
from platbook.listings.search import Box, Count, ListingSearch, Near, Polygon, Range
from platbook.listings.search.sorting import SORTS
from platbook.listings.store import mark_removed, mark_returned
from tests.listings.listing_rig import NOW, ListingRig, day, make_listing, price, to_keys

_AUSTIN = {"Latitude": 30.27, "Longitude": -97.74}
_DALLAS = {"Latitude": 32.78, "Longitude": -96.80}
_FIJI_WEST = {"Latitude": -17.0, "Longitude": 179.5}
_FIJI_EAST = {"Latitude": -17.0, "Longitude": -179.5}


def between(least: int | None, most: int | None) -> Range:
    return Range(None if least is None else Decimal(least), None if most is None else Decimal(most))


@pytest.mark.parametrize(
    ("values", "search"),
    [
        ({"StandardStatus": "Closed"}, ListingSearch(status=("Closed", "Pending"))),
        ({"PropertyType": "Land"}, ListingSearch(property_type=("Land",))),
        ({"PropertySubType": "Townhouse"}, ListingSearch(property_sub_type=("Townhouse",))),
        ({"City": "Round Rock"}, ListingSearch(city=("round ROCK",))),
        ({"City": "Round Rock"}, ListingSearch(city=("waco", "round rock"))),
        ({"City": "Montréal"}, ListingSearch(city=("MONTREAL",))),
        ({"City": "Montreal"}, ListingSearch(city=("waco", "montréal"))),
        ({"City": "Coeur d’Alene"}, ListingSearch(city=("coeur d'alene",))),  # noqa: RUF001 - a typographic apostrophe
        ({"CountyOrParish": "Hays"}, ListingSearch(county=("hays",))),
        ({"CountyOrParish": "Doña Ana"}, ListingSearch(county=("dona ana",))),
        ({"StateOrProvince": "OK"}, ListingSearch(state=("OK",))),
        ({"PostalCode": "78701"}, ListingSearch(postal_code=("78701",))),
        ({"ListingId": "ML-7"}, ListingSearch(mls_number=("ML-7",))),
        ({"ListingId": "NWM2024-0042"}, ListingSearch(mls_number=("nwm2024 0042", "x"))),
        ({"ListAgentKey": "a1"}, ListingSearch(agent=("a1",))),
        ({"ListAgentMlsId": "a1"}, ListingSearch(agent=("a1",))),
        ({"ListAgentFullName": "Ann Lee"}, ListingSearch(agent=("Ann Lee",))),
        ({"ListOfficeKey": "o1"}, ListingSearch(office=("o1", "o2"))),
        ({"ListOfficeName": "Lee & Co"}, ListingSearch(office=("Lee & Co",))),
        ({"ListPrice": price(500)}, ListingSearch(price=between(500, 500))),
        ({"BedroomsTotal": 4}, ListingSearch(bedrooms=between(4, None))),
        ({"BathroomsTotalInteger": 3}, ListingSearch(bathrooms=between(3, 5))),
        ({"LivingArea": price(2100)}, ListingSearch(square_feet=between(2000, None))),
        ({"LotSizeSquareFeet": price(9000)}, ListingSearch(lot_size=between(None, 9000))),
        ({"YearBuilt": 1960}, ListingSearch(year_built=between(None, 1970))),
        ({"OnMarketDate": day("2026-10-22")}, ListingSearch(days_on_market=between(10, 10))),
        ({"PublicRemarks": "A sunny porch."}, ListingSearch(keyword="porches sunny")),
        ({"UnparsedAddress": "12 Elm St"}, ListingSearch(keyword="12 elm")),
        (_DALLAS, ListingSearch(box=Box(-97, 32, -96, 33))),
        (_DALLAS, ListingSearch(near=Near(32.78, -96.8, 5))),
        (_DALLAS, ListingSearch(polygon=(Polygon(((-97, 32), (-96, 32), (-96.5, 34))),))),
        (_FIJI_EAST, ListingSearch(box=Box(179.8, -18, -179, -16))),
        (_FIJI_EAST, ListingSearch(near=Near(-17, 179.9, 50))),
        ({"PhotosCount": 2}, ListingSearch(has_photos=True)),
        ({"ModificationTimestamp": NOW}, ListingSearch(modified_since=NOW)),
    ],
)
async def test_a_filter_finds_what_it_names_and_nothing_else(
    listing_rig: ListingRig, values: dict[str, object], search: ListingSearch
) -> None:
    other = {"OnMarketDate": day("2026-10-30"), **_AUSTIN}
    await listing_rig.put(make_listing("other", **other), make_listing("wanted", **values))

    found = await listing_rig.find(search)

    assert to_keys(found) == ["wanted"]
    assert (found.total, found.total_is_estimate, found.next_cursor) == (1, False, None)


async def test_filters_are_all_to_hold(listing_rig: ListingRig) -> None:
    await listing_rig.put(
        make_listing("1", City="Waco", ListPrice=price(5)),
        make_listing("2", City="Waco", ListPrice=price(9)),
        make_listing("3", City="Austin", ListPrice=price(9)),
    )

    assert await listing_rig.keys(ListingSearch(city=("waco",), price=between(6, None))) == ["2"]


async def test_a_provider_and_photos_of_its_own_and_featured_ones_are_found(listing_rig: ListingRig) -> None:
    await listing_rig.put(make_listing("1"), provider="other")
    await listing_rig.put(make_listing("2"), media=[MediaRef("m", 0, "https://photos.example/1.jpg")])
    await listing_rig.put(make_listing("3"), featured=True)

    assert await listing_rig.keys(ListingSearch(provider_id=("other",))) == ["1"]
    assert await listing_rig.keys(ListingSearch(has_photos=True)) == ["2"]
    assert await listing_rig.keys(ListingSearch(featured=True)) == ["3"]
    assert sorted(await listing_rig.keys(ListingSearch(featured=False, has_photos=False))) == ["1"]


async def test_what_is_removed_out_of_scope_or_hidden_is_in_no_list(listing_rig: ListingRig) -> None:
    await listing_rig.put(*(make_listing(key) for key in "1234"))
    async with listing_rig.database.transaction() as connection:
        for key, column in (("1", "removed_at = now()"), ("2", "out_of_scope_at = now()"), ("3", "hidden = true")):
            sql = f"UPDATE properties SET {column} WHERE listing_key = '{key}'"  # noqa: S608 - the table above
            await connection.run(Query("hide", "Hide one.", sql))

    assert await listing_rig.keys(ListingSearch()) == ["4"]


def walked() -> list[dict[str, object]]:
    """Rows with equal and with missing values, to be walked in every order."""
    return [
        {
            "ListPrice": None if place % 4 == 0 else price(place // 2),
            "BedroomsTotal": None if place % 5 == 0 else place % 3,
            "LivingArea": None if place % 6 == 0 else price(place % 2),
            "OnMarketDate": None if place % 7 == 0 else day(f"2026-10-{1 + place % 9:02}"),
            "ModificationTimestamp": NOW - timedelta(minutes=place // 3),
            "Latitude": 30 + place % 4 / 10,
            "Longitude": -97.0,
        }
        for place in range(23)
    ]


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("sort", SORTS)
async def test_pages_and_cursors_walk_every_order_once_with_nulls_last(
    listing_rig: ListingRig, sort: str, *, descending: bool
) -> None:
    await listing_rig.put(*(make_listing(str(place), **values) for place, values in enumerate(walked())))
    search = ListingSearch(
        sort=sort, descending=descending, limit=5, near=Near(30, -97, 300) if sort == "distance" else None
    )

    whole = await listing_rig.keys(replace(search, limit=100))
    paged = [key for page in range(1, 6) for key in await listing_rig.keys(replace(search, page=page))]
    first = await listing_rig.find(search)
    followed = to_keys(first)
    cursor = first.next_cursor
    moment = NOW
    while cursor:
        moment += timedelta(days=3)
        page = await listing_rig.find(replace(search, cursor=cursor), moment)
        followed += to_keys(page)
        cursor = page.next_cursor

    assert len(set(whole)) == len(whole) == 23
    assert paged == whole
    assert followed == whole
    column = {"listPrice": "ListPrice", "bedrooms": "BedroomsTotal", "livingArea": "LivingArea"}.get(sort)
    if column:
        values = [walked()[int(key)][column] for key in whole]
        present = [value for value in values if value is not None]
        assert present == sorted(present, reverse=descending)  # pyright: ignore[reportArgumentType] - numbers
        assert values[len(present) :] == [None] * (23 - len(present))


async def test_a_cursor_stays_in_its_place_while_rows_come_and_go(listing_rig: ListingRig) -> None:
    await listing_rig.put(*(make_listing(str(place), ListPrice=price(place)) for place in range(6)))
    search = ListingSearch(sort="listPrice", descending=False, limit=3)
    first = await listing_rig.find(search)
    await listing_rig.put(make_listing("before", ListPrice=price(0)), make_listing("after", ListPrice=price(4)))

    rest = await listing_rig.keys(replace(search, limit=10, cursor=first.next_cursor))

    assert rest == ["3", "4", "after", "5"]


async def test_stored_since_is_our_time_whatever_the_source_s_is(listing_rig: ListingRig) -> None:
    ages = {"old": -2, "new": 0, "newer": 1}
    for key, hours in ages.items():
        await listing_rig.put(make_listing(key), stored_at=NOW + timedelta(hours=hours))

    assert await listing_rig.keys(ListingSearch(stored_since=NOW, modified_since=NOW)) == []
    assert sorted(await listing_rig.keys(ListingSearch(stored_since=NOW))) == ["new", "newer"]


async def test_a_listing_that_is_shown_again_was_stored_then(listing_rig: ListingRig) -> None:
    await listing_rig.put(make_listing("1"), make_listing("2"))
    later = Origin("board", "a run", NOW + timedelta(hours=1))
    async with listing_rig.database.transaction() as connection:
        await mark_removed(connection, ["1"], later)
        await mark_returned(connection, [listing_rig.ids["1"]], later)

    assert await listing_rig.keys(ListingSearch(stored_since=later.stored_at)) == ["1"]


async def test_pages_of_what_was_stored_lately_stay_in_their_place_while_more_is_stored(
    listing_rig: ListingRig,
) -> None:
    for hour in range(6):
        times = {"ModificationTimestamp": NOW + timedelta(hours=hour)}
        await listing_rig.put(make_listing(str(hour), **times), stored_at=NOW + timedelta(hours=hour))
    search = ListingSearch(stored_since=NOW + timedelta(hours=1), limit=2)

    first = await listing_rig.find(search)
    newest = make_listing("newest", ModificationTimestamp=NOW + timedelta(hours=9))
    await listing_rig.put(newest, make_listing("past"), stored_at=NOW + timedelta(hours=9))
    rest = await listing_rig.keys(replace(search, cursor=first.next_cursor, limit=9))

    assert (to_keys(first), rest) == (["5", "4"], ["3", "2", "1", "past"])


async def test_listings_are_sorted_by_the_date_of_listing_that_they_show(listing_rig: ListingRig) -> None:
    await listing_rig.put(
        make_listing("1", ListingContractDate=day("2026-10-01"), OnMarketDate=day("2026-10-20")),
        make_listing("2", ListingContractDate=day("2026-10-05"), OnMarketDate=day("2026-10-06")),
        make_listing("3", OnMarketDate=day("2026-10-30")),
    )

    found = await listing_rig.find(ListingSearch(sort="listedAt"))

    assert [orjson.loads(row.text)["listedAt"] for row in found.rows] == ["2026-10-05", "2026-10-01", None]


@pytest.mark.parametrize("sort", ["distance", "modifiedAt"])
async def test_the_distance_in_miles_is_in_the_row_where_one_is_searched_near(
    listing_rig: ListingRig, sort: str
) -> None:
    await listing_rig.put(make_listing("1", **_DALLAS), make_listing("2", **_AUSTIN))
    near = Near(30.27, -97.74, 300)

    rows = (await listing_rig.find(ListingSearch(near=near, sort=sort, descending=False))).rows
    distances = {one["listingKey"]: one["distance"] for one in (orjson.loads(row.text) for row in rows)}
    (plain,) = (await listing_rig.find(ListingSearch(city=("austin",), limit=1, page=2))).rows

    assert distances == {"1": pytest.approx(181.9, abs=0.5), "2": 0}
    assert "distance" not in orjson.loads(plain.text)


@pytest.mark.parametrize("cursor", ["x", "é", "W10", "e30", "bnVsbA", "WzEsMiwzLDRd", "=" * 9, "A" * 9_999])
async def test_a_cursor_that_is_none_is_refused(listing_rig: ListingRig, cursor: str) -> None:
    with pytest.raises(InvalidInput, match="cursor"):
        await listing_rig.find(ListingSearch(cursor=cursor))


async def test_a_cursor_of_another_order_is_refused(listing_rig: ListingRig) -> None:
    await listing_rig.put(make_listing("1"), make_listing("2"))
    cursor = (await listing_rig.find(ListingSearch(limit=1))).next_cursor

    with pytest.raises(InvalidInput, match="cursor"):
        await listing_rig.find(ListingSearch(limit=1, sort="listPrice", cursor=cursor))


async def test_a_page_behind_the_end_is_empty_and_tells_the_total(listing_rig: ListingRig) -> None:
    await listing_rig.put(make_listing("1"))

    found = await listing_rig.find(ListingSearch(page=9_999))

    assert (found.rows, found.total, found.next_cursor) == ([], 1, None)


async def test_a_total_may_be_left_out(listing_rig: ListingRig) -> None:
    await listing_rig.put(make_listing("1"), make_listing("2"))

    found = await listing_rig.find(ListingSearch(count=Count.NONE, limit=1))

    assert found.total is None
    assert found.next_cursor


async def test_documents_tell_days_on_market_of_the_moment(listing_rig: ListingRig) -> None:
    await listing_rig.put(make_listing("1", OnMarketDate=day("2026-10-01")))

    (row,) = (await listing_rig.find(ListingSearch(), datetime(2026, 10, 11, tzinfo=UTC))).rows

    assert orjson.loads(row.text)["daysOnMarket"] == 10


async def test_a_facet_counts_beside_its_own_filter(listing_rig: ListingRig) -> None:
    await listing_rig.put(
        make_listing("1", City="Waco", PropertyType="Land"),
        make_listing("2", City="Waco", StandardStatus="Closed"),
        make_listing("3", City="Austin"),
    )

    found = await listing_rig.find(ListingSearch(city=("Waco",), facets=("city", "status")))

    facets = {word: {value.value: value.count for value in values} for word, values in found.facets.items()}
    assert facets == {"city": {"Waco": 2, "Austin": 1}, "status": {"Active": 1, "Closed": 1}}


@pytest.mark.parametrize(
    ("typed", "finds"),
    [
        ("beautiful", ["right"]),
        ("beautifull", ["right"]),
        ("baeutiful waterfall", ["right"]),
        ("waterfal 1203", ["right"]),
        ("1204", []),
        ("xyzzyx", []),
        ("the", []),
        ("...", []),
        ("beautiful castle", []),
        ("ml-77", ["right"]),
    ],
)
async def test_keywords_forgive_typing_mistakes_but_not_other_numbers(
    listing_rig: ListingRig, typed: str, finds: list[str]
) -> None:
    await listing_rig.put(
        make_listing("right", UnparsedAddress="1203 Elm St", ListingId="ML-77", PublicRemarks="A beautiful waterfall"),
        make_listing("wrong", PublicRemarks="Plain."),
    )

    assert await listing_rig.keys(ListingSearch(keyword=typed)) == finds


async def test_a_word_that_is_right_elsewhere_is_not_taken_for_another(listing_rig: ListingRig) -> None:
    await listing_rig.put(
        make_listing("1", City="Waco", PublicRemarks="A house"), make_listing("2", PublicRemarks="A horse")
    )

    assert await listing_rig.keys(ListingSearch(keyword="horse", city=("Waco",))) == []


async def test_a_version_stands_until_something_changes(listing_rig: ListingRig) -> None:
    await listing_rig.put(make_listing("1", OnMarketDate=day("2026-10-01")), make_listing("2"))
    before = await listing_rig.find(ListingSearch())
    again = await listing_rig.find(ListingSearch())
    tomorrow = await listing_rig.find(ListingSearch(), NOW + timedelta(days=1))
    await listing_rig.put(make_listing("3"))
    after = await listing_rig.find(ListingSearch())

    assert before.version == again.version
    assert len({before.version, tomorrow.version, after.version}) == 3
    assert before.fresh_until == datetime(2026, 11, 2, tzinfo=UTC)


async def test_every_surface_answers_the_plain_list(listing_rig: ListingRig) -> None:
    await listing_rig.put(make_listing("1"), make_listing("2", InternetEntireListingDisplayYN=False))

    assert sorted(await listing_rig.keys(ListingSearch())) == ["1", "2"]
    assert await listing_rig.keys(ListingSearch(surface=Surface.PUBLIC)) == ["1"]
