"""Which of two versions of a listing stands: the newer one, as far as their times can be compared."""

from datetime import UTC, datetime

import pytest

from platbook.base.errors import SourceUnavailable
from platbook.connectors.contract import Cursor, Page
from platbook.sync.runs.run import SyncType
from tests.fakes.scripted_source import Source, all_keys, listing, one_page
from tests.sync.conftest import MakeSyncRig, SyncRig

NOON = "2026-01-01T12:00:00"


async def _times(rig: SyncRig) -> list[object]:
    rows = await rig.rows("SELECT modification_timestamp AS at FROM properties ORDER BY listing_key")
    return [row["at"] for row in rows]


async def _prices(rig: SyncRig) -> list[object]:
    return [row["list_price"] for row in await rig.rows("SELECT list_price FROM properties ORDER BY listing_key")]


async def _set_zone(rig: SyncRig, zone: str) -> None:
    sql = "UPDATE mls_provider_configurations SET settings = jsonb_build_object('timeZone', %(zone)s::text)"
    await rig.run_sql(sql, zone=zone)


async def test_a_corrected_time_zone_reaches_every_row(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1", NOON), listing("2", NOON)), all_keys("1", "2")))
    await rig.sync()
    await _set_zone(rig, "Asia/Tokyo")
    run = await rig.sync(SyncType.INCREMENTAL)
    assert (run["updated"], run["unchanged"]) == (2, 0)
    assert await _times(rig) == [datetime(2026, 1, 1, 3, tzinfo=UTC)] * 2
    assert (await rig.sync())["unchanged"] == 2


async def test_another_source_field_for_the_time_reaches_every_row(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1", NOON, Touched="2025-06-01T00:00:00Z")), all_keys("1")))
    await rig.sync()
    mapping = '{"Touched": "ModificationTimestamp", "ModificationTimestamp": null}'
    await rig.run_sql("UPDATE mls_provider_configurations SET field_mapping = %(m)s::jsonb", m=mapping)
    assert (await rig.sync())["updated"] == 1
    assert await _times(rig) == [datetime(2025, 6, 1, tzinfo=UTC)]


@pytest.mark.parametrize("time_ordered", [False, True])
async def test_a_correction_reaches_every_row_though_the_walk_is_cut(
    sync_rig: MakeSyncRig, *, time_ordered: bool
) -> None:
    first = Page([listing("1", NOON)], checkpoint=Cursor("1"), watermark=Cursor("w1"))
    last = Page([listing("2", NOON)], watermark=Cursor("w2"), complete=True)
    rig = await sync_rig(Source([first, last], all_keys("1", "2"), time_ordered=time_ordered))
    await rig.sync()
    await _set_zone(rig, "Asia/Tokyo")
    rig.source.pages = [first, SourceUnavailable("gone")]
    await rig.sync(SyncType.INCREMENTAL)
    rig.source.pages = [first, last]
    run = await rig.sync(SyncType.INCREMENTAL)
    assert rig.source.resumed_from[-1] == "1"
    assert run["updated"] == 1
    assert await _times(rig) == [datetime(2026, 1, 1, 3, tzinfo=UTC)] * 2


async def test_while_everything_is_read_anew_the_newest_version_of_it_stands(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1", NOON)), all_keys("1")))
    await rig.sync()
    await _set_zone(rig, "Asia/Tokyo")
    newer, older = listing("1", NOON, ListPrice=500000), listing("1", "2026-01-01T11:00:00", ListPrice=400000)
    rig.source.pages = [Page([newer], watermark=Cursor("w")), Page([older], complete=True)]
    assert (await rig.sync())["updated"] == 1
    assert await _prices(rig) == [500000]


async def test_a_time_in_the_future_gives_way_to_its_correction(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1", "2062-01-01T00:00:00Z")), all_keys("1")))
    await rig.sync()
    rig.source.pages = one_page(listing("1", "2026-01-01T00:00:00Z", ListPrice=425000))
    assert (await rig.sync(SyncType.INCREMENTAL))["updated"] == 1
    assert await _prices(rig) == [425000]
    rig.source.pages = one_page(listing("1", "2025-12-31T00:00:00Z", ListPrice=1))
    assert (await rig.sync(SyncType.INCREMENTAL))["updated"] == 0
    assert await _prices(rig) == [425000]


@pytest.mark.parametrize("price", [450000, 425000])
async def test_a_removed_listing_returns_with_an_older_time(sync_rig: MakeSyncRig, price: int) -> None:
    records = [listing(str(n), "2026-01-01T12:00:00Z") for n in range(20)]
    rig = await sync_rig(Source(one_page(*records), all_keys(*[record.key for record in records][:-1])))
    await rig.sync()
    await rig.sync(SyncType.SWEEP)
    assert "19" not in await rig.keys()
    rig.source.pages = one_page(listing("19", "2025-12-01T00:00:00Z", ListPrice=price))
    rig.source.key_pages = all_keys(*[record.key for record in records])
    await rig.sync()
    assert "19" in await rig.keys()
    assert (await rig.timeline("19"))[:3] == ["listed", "removed", "returned"]
    (row,) = await rig.rows("SELECT list_price FROM properties WHERE listing_key = '19'")
    assert row["list_price"] == price


async def test_a_listing_returns_into_the_scope_with_an_older_time(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1")), all_keys("1")), scope={"statuses": ["Active"]})
    await rig.sync()
    rig.source.pages = one_page(listing("1", "2026-01-03T00:00:00Z", StandardStatus="Closed"))
    await rig.sync(SyncType.INCREMENTAL)
    assert await rig.keys() == []
    rig.source.pages = one_page(listing("1", "2025-12-01T00:00:00Z"))
    await rig.sync(SyncType.INCREMENTAL)
    assert await rig.keys() == ["1"]


async def test_an_older_version_out_of_scope_hides_nothing(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(
        Source(one_page(listing("1", "2026-01-05T00:00:00Z")), all_keys("1")), scope={"statuses": ["Active"]}
    )
    rig.clock.advance(datetime(2026, 1, 6, tzinfo=UTC) - rig.clock.now())
    await rig.sync()
    rig.source.pages = one_page(listing("1", "2026-01-04T00:00:00Z", StandardStatus="Closed"))
    await rig.sync(SyncType.INCREMENTAL)
    assert await rig.keys() == ["1"]
