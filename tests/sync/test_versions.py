"""Which of two versions of a listing stands: the source's present one, else the newer, as far as times say it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from platbook.base.errors import SourceUnavailable
from platbook.connectors.contract import ByKey, Cursor, Page, RawRecord
from platbook.sync.runs.run import SyncType
from platbook.sync.versions import Version
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


def _pages(records: Sequence[RawRecord], size: int) -> list[Page | Exception]:
    """A complete walk in pages of a size."""
    starts = range(0, len(records), size)
    return [Page(records[at : at + size], watermark=Cursor("w"), complete=at == starts[-1]) for at in starts]


OLD, NEW = "2026-01-01T04:00:00Z", "2026-01-01T05:00:00Z"


@pytest.mark.parametrize("sync_type", [SyncType.FULL, SyncType.RECORD])
async def test_what_the_source_has_now_is_taken_with_an_older_time(sync_rig: MakeSyncRig, sync_type: SyncType) -> None:
    rig = await sync_rig(Source(one_page(listing("1", NEW, ListPrice=500000)), all_keys("1")))
    await rig.sync()
    older = listing("1", OLD, ListPrice=400000)
    rig.source.pages, rig.source.records = one_page(older), {"1": older}
    run = await rig.sync(sync_type, listing_key="1" if sync_type is SyncType.RECORD else None)
    assert (run["updated"], run["unchanged"], run["stale"]) == (1, 0, 0)
    assert await _prices(rig) == [400000]


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize(
    ("by_key", "has_now", "taken"),
    [(ByKey.ONE, OLD, 1), (ByKey.MANY, OLD, 1), (ByKey.ONE, NEW, 0), (ByKey.ONE, None, 0), (ByKey.NONE, OLD, 0)],
)
async def test_an_older_version_in_an_incremental_run_stands_where_the_source_has_it_by_its_key(
    sync_rig: MakeSyncRig, by_key: ByKey, has_now: str | None, taken: int, *, dry_run: bool
) -> None:
    versions = {OLD: listing("1", OLD, ListPrice=400000), NEW: listing("1", NEW, ListPrice=500000)}
    rig = await sync_rig(Source(one_page(versions[NEW]), all_keys("1"), by_key=by_key))
    await rig.sync()
    rig.source.pages = _pages([versions[OLD], versions[OLD]], 1)
    rig.source.records = {} if has_now is None else {"1": versions[has_now]}
    run = await rig.sync(SyncType.INCREMENTAL, dry_run=dry_run)
    assert (run["updated"], run["stale"], run["status"]) == (taken, 2, "success")
    assert await _prices(rig) == [400000 if taken and not dry_run else 500000]
    assert len(rig.source.looked_up) + len(rig.source.key_lists) == (by_key is not ByKey.NONE)


@pytest.mark.parametrize("is_known", [False, True])
async def test_a_page_replayed_by_the_same_walk_goes_back_to_nothing(sync_rig: MakeSyncRig, *, is_known: bool) -> None:
    newer, older = listing("1", NEW, ListPrice=500000), listing("1", OLD, ListPrice=400000)
    rig = await sync_rig(Source(one_page(newer), all_keys("1")))
    if is_known:  # then the walk meets it unchanged, and writes nothing
        await rig.sync()
    rig.source.pages = _pages([newer, older], 1)
    run = await rig.sync()
    assert (run["fetched"], run["updated"], run["stale"]) == (2, 0, 1)
    assert await _prices(rig) == [500000]


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("times", [(NEW, OLD), (OLD, NEW), (NEW, NEW)])
async def test_of_a_key_sent_twice_the_newer_version_stands_else_the_last(
    sync_rig: MakeSyncRig, times: tuple[str, str], size: int
) -> None:
    versions = [listing("1", time, ListPrice=price) for time, price in zip(times, (1000, 2000), strict=True)]
    rig = await sync_rig(Source(_pages(versions, size), all_keys("1")))
    run = await rig.sync()
    assert await _prices(rig) == [1000 if times == (NEW, OLD) else 2000]
    assert (run["added"], run["fetched"]) == (1, 2)
    assert run["stale"] == (1 if size == 2 or times == (NEW, OLD) else 0)


async def test_of_two_versions_the_last_stands_where_the_other_is_ahead_of_the_clock(sync_rig: MakeSyncRig) -> None:
    ahead, honest = listing("1", "2026-01-09T00:00:00Z", ListPrice=1000), listing("1", NEW, ListPrice=2000)
    rig = await sync_rig(Source(one_page(ahead, honest), all_keys("1")))
    await rig.sync()
    assert await _prices(rig) == [2000]


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("sync_type", [SyncType.FULL, SyncType.INCREMENTAL])
async def test_a_deletion_older_than_the_version_received_removes_nothing(
    sync_rig: MakeSyncRig, sync_type: SyncType, size: int
) -> None:
    present, gone = listing("1", NEW), replace(listing("1", OLD), visible=False)
    rig = await sync_rig(Source(one_page(present), all_keys("1")))
    await rig.sync()
    rig.source.pages = _pages([present, gone], size)
    run = await rig.sync(sync_type)
    assert (run["deleted"], run["stale"]) == (0, 1)
    assert await rig.keys() == ["1"]
    rig.source.pages = _pages([present, replace(gone, modified="2026-01-01T06:00:00Z", fields={})], size)
    assert (await rig.sync(sync_type))["deleted"] == 1
    assert await rig.keys() == []


@pytest.mark.parametrize("retention", ["keep", "erase"])
@pytest.mark.parametrize("known", [[], [OLD], ["2026-01-01T03:00:00Z"]], ids=["new", "same", "changed"])
@pytest.mark.parametrize("sync_type", [SyncType.FULL, SyncType.INCREMENTAL])
async def test_an_older_version_on_a_later_page_does_not_bring_a_deleted_record_back(
    sync_rig: MakeSyncRig, sync_type: SyncType, known: list[str], retention: str
) -> None:
    before = [listing("1", time) for time in known]
    rig = await sync_rig(Source(one_page(*before), all_keys(*[one.key for one in before])), retention=retention)
    await rig.sync()
    gone = replace(listing("1", NEW), visible=False)
    rig.source.key_pages = all_keys()
    rig.source.pages = _pages([gone, listing("1", OLD)], 1)
    run = await rig.sync(sync_type)
    assert (run["deleted"], run["stale"]) == (len(known), 1)
    assert await rig.keys() == []
    assert await rig.rows("SELECT FROM mls_received_deletions") == []
    rig.source.pages = _pages([gone, listing("1", "2026-01-01T06:00:00Z")], 1)
    await rig.sync(sync_type)
    assert await rig.keys() == ["1"], "a later version is back on the market"


async def test_of_a_deletion_ahead_of_the_clock_nothing_is_concluded(sync_rig: MakeSyncRig) -> None:
    ahead = replace(listing("1", "2026-01-09T00:00:00Z"), visible=False)
    rig = await sync_rig(Source(_pages([ahead, listing("1", OLD)], 1), all_keys("1")))
    assert (await rig.sync())["added"] == 1


async def test_a_time_ahead_of_the_clock_is_remarked_and_gives_way_when_it_has_passed(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(key_pages=all_keys("1", "2")))
    ahead = (rig.clock.now() + timedelta(minutes=16)).isoformat()
    rig.source.pages = one_page(listing("1", ahead), listing("2"))
    remarks = str((await rig.sync())["remarks"])
    assert "1 records have a modification time ahead of the clock, the first of them 1 (2026-01-02T00:16" in remarks
    rig.clock.advance(timedelta(hours=1))
    rig.source.pages = one_page(listing("1", (rig.clock.now() - timedelta(minutes=50)).isoformat(), ListPrice=425000))
    run = await rig.sync(SyncType.INCREMENTAL)
    assert (run["updated"], run["stale"], run["remarks"]) == (1, 0, [])
    assert (await _prices(rig))[0] == 425000


async def test_a_rejection_that_is_retried_does_not_replace_a_newer_row(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1", OLD, StandardStatus="A")), all_keys("1")))
    await rig.sync()
    (rejection,) = await rig.rows("SELECT raw FROM mls_sync_errors")
    mapping = '{"StandardStatus": {"to": "standard_status", "lookup": {"A": "Active"}}}'
    await rig.run_sql("UPDATE mls_provider_configurations SET field_mapping = %(m)s::jsonb", m=mapping)
    rig.source.pages = one_page(listing("1", NEW, ListPrice=500000))
    await rig.sync()
    await rig.run_sql("UPDATE mls_sync_errors SET retry = 'retrying', raw = %(raw)s", raw=rejection["raw"])
    run = await rig.sync(SyncType.RETRY)
    assert (run["updated"], run["stale"]) == (0, 1)
    assert await _prices(rig) == [500000]


NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize("sync_type", [SyncType.FULL, SyncType.INCREMENTAL])
async def test_a_change_in_the_repeated_hour_is_taken_though_its_time_looks_older(
    sync_rig: MakeSyncRig, sync_type: SyncType
) -> None:
    before = listing("1", "2026-11-01T01:50:00")  # daylight time
    rig = await sync_rig(Source(one_page(before), all_keys("1")), settings={"timeZone": "America/New_York"})
    rig.clock.advance(datetime(2026, 11, 1, 7, tzinfo=UTC) - rig.clock.now())
    await rig.sync()
    sold = listing("1", "2026-11-01T01:10:00", StandardStatus="Closed")  # standard time, 20 minutes later
    rig.source.pages = one_page(sold)
    run = await rig.sync(sync_type)
    assert (run["updated"], run["stale"]) == (1, 0)
    assert (await rig.rows("SELECT standard_status FROM properties"))[0]["standard_status"] == "Closed"


@pytest.mark.parametrize(
    ("text", "stored", "is_older"),
    [
        ("2026-11-01T01:10:00", "2026-11-01T05:50:00Z", False),  # either 05:10 or 06:10 in UTC
        ("2026-11-01T01:10:00", "2026-11-01T06:10:01Z", True),
        ("2026-11-01T01:10:00-04:00", "2026-11-01T05:50:00Z", True),
        ("2026-11-01T00:10:00", "2026-11-01T04:50:00Z", True),
        ("2026-11-01T00:50:00", "2026-11-01T04:50:00Z", False),
        (None, "2026-11-01T05:50:00Z", False),
    ],
)
def test_a_version_is_older_only_where_its_time_proves_it(text: str | None, stored: str, *, is_older: bool) -> None:
    modified = None if text is None else datetime.fromisoformat(text)
    if modified is not None:
        modified = (modified if modified.tzinfo else modified.replace(tzinfo=NEW_YORK)).astimezone(UTC)
    assert Version(modified, text, NEW_YORK).is_older_than(datetime.fromisoformat(stored)) is is_older
