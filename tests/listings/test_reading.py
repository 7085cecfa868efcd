"""One listing, its photos, its timeline and its raw record; and the market in numbers."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import orjson
import pytest

from platbook.base.actor import Surface
from platbook.base.errors import Gone, NotFound
from platbook.connectors.contract import MediaRef
from platbook.db import Query
from platbook.listings.history import Difference, ListingEvent, add_events
from platbook.listings.listing import Origin
from platbook.listings.reading import (
    ListingView,
    get_listing,
    get_listing_by_key,
    get_raw,
    to_media,
)
from platbook.listings.search import (
    ListingSearch,
    MarketStats,
    VersionCache,
    find_featured,
    get_stats,
    parse_search,
)
from platbook.listings.search.stats import MonthStats, OfferStats, Prices
from platbook.listings.store import erase_listings, mark_removed
from platbook.listings.timeline import Timeline, get_timeline
from tests.listings.listing_rig import NOW, ListingRig, day, make_listing, price, to_keys

_ORIGIN = Origin("board", "a person", NOW)


async def read(listing_rig: ListingRig, key: str, surface: Surface = Surface.INTERNAL) -> ListingView:
    async with listing_rig.database.read() as connection:
        return await get_listing(connection, listing_rig.ids[key], surface, NOW)


async def timeline(listing_rig: ListingRig, key: str, surface: Surface = Surface.INTERNAL, page: int = 1) -> Timeline:
    async with listing_rig.database.read() as connection:
        reading = await get_listing(connection, listing_rig.ids[key], surface, NOW)
        return await get_timeline(connection, reading, surface, page=page, limit=2)


async def test_a_listing_is_read_by_id_and_by_key(listing_rig: ListingRig) -> None:
    await listing_rig.put(make_listing("1", OnMarketDate=day("2026-10-22"), PrivateRemarks="the dog bites"))

    by_id = await read(listing_rig, "1")
    async with listing_rig.database.read() as connection:
        by_key = await get_listing_by_key(connection, "board", "1", Surface.INTERNAL, NOW)
        raw = await get_raw(connection, listing_rig.ids["1"])

    document = orjson.loads(by_id.document)
    assert by_key == by_id
    assert (document["daysOnMarket"], document["removedAt"], document["outOfScope"]) == (10, None, False)
    assert document["privateRemarks"] == "the dog bites"
    assert "dog" not in (await read(listing_rig, "1", Surface.PUBLIC)).document
    assert orjson.loads(raw or "") == {"source": 1}


async def test_a_removed_listing_is_found_by_staff_alone(listing_rig: ListingRig) -> None:
    await listing_rig.put(make_listing("1"))
    before = await read(listing_rig, "1")
    async with listing_rig.database.transaction() as connection:
        await mark_removed(connection, ["1"], _ORIGIN)

    after = await read(listing_rig, "1")

    assert orjson.loads(after.document)["removedAt"] == "2026-11-01T12:00:00Z"
    assert after.version != before.version
    with pytest.raises(NotFound):
        await read(listing_rig, "1", Surface.PUBLIC)


async def test_an_erased_listing_is_gone_and_a_hidden_or_unknown_one_not_found(listing_rig: ListingRig) -> None:
    await listing_rig.put(make_listing("1"), make_listing("2"))
    listing_rig.ids["3"] = UUID(int=1)
    async with listing_rig.database.transaction() as connection:
        await erase_listings(connection, [listing_rig.ids["1"]], _ORIGIN)
        await connection.run(Query("hide", "Archive.", "UPDATE properties SET hidden = true WHERE listing_key = '2'"))

    with pytest.raises(Gone):
        await read(listing_rig, "1")
    for key, surface in (("1", Surface.PUBLIC), ("2", Surface.INTERNAL), ("3", Surface.INTERNAL)):
        with pytest.raises(NotFound) as caught:
            await read(listing_rig, key, surface)
        assert caught.value.code == "PROPERTY_NOT_FOUND"


async def test_a_public_reader_sees_only_open_photos(listing_rig: ListingRig) -> None:
    media = [
        MediaRef("open", 0, "https://p.example/1", permission=("Public",)),
        MediaRef("closed", 1, "https://p.example/2"),
    ]
    await listing_rig.put(make_listing("1"), media=media)

    staff, public = await read(listing_rig, "1"), await read(listing_rig, "1", Surface.PUBLIC)

    assert [photo["mediaKey"] for photo in to_media(staff)] == ["open", "closed"]
    assert [photo["mediaKey"] for photo in to_media(public)] == ["open"]


async def test_a_timeline_is_paged_newest_first(listing_rig: ListingRig) -> None:
    await listing_rig.put(make_listing("1", ListPrice=price(5)))
    events = [
        ListingEvent(
            listing_rig.ids["1"], "price_changed", NOW + timedelta(days=days), [Difference("listPrice", 5, 5 + days)]
        )
        for days in (1, 2)
    ]
    async with listing_rig.database.transaction() as connection:
        await add_events(connection, events, _ORIGIN)

    first, second = await timeline(listing_rig, "1"), await timeline(listing_rig, "1", page=2)

    assert first.total == second.total == 3
    assert [entry.changes[0]["to"] for entry in first.entries] == [7, 6]
    assert (first.entries[0].source, [entry.kind for entry in second.entries]) == ("a person", ["listed"])


async def test_a_public_timeline_shows_public_fields_alone(listing_rig: ListingRig) -> None:
    await listing_rig.put(make_listing("1", InternetAddressDisplayYN=False))
    events = [
        ListingEvent(
            listing_rig.ids["1"], "changed", NOW, [Difference("privateRemarks", "a", "b"), Difference("bedrooms", 1, 2)]
        ),
        ListingEvent(listing_rig.ids["1"], "changed", NOW, [Difference("address.full", "a", "b")]),
        ListingEvent(listing_rig.ids["1"], "media_changed", NOW),
    ]
    async with listing_rig.database.transaction() as connection:
        await add_events(connection, events, _ORIGIN)

    public = await timeline(listing_rig, "1", Surface.PUBLIC)

    assert public.total == 2
    assert [[change["field"] for change in entry.changes] for entry in public.entries] == [
        ["bedrooms"],
        ["standardStatus"],
    ]
    assert {entry.source for entry in public.entries} == {None}


async def test_the_market_in_numbers(listing_rig: ListingRig) -> None:
    await listing_rig.put(
        *(make_listing(str(number), ListPrice=price(number)) for number in range(1, 10)),
        make_listing("x", City="Waco", StandardStatus="Closed", PropertyType="Land"),
    )

    stats = await count(listing_rig, ListingSearch())

    assert stats.total == 10
    assert stats.by_status == {"Active": 9, "Closed": 1}
    assert stats.by_type == {"Residential": 9, "Land": 1}
    assert stats.by_city == {"Austin": 9, "Waco": 1}
    assert stats.offers["sale"] == OfferStats(10, Prices(3, 5, 7))


async def count(listing_rig: ListingRig, search: ListingSearch) -> MarketStats:
    async with listing_rig.database.read() as connection:
        return await get_stats(connection, search, NOW)


async def test_prices_of_sales_and_rents_are_apart_and_a_median_is_the_mean_of_the_middle_two(
    listing_rig: ListingRig,
) -> None:
    types = {"Residential": [100, 200, 301, 400], "Residential Lease": [7, 8], "Houseboat": [50]}
    await listing_rig.put(
        *(
            make_listing(f"{kind} {amount}", PropertyType=kind, ListPrice=price(amount))
            for kind, amounts in types.items()
            for amount in amounts
        ),
        make_listing("unpriced", PropertyType="Commercial Lease"),
        make_listing("untyped", PropertyType=None),
    )

    stats = await count(listing_rig, ListingSearch())

    assert stats.offers == {
        "sale": OfferStats(4, Prices(175, 250.5, 325.75)),
        "lease": OfferStats(3, Prices(7.25, 7.5, 7.75)),
        "other": OfferStats(2, Prices(50, 50, 50)),
    }


async def test_the_market_goes_by_month(listing_rig: ListingRig) -> None:
    closed: dict[str, object] = {"StandardStatus": "Closed", "CloseDate": day("2026-10-31"), "ClosePrice": price(95)}
    rent: dict[str, object] = {"PropertyType": "Residential Lease", "ListPrice": price(3)}
    await listing_rig.put(
        make_listing("1", OnMarketDate=day("2026-09-30"), ListPrice=price(100), **closed),
        make_listing("2", OnMarketDate=day("2026-10-01"), ListPrice=price(200), CloseDate=day("2027-01-01")),
        make_listing("3", OnMarketDate=day("2026-10-02"), ListPrice=price(300)),
        make_listing("4", OnMarketDate=day("2026-10-02"), **rent),
        make_listing("5"),
    )

    months = (await count(listing_rig, ListingSearch())).by_month

    assert list(months) == [day("2026-10-01"), day("2026-09-01")]
    assert months[day("2026-10-01")] == {
        "sale": MonthStats(2, 250, 1, 95),
        "lease": MonthStats(1, 3),
        "other": MonthStats(),
    }
    assert months[day("2026-09-01")]["sale"] == MonthStats(1, 100)


@pytest.mark.parametrize(
    "search",
    [
        {"city": ["waco"]}, {"status": ["closed"]}, {"propertySubType": ["VILLA"]}, {"minPrice": ["9"]},
        {"search": ["beautifull"]}, {"bbox": ["-97,30,-96,32"]}, {"near": ["31,-96.5"]},
        {"storedSince": ["2026-11-01"]}, {"polygon": ["-97,30;-96,30;-96,32;-97,32"]},
        {"maxDaysOnMarket": ["40"]}, {"providerId": ["other"]},
    ],
)  # fmt: skip
async def test_statistics_are_of_what_the_list_finds(listing_rig: ListingRig, search: dict[str, list[str]]) -> None:
    wanted: dict[str, object] = {
        "City": "Waco", "StandardStatus": "Closed", "PropertySubType": "Villa", "ListPrice": price(9), "Latitude": 31.0,
        "Longitude": -96.5, "PublicRemarks": "a beautiful house", "OnMarketDate": day("2026-10-01"),
    }  # fmt: skip
    await listing_rig.put(make_listing("1", **wanted), provider="other")
    await listing_rig.put(
        make_listing("2", ListPrice=price(3), OnMarketDate=day("2020-01-01")), stored_at=NOW - timedelta(days=9)
    )

    parsed = parse_search(search, surface=Surface.INTERNAL)

    assert await listing_rig.keys(parsed) == ["1"]
    assert (await count(listing_rig, parsed)).offers["sale"] == OfferStats(1, Prices(9, 9, 9))


async def test_featured_ones_come_before_the_newest_with_photos(listing_rig: ListingRig) -> None:
    photo = [MediaRef("m", 0, "https://p.example/1")]
    await listing_rig.put(make_listing("marked", OnMarketDate=day("2026-01-01")), featured=True)
    await listing_rig.put(make_listing("old", OnMarketDate=day("2026-02-01")), media=photo)
    await listing_rig.put(make_listing("new", OnMarketDate=day("2026-03-01")), media=photo)
    await listing_rig.put(make_listing("bare", OnMarketDate=day("2026-04-01")))

    async with listing_rig.database.read() as connection:
        complete = await find_featured(connection, Surface.INTERNAL, 10, NOW)
        one = await find_featured(connection, Surface.INTERNAL, 1, NOW)

    assert to_keys(complete) == ["marked", "new", "old"]
    assert to_keys(one) == ["marked"]


async def _until_undisturbed(check: Callable[[], Awaitable[bool]]) -> bool:
    """Try again where it fails: what other databases of the server do in between changes snapshots, too."""
    for _ in range(100):
        if await check():
            return True
    return False


async def test_a_known_version_stands_while_nothing_changes(listing_rig: ListingRig) -> None:
    await listing_rig.put(make_listing("1"))
    known = VersionCache()

    async def check() -> bool:
        found = await listing_rig.find(ListingSearch())
        known.store(ListingSearch(), found, NOW)
        async with listing_rig.database.read() as connection:
            return await known.get_current(connection, ListingSearch(), NOW) == found.version

    assert await _until_undisturbed(check)


async def test_a_known_version_stands_only_while_nothing_changes(listing_rig: ListingRig) -> None:
    await listing_rig.put(make_listing("1", OnMarketDate=day("2026-10-01")))
    known = VersionCache()
    known.store(ListingSearch(), await listing_rig.find(ListingSearch()), NOW)

    async with listing_rig.database.read() as connection:
        other = await known.get_current(connection, ListingSearch(limit=5), NOW)
        tomorrow = await known.get_current(connection, ListingSearch(), NOW + timedelta(days=1))
        await listing_rig.put(make_listing("2"))
        changed = await known.get_current(connection, ListingSearch(), NOW)

    assert (other, tomorrow, changed) == (None, None, None)


async def test_the_versions_longest_unasked_are_forgotten(listing_rig: ListingRig) -> None:
    known = VersionCache(max_entries=2)
    searches = [ListingSearch(limit=limit) for limit in (1, 2, 3)]

    async def check() -> bool:
        for search in searches:
            known.store(search, await listing_rig.find(search), NOW)
        async with listing_rig.database.read() as connection:
            standing = [await known.get_current(connection, search, NOW) for search in searches]
        return [version is not None for version in standing] == [False, True, True]

    assert await _until_undisturbed(check)
