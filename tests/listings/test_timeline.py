"""The timeline of a listing: one order by one clock, one entry for each change, pages that stay in their place."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from platbook.base.actor import Surface
from platbook.base.errors import InvalidInput
from platbook.connectors.contract import MediaRef
from platbook.listings.history import Difference, ListingEvent, add_events, happened_at, plan_events
from platbook.listings.listing import NormalListing, Origin
from platbook.listings.reading import get_listing
from platbook.listings.store import (
    IncomingListing,
    mark_out_of_scope,
    mark_removed,
    mark_returned,
    update_listings,
)
from platbook.listings.timeline import Timeline, TimelineEntry, get_timeline
from tests.listings.display_rules import make_rules
from tests.listings.listing_rig import NOW, ListingRig, make_listing, price

_PHOTOS = [MediaRef("a", 0, "https://p.example/a"), MediaRef("b", 1, "https://p.example/b")]


def at(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


def origin(hours: float) -> Origin:
    return Origin("board", "a run", at(hours))


async def change(
    rig: ListingRig, listing: NormalListing, hours: float, media: Sequence[MediaRef] | None = None
) -> None:
    incoming = IncomingListing(listing, None, b"other", media)
    async with rig.database.transaction() as connection:
        await update_listings(connection, {rig.ids[listing.listing_key]: incoming}, origin(hours), make_rules())


async def remove(rig: ListingRig, key: str, hours: float) -> None:
    async with rig.database.transaction() as connection:
        await mark_removed(connection, [key], origin(hours))


async def read(
    rig: ListingRig, key: str, surface: Surface = Surface.INTERNAL, limit: int = 50, cursor: str | None = None
) -> Timeline:
    async with rig.database.read() as connection:
        view = await get_listing(connection, rig.ids[key], surface, NOW)
        return await get_timeline(connection, view, surface, limit=limit, cursor=cursor)


async def entries(rig: ListingRig, key: str, surface: Surface = Surface.INTERNAL) -> list[TimelineEntry]:
    return list(reversed((await read(rig, key, surface)).entries))


@pytest.mark.parametrize("modified", [-5, 2], ids=["an old time", "a new time"])
async def test_removed_stands_before_returned_whatever_the_source_s_time_is(
    listing_rig: ListingRig, modified: float
) -> None:
    first = make_listing("1", ModificationTimestamp=at(-5), ListPrice=price(5))
    await listing_rig.put(first, stored_at=at(-4))
    await remove(listing_rig, "1", 1)
    await change(listing_rig, make_listing("1", ModificationTimestamp=at(modified), ListPrice=price(6)), 3)
    await remove(listing_rig, "1", 4)
    async with listing_rig.database.transaction() as connection:
        await mark_returned(connection, [listing_rig.ids["1"]], origin(5))

    told = await entries(listing_rig, "1")

    kinds = [entry.kind for entry in told if entry.kind != "price_changed"]
    assert kinds == ["listed", "removed", "returned", "removed", "returned"]
    assert [entry.at for entry in told] == sorted(entry.at for entry in told)
    assert {entry.at for entry in told if entry.kind != "price_changed"} == {at(-5), at(1), at(3), at(4), at(5)}
    (changed,) = [entry for entry in told if entry.kind == "price_changed"]
    assert (changed.at, changed.recorded_at) == (at(2) if modified == 2 else at(3), at(3))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, at(-1), at(-1)),
        (None, None, NOW),
        (None, at(1), NOW),
        (at(-2), at(-1), at(-1)),
        (at(-2), at(-2), NOW),
        (at(-2), at(-3), NOW),
        (at(9), at(-1), NOW),
        (at(-2), at(1), NOW),
    ],
)
def test_a_change_happened_when_the_source_says_where_that_can_be(
    before: datetime | None, after: datetime | None, expected: datetime
) -> None:
    versions = [None if one is None else make_listing("1", ModificationTimestamp=one) for one in (before, after)]
    newer = versions[1] or make_listing("1", ModificationTimestamp=None)

    assert happened_at(newer, NOW, versions[0]) == expected


async def test_a_change_and_what_goes_with_it_are_one_entry(listing_rig: ListingRig) -> None:
    first = make_listing("1", ListPrice=price(9), PhotosCount=2, PhotosChangeTimestamp=at(-9))
    await listing_rig.put(first, media=_PHOTOS)
    moved = {"StatusChangeTimestamp": at(0), "PriceChangeTimestamp": at(0), "PreviousListPrice": price(9)}
    news = {"StandardStatus": "Pending", "ListPrice": price(8), "PhotosCount": 1, "PhotosChangeTimestamp": at(0)}
    second = make_listing("1", ModificationTimestamp=at(0), **moved, **news)
    await change(listing_rig, second, 1, [replace(_PHOTOS[1], order=0)])

    told = {entry.kind: [one["field"] for one in entry.changes] for entry in await entries(listing_rig, "1")}

    assert told == {
        "listed": ["standardStatus", "listPrice"],
        "status_changed": ["standardStatus", "statusChangedAt"],
        "price_changed": ["listPrice", "previousListPrice", "priceChangedAt"],
        "media_changed": ["media.replaced", "media.removed", "photosChangedAt", "photoCount"],
    }


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"StatusChangeTimestamp": at(1), "PriceChangeTimestamp": at(1), "PhotosChangeTimestamp": at(1)}, []),
        ({"PhotosCount": 3}, [("changed", ["photoCount"])]),
        ({"PreviousListPrice": price(4), "BedroomsTotal": 2}, [("changed", ["bedrooms", "previousListPrice"])]),
    ],
)
def test_a_time_of_change_without_a_change_is_no_entry(
    values: dict[str, object], expected: list[tuple[str, list[str]]]
) -> None:
    events = plan_events(UUID(int=1), make_listing("1"), make_listing("1", **values), at=NOW)

    assert [(event.kind, [one.field for one in event.differences]) for event in events] == expected


async def test_no_entry_is_empty(listing_rig: ListingRig) -> None:
    await listing_rig.put(make_listing("1"), media=_PHOTOS)
    await change(listing_rig, make_listing("1", ModificationTimestamp=at(0)), 1, _PHOTOS[:1])
    await remove(listing_rig, "1", 2)
    async with listing_rig.database.transaction() as connection:
        await mark_returned(connection, [listing_rig.ids["1"]], origin(3))
        await mark_out_of_scope(connection, ["1"], origin(4))
        await mark_returned(connection, [listing_rig.ids["1"]], origin(5))

    told = await entries(listing_rig, "1")
    public = await entries(listing_rig, "1", Surface.PUBLIC)

    assert [entry.kind for entry in told] == [
        "listed", "media_changed", "removed", "returned", "out_of_scope", "returned",
    ]  # fmt: skip
    assert all(entry.changes for entry in (*told, *public))
    assert told[2].changes == [{"field": "visible", "from": True, "to": False}]


async def test_pages_by_cursor_stay_in_their_place_while_entries_come(listing_rig: ListingRig) -> None:
    await listing_rig.put(make_listing("1", ModificationTimestamp=datetime(2026, 1, 1, tzinfo=UTC)))
    same = [ListingEvent(listing_rig.ids["1"], "changed", at(1), [Difference("bedrooms", n, n + 1)]) for n in range(5)]
    async with listing_rig.database.transaction() as connection:
        await add_events(connection, same, origin(1))
    whole = (await read(listing_rig, "1")).entries

    first = await read(listing_rig, "1", limit=2)
    await remove(listing_rig, "1", 2)
    pages, cursor = [first], first.next_cursor
    while cursor:
        pages.append(await read(listing_rig, "1", limit=2, cursor=cursor))
        cursor = pages[-1].next_cursor

    assert [entry for page in pages for entry in page.entries] == whole
    assert [page.total for page in pages] == [6, 7, 7]
    with pytest.raises(InvalidInput, match="cursor"):
        await read(listing_rig, "1", cursor="x")
