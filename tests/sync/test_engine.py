"""The loop's rules, each over a real database and a scripted source."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

import pytest

from platbook.base.errors import CredentialsRefused, RateLimited, SourceBrokeProtocol, SourceUnavailable
from platbook.connectors.contract import Cursor, KeyPage, MediaRef, Page
from platbook.db import Query
from platbook.db.errors import OperationalError
from platbook.sync.runs.run import SyncType
from platbook.transport import LEASE, session_slot
from tests.fakes.scripted_source import Source, all_keys, listing, one_page
from tests.sync.conftest import MakeSyncRig


async def test_a_full_sync_stores_what_the_source_says(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1"), listing("2", Bogus="kept")), all_keys("1", "2")))
    run = await rig.sync()
    assert run["status"] == "success"
    assert (run["fetched"], run["added"], run["unchanged"], run["errored"]) == (2, 2, 0, 0)
    rows = await rig.rows("SELECT * FROM properties ORDER BY listing_key")
    assert [row["list_price"] for row in rows] == [450000, 450000]
    assert cast("dict[str, object]", rows[1]["raw"])["Bogus"] == "kept"
    assert rows[0]["visible"] is True
    assert rows[0]["internal_document"] is not None
    assert rows[0]["public_document"] is None, "the source did not say that it may be shown"
    assert await rig.timeline("1") == ["listed"]
    assert rig.source.logouts == 1


async def test_a_lock_held_too_long_leaves_the_run_to_be_resumed(
    sync_rig: MakeSyncRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = await sync_rig(Source(one_page(listing("1")), all_keys("1")))

    async def wait_in_vain(*_: object) -> None:
        async with rig.database.transaction() as holder, rig.database.transaction() as waiting:
            await holder.value(str, Query("hold", "A test's lock.", "SELECT pg_advisory_xact_lock(7)::text"))
            await waiting.value(str, Query("limit", "Soon.", "SELECT set_config('lock_timeout', '50ms', true)"))
            await waiting.value(str, Query("wait", "A test's lock.", "SELECT pg_advisory_xact_lock(7)::text"))

    with monkeypatch.context() as patched:
        patched.setattr("platbook.sync.engine.walk_changes", wait_in_vain)
        with pytest.raises(OperationalError):
            await rig.sync()
    (left,) = await rig.rows("SELECT sync_id, status, error FROM mls_sync_history WHERE parent_id IS NULL")
    assert (left["status"], left["error"]) == ("running", None)
    assert await rig.engine.run_next(rig.provider_id)
    (ended,) = await rig.rows("SELECT sync_id, status, added FROM mls_sync_history WHERE parent_id IS NULL")
    assert ended == {"sync_id": left["sync_id"], "status": "success", "added": 1}


async def test_a_page_applied_twice_changes_nothing(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1"), listing("2")), all_keys("1", "2")))
    await rig.sync()
    before = await rig.rows("SELECT *, xmin FROM properties ORDER BY id")
    run = await rig.sync()
    assert (run["added"], run["updated"], run["unchanged"]) == (0, 0, 2)
    assert await rig.rows("SELECT *, xmin FROM properties ORDER BY id") == before
    assert await rig.rows("SELECT count(*) FROM listing_changes") == [{"count": 2}]


async def test_changes_are_recorded_field_by_field(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1", BedroomsTotal=3)), all_keys("1")))
    await rig.sync()
    newer = listing("1", "2026-01-02T00:00:00Z", ListPrice=425000, StandardStatus="Pending", BedroomsTotal=4)
    rig.source.pages = one_page(newer)
    run = await rig.sync(SyncType.INCREMENTAL)
    assert (run["added"], run["updated"]) == (0, 1)
    assert await rig.timeline("1") == ["listed", "status_changed", "price_changed", "changed"]
    told = await rig.rows("SELECT kind, changes FROM listing_changes WHERE kind = 'price_changed'")
    assert told[0]["changes"] == [{"field": "listPrice", "from": 450000, "to": 425000}]


async def test_one_bad_record_never_stops_a_run_and_is_resolved_when_it_is_corrected(sync_rig: MakeSyncRig) -> None:
    bad = listing("2", StandardStatus="Gone fishing")
    rig = await sync_rig(Source(one_page(listing("1"), bad), all_keys("1", "2")))
    run = await rig.sync()
    assert run["status"] == "partial"
    assert (run["added"], run["errored"]) == (1, 1)
    (error,) = await rig.rows("SELECT * FROM mls_sync_errors")
    assert (error["listing_key"], error["field"], error["retry"]) == ("2", "StandardStatus", "pending")
    await rig.sync()
    (error,) = await rig.rows("SELECT * FROM mls_sync_errors")
    assert error["attempts"] == 1, "the same rejection, seen once more"
    rig.source.pages = one_page(listing("1"), listing("2"))
    assert (await rig.sync())["status"] == "success"
    (error,) = await rig.rows("SELECT * FROM mls_sync_errors")
    assert (error["retry"], error["raw"]) == ("success", None)


async def test_a_rejection_can_be_tried_again_under_another_mapping(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1", StandardStatus="A")), all_keys("1")))
    assert (await rig.sync())["errored"] == 1
    mapping = '{"StandardStatus": {"to": "standard_status", "lookup": {"A": "Active"}}}'
    await rig.run_sql("UPDATE mls_provider_configurations SET field_mapping = %(m)s::jsonb", m=mapping)
    await rig.run_sql("UPDATE mls_sync_errors SET retry = 'retrying'")
    run = await rig.sync(SyncType.RETRY)
    assert (run["status"], run["added"]) == ("success", 1)
    assert (await rig.rows("SELECT retry FROM mls_sync_errors"))[0]["retry"] == "success"


async def test_a_record_is_read_and_tried_again_under_the_mapping_of_its_class(sync_rig: MakeSyncRig) -> None:
    records = [
        replace(listing(key, StandardStatus="1", LP=5), source_class=name) for key, name in zip("12", "AB", strict=True)
    ]
    rig = await sync_rig(Source(one_page(*records), all_keys("1", "2")))
    sql = "UPDATE mls_provider_configurations SET field_mapping = %(m)s::jsonb"
    status = '{"StandardStatus": {"to": "status", "lookup": {"1": "Active"}}, "LP": "price"}'
    await rig.run_sql(sql, m=f'{{"classes": {{"B": {status}}}}}')
    assert (await rig.sync())["errored"] == 1
    prices = {row["listing_key"]: row["list_price"] for row in await rig.rows("SELECT * FROM properties")}
    assert prices == {"2": 5}
    await rig.run_sql(sql, m=f'{{"classes": {{"A": {status}, "B": {status}}}}}')
    await rig.run_sql("UPDATE mls_sync_errors SET retry = 'retrying'")
    assert (await rig.sync(SyncType.RETRY))["added"] == 1


async def test_a_record_that_moves_to_another_class_is_read_under_its_mapping(sync_rig: MakeSyncRig) -> None:
    classes = '{"classes": {"A": {"LP": "price"}, "B": {"LP": "original_price"}}}'
    record = listing("1", ListPrice=None, LP=5)
    rig = await sync_rig(Source(one_page(replace(record, source_class="A")), all_keys("1")))
    await rig.run_sql("UPDATE mls_provider_configurations SET field_mapping = %(m)s::jsonb", m=classes)
    await rig.sync()
    rig.source.pages = one_page(replace(record, source_class="B"))
    assert [(await rig.sync(SyncType.INCREMENTAL))["updated"], (await rig.sync())["updated"]] == [1, 0]
    (row,) = await rig.rows("SELECT list_price, original_list_price FROM properties")
    assert (row["list_price"], row["original_list_price"]) == (None, 5)


async def test_the_watermark_moves_only_when_the_walk_is_complete(sync_rig: MakeSyncRig) -> None:
    first = Page([listing("1", "2026-01-03T00:00:00Z")], checkpoint=Cursor("1"), watermark=Cursor("3rd"))
    last = Page([listing("2", "2026-01-04T00:00:00Z")], watermark=Cursor("4th"), complete=True)
    rig = await sync_rig(Source([first, SourceBrokeProtocol("cut short")], all_keys("1", "2")))
    run = await rig.sync()
    assert (run["status"], run["error_type"], run["added"]) == ("failed", "protocol", 1)
    (cursor,) = await rig.rows("SELECT * FROM mls_sync_cursors")
    assert (cursor["watermark"], cursor["walk_checkpoint"]) == (None, "1")
    rig.source.pages = [first, last]
    assert (await rig.sync())["status"] == "success"
    assert rig.source.resumed_from == [None, "1"], "the walk goes on where it was cut"
    (cursor,) = await rig.rows("SELECT * FROM mls_sync_cursors")
    assert cursor["watermark"] == "3rd", "in no order of time, the first page's is the safe one"
    assert cursor["walk"] is None


async def test_a_walk_in_time_order_moves_the_watermark_page_by_page(sync_rig: MakeSyncRig) -> None:
    first = Page([listing("1")], checkpoint=Cursor("1"), watermark=Cursor("3rd"))
    rig = await sync_rig(Source([first, SourceUnavailable("gone")], time_ordered=True))
    await rig.sync()
    assert (await rig.rows("SELECT watermark FROM mls_sync_cursors"))[0]["watermark"] == "3rd"


async def test_a_walk_without_the_mark_of_its_end_is_a_failed_walk(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source([Page([listing("1")], watermark=Cursor("w"))], all_keys("1")))
    run = await rig.sync()
    assert (run["status"], run["error_type"]) == ("failed", "protocol")
    assert (await rig.rows("SELECT watermark FROM mls_sync_cursors"))[0]["watermark"] is None


async def test_an_incremental_run_asks_from_the_watermark(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1"), watermark="w1"), all_keys("1")))
    await rig.sync(SyncType.INCREMENTAL)
    assert rig.source.asked_since == [None], "with nothing to start from it is a full walk"
    await rig.sync(SyncType.INCREMENTAL)
    assert rig.source.asked_since == [None, "w1"]


async def test_a_sweep_removes_exactly_what_is_gone(sync_rig: MakeSyncRig) -> None:
    records = [listing(str(n)) for n in range(20)]
    keys = [record.key for record in records]
    rig = await sync_rig(Source(one_page(*records), all_keys(*keys)))
    await rig.sync()
    rig.source.key_pages = all_keys(*keys[:-1])
    run = await rig.sync(SyncType.SWEEP)
    assert (run["status"], run["deleted"]) == ("success", 1)
    assert "19" not in await rig.keys()
    assert await rig.timeline("19") == ["listed", "removed"]


async def test_a_sweep_keeps_what_is_there_when_looked_at_again(sync_rig: MakeSyncRig) -> None:
    records = [listing(str(n)) for n in range(20)]
    rig = await sync_rig(Source(one_page(*records), all_keys(*[record.key for record in records])))
    await rig.sync()
    rig.source.key_pages = all_keys(*[str(n) for n in range(19)])
    rig.source.records = {"19": records[19]}
    assert (await rig.sync(SyncType.SWEEP))["deleted"] == 0
    assert "19" in await rig.keys()


@pytest.mark.parametrize(
    ("key_pages", "words"),
    [
        ([KeyPage(["0"])], "before it marked"),
        ([KeyPage(["0"], complete=True, total=20)], "counts 20"),
        ([KeyPage(["0"]), SourceBrokeProtocol("the reply is cut")], "the reply is cut"),
        ([], "before it marked"),
    ],
)
async def test_a_sweep_cut_short_removes_nothing_and_says_why(
    sync_rig: MakeSyncRig, key_pages: list[KeyPage | Exception], words: str
) -> None:
    records = [listing(str(n)) for n in range(20)]
    rig = await sync_rig(Source(one_page(*records), all_keys(*[record.key for record in records])))
    await rig.sync()
    rig.source.key_pages = key_pages
    run = await rig.sync(SyncType.SWEEP)
    assert run["status"] == "failed"
    assert words in str(run["error"])
    assert len(await rig.keys()) == 20
    assert words in str((await rig.rows("SELECT reason FROM mls_sweeps"))[0]["reason"])


async def test_a_sweep_over_the_share_is_refused_and_applied_when_accepted(sync_rig: MakeSyncRig) -> None:
    records = [listing(str(n)) for n in range(20)]
    rig = await sync_rig(Source(one_page(*records), all_keys(*[record.key for record in records])))
    await rig.sync()
    rig.source.key_pages = all_keys(*[str(n) for n in range(10)])
    run = await rig.sync(SyncType.SWEEP)
    assert run["status"] == "partial"
    assert "10 of 20" in str(run["error"])
    assert len(await rig.keys()) == 20
    (sweep,) = await rig.rows("SELECT * FROM mls_sweeps")
    assert sweep["candidates"] == 10
    rig.source.records = {"15": records[15]}
    await rig.sync(SyncType.SWEEP, sweep_id=sweep["id"])
    assert await rig.keys() == sorted([*[str(n) for n in range(10)], "15"])
    assert (await rig.rows("SELECT removed FROM mls_sweeps"))[0]["removed"] == 9


async def test_a_removed_listing_returns(sync_rig: MakeSyncRig) -> None:
    records = [listing(str(n)) for n in range(20)]
    rig = await sync_rig(Source(one_page(*records), all_keys(*[record.key for record in records][:-1])))
    await rig.sync()
    await rig.sync(SyncType.SWEEP)
    assert "19" not in await rig.keys()
    rig.source.key_pages = all_keys(*[record.key for record in records])
    run = await rig.sync()
    assert run["updated"] == 1
    assert "19" in await rig.keys()
    assert await rig.timeline("19") == ["listed", "removed", "returned"]


async def test_an_explicit_flag_removes(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1"), listing("2")), all_keys("1", "2")))
    await rig.sync()
    rig.source.pages = one_page(replace(listing("2"), visible=False))
    assert (await rig.sync(SyncType.INCREMENTAL))["deleted"] == 1
    assert await rig.keys() == ["1"]


async def test_scope_is_followed_both_ways(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1"), listing("2", StandardStatus="Closed")), all_keys("1", "2")))
    await rig.sync()
    assert await rig.keys() == ["1", "2"]
    await rig.run_sql("""UPDATE mls_provider_configurations SET scope = '{"statuses": ["Active"]}'""")
    await rig.sync(SyncType.INCREMENTAL)
    assert await rig.keys() == ["1"]
    (row,) = await rig.rows("SELECT removed_at, out_of_scope_at FROM properties WHERE listing_key = '2'")
    assert row["removed_at"] is None
    assert row["out_of_scope_at"] is not None
    await rig.run_sql("""UPDATE mls_provider_configurations SET scope = '{"statuses": ["Active", "Closed"]}'""")
    await rig.sync(SyncType.INCREMENTAL)
    assert await rig.keys() == ["1", "2"], "widening fetches again"
    assert rig.source.asked_since == [None, None, None]


async def test_a_dry_run_counts_and_writes_nothing(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(
        Source(
            one_page(listing("1"), listing("2", StandardStatus="?"), listing("3", YearBuilt="?")), all_keys("1", "2")
        )
    )
    run = await rig.sync(dry_run=True)
    assert (run["added"], run["errored"], run["dry_run"]) == (2, 1, True)
    for table in ("properties", "listing_changes", "mls_sync_errors", "mls_sync_cursors", "listing_terms", "findings"):
        assert await rig.rows(f"SELECT * FROM {table}") == []  # noqa: S608 - a literal of this test


async def test_one_record_by_its_key(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(records={"7": listing("7")}))
    assert (await rig.sync(SyncType.RECORD, listing_key="7"))["added"] == 1
    missing = await rig.sync(SyncType.RECORD, listing_key="8")
    assert missing["status"] == "failed"
    assert "no record 8" in str(missing["error"])


async def test_photos_are_rows_with_the_page(sync_rig: MakeSyncRig) -> None:
    photos = [MediaRef("a", 1, "mock:1", permission=["Public"]), MediaRef("b", 2, "mock:2")]
    record = replace(listing("1", InternetEntireListingDisplayYN=True), media=photos)
    rig = await sync_rig(Source(one_page(record), all_keys("1")))
    await rig.sync()
    assert [row["state"] for row in await rig.rows("SELECT state FROM property_media")] == ["waiting", "waiting"]
    newer = listing("1", "2026-01-09T00:00:00Z", InternetEntireListingDisplayYN=True)
    rig.source.pages = one_page(replace(newer, media=[replace(photos[1], order=1)]))
    await rig.sync(SyncType.INCREMENTAL)
    assert [(row["media_key"], row["order"]) for row in await rig.rows("SELECT * FROM property_media")] == [("b", 1)]
    assert await rig.timeline("1") == ["listed", "media_changed"]


async def test_the_scope_may_limit_photos_by_status(sync_rig: MakeSyncRig) -> None:
    photos = [MediaRef(key, order, f"mock:{key}") for order, key in enumerate("abc")]
    record = replace(listing("1", StandardStatus="Closed"), media=photos)
    rig = await sync_rig(Source(one_page(record), all_keys("1")), scope={"photosPerStatus": {"Closed": 1}})
    await rig.sync()
    assert [row["media_key"] for row in await rig.rows("SELECT media_key FROM property_media")] == ["a"]
    await rig.run_sql("UPDATE mls_provider_configurations SET scope = '{}'")
    await rig.sync(SyncType.INCREMENTAL)
    assert len(await rig.rows("SELECT 1 FROM property_media")) == 3, "a wider scope fetches what it left out"


async def test_transient_trouble_pauses_longer_each_time_and_asks_for_a_person_at_the_third(
    sync_rig: MakeSyncRig,
) -> None:
    rig = await sync_rig(Source([SourceUnavailable("no answer")]))
    pauses: list[float] = []
    status: dict[str, object] = {}
    for _ in range(4):
        run = await rig.sync()
        assert (run["status"], run["error_type"]) == ("failed", "network")
        (status,) = await rig.rows("SELECT * FROM mls_sync_status")
        pauses.append((cast("datetime", status["next_run_at"]) - rig.clock.now()).total_seconds())
    assert 45 <= pauses[0] <= 75
    assert 90 <= pauses[1] <= 150
    assert pauses[2] > 3 * 3600, "from then on at its own interval"
    assert "4 runs in a row" in str(status["needs_operator"])
    assert status["blocked"] is False
    rig.source.pages, rig.source.key_pages = one_page(listing("1")), all_keys("1")
    await rig.sync()
    (status,) = await rig.rows("SELECT * FROM mls_sync_status")
    assert (status["consecutive_failures"], status["needs_operator"]) == (0, None)


async def test_refused_credentials_block_the_schedule(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(login_error=CredentialsRefused("the source does not accept this login")))
    run = await rig.sync()
    assert (run["status"], run["error_type"]) == ("failed", "authentication")
    (status,) = await rig.rows("SELECT * FROM mls_sync_status")
    assert status["blocked"] is True


async def test_a_source_may_name_its_own_hour(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source())
    later = rig.clock.now() + timedelta(hours=9)
    rig.source.pages = [RateLimited("slow down", not_before=later)]
    run = await rig.sync()
    assert run["error_type"] == "rate_limit"
    assert (await rig.rows("SELECT next_run_at FROM mls_sync_status"))[0]["next_run_at"] == later


async def test_a_cancelled_run_stops_at_the_next_page_and_the_next_run_goes_on(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source())
    first = Page([listing("1")], checkpoint=Cursor("1"), watermark=Cursor("w"))
    last = Page([listing("2")], complete=True)
    rig.source.pages, rig.source.key_pages = [first, last], all_keys("1", "2")
    await rig.run_sql(
        "CREATE FUNCTION ask() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "UPDATE mls_sync_history SET cancel_requested_at = now() WHERE status = 'running'; RETURN NULL; END $$"
    )
    await rig.run_sql("CREATE TRIGGER ask AFTER INSERT ON mls_sync_cursors FOR EACH ROW EXECUTE FUNCTION ask()")
    run = await rig.sync()
    assert (run["status"], run["added"]) == ("cancelled", 1)
    await rig.run_sql("DROP TRIGGER ask ON mls_sync_cursors")
    run = await rig.sync()
    assert (run["status"], run["added"]) == ("success", 1)
    assert rig.source.resumed_from[-1] == "1"


async def test_a_worker_thought_dead_is_fenced_out(sync_rig: MakeSyncRig) -> None:
    first = Page([listing("1")], checkpoint=Cursor("1"), watermark=Cursor("w"))
    rig = await sync_rig(Source([first, Page([listing("2")], complete=True)], all_keys("1", "2")))
    await rig.run_sql(
        "CREATE FUNCTION usurp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "UPDATE mls_sync_status SET epoch = epoch + 1; RETURN NULL; END $$"
    )
    await rig.run_sql("CREATE TRIGGER usurp AFTER INSERT ON mls_sync_cursors FOR EACH ROW EXECUTE FUNCTION usurp()")
    run = await rig.sync()
    assert run["status"] == "running", "the row belongs to whoever took over"
    assert await rig.keys() == ["1"]
    await rig.run_sql("DROP TRIGGER usurp ON mls_sync_cursors")
    assert await rig.engine.run_next("board")
    (run,) = await rig.rows("SELECT status, added, sync_id FROM mls_sync_history WHERE parent_id IS NULL")
    assert (run["status"], run["added"]) == ("success", 2), "resumed under the same id"
    assert await rig.keys() == ["1", "2"]


async def test_a_run_waits_for_a_seat_longer_than_a_killed_worker_can_keep_it(
    sync_rig: MakeSyncRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = await sync_rig(Source(one_page(listing("1")), all_keys("1")))
    waits: list[timedelta] = []

    def watched(*where: object, wait: timedelta, lease: timedelta, yields: bool) -> object:
        waits.append(wait)
        return session_slot(*where, wait=wait, lease=lease, yields=yields)  # pyright: ignore[reportArgumentType] - handed on as they came

    monkeypatch.setattr("platbook.providers.sessions.session_slot", watched)
    assert (await rig.sync())["status"] == "success"
    (wait,) = waits
    assert wait >= LEASE + timedelta(seconds=30)


@pytest.mark.parametrize("status", ["Delete", "deleted", "ZAP"])
@pytest.mark.parametrize("retention", ["keep", "erase"])
async def test_a_record_whose_status_says_that_it_is_deleted_is_removed(
    sync_rig: MakeSyncRig, status: str, retention: str
) -> None:
    rig = await sync_rig(Source(one_page(listing("1"), listing("2")), all_keys("1", "2")), retention=retention)
    await rig.sync()
    gone = listing("1", "2026-01-09T00:00:00Z", StandardStatus=status)
    rig.source.pages = one_page(gone, listing("3", StandardStatus=status))
    run = await rig.sync(SyncType.INCREMENTAL)
    assert (run["status"], run["deleted"], run["added"], run["errored"]) == ("success", 1, 0, 0)
    assert await rig.keys() == ["2"]
    assert await rig.timeline("1") == ["listed", "removed", *(["erased"] if retention == "erase" else [])]
    again = await rig.sync(SyncType.INCREMENTAL)
    assert (again["deleted"], again["updated"]) == (0, 0)
    rig.source.pages = one_page(listing("1", "2026-01-10T00:00:00Z"))
    await rig.sync(SyncType.INCREMENTAL)
    assert await rig.keys() == ["1", "2"]


async def test_an_empty_list_of_photos_beside_a_count_of_some_says_nothing(sync_rig: MakeSyncRig) -> None:
    photos = [MediaRef("a", 1, "mock:1"), MediaRef("b", 2, "mock:2")]
    rig = await sync_rig(Source(one_page(replace(listing("1", PhotosCount=2), media=photos)), all_keys("1")))
    await rig.sync()
    for day, count, left in ((2, 2, 2), (3, "2 photos", 2), (4, None, 0)):
        record = listing("1", f"2026-01-0{day}T00:00:00Z", PhotosCount=count)
        rig.source.pages = one_page(replace(record, media=[]))
        await rig.sync(SyncType.INCREMENTAL)
        assert len(await rig.rows("SELECT FROM property_media")) == left
