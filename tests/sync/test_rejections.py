"""Records that could not be accepted: none of them stops a run, whatever it holds."""

import random
import re

import pytest

from platbook.base.errors import SessionSlotLost
from platbook.connectors.contract import Page, RawRecord, RecordProblem
from platbook.db.errors import OperationalError
from platbook.reso.fields import COLUMNS, Field, Kind
from platbook.reso.lookups import LOCKED
from platbook.sync.runs.run import SyncType
from tests.fakes.scripted_source import Source, all_keys, listing, one_page
from tests.sync.conftest import MakeSyncRig, SyncRig


@pytest.mark.parametrize(
    "seen", ["<html>gone", '{"ListPrice": 1}', '"fields"', "[1]", '{"fields": 1, "modified": null}']
)
async def test_what_a_connector_could_not_read_is_abandoned_when_it_is_tried_again(
    sync_rig: MakeSyncRig, seen: str
) -> None:
    bad = Page([listing("1")], problems=[RecordProblem("2", "ListPrice", "the row is cut", seen)], complete=True)
    rig = await sync_rig(Source([bad], all_keys("1", "2")))
    assert (await rig.sync())["status"] == "partial"
    await rig.run_sql("UPDATE mls_sync_errors SET retry = 'retrying'")
    run = await rig.sync(SyncType.RETRY)
    assert (run["status"], run["error"]) == ("success", None)
    (error,) = await rig.rows("SELECT retry, reason FROM mls_sync_errors")
    assert error["retry"] == "abandoned"
    assert str(error["reason"]).startswith("the row is cut (it cannot be retried")
    rig.source.pages = one_page(listing("1"), listing("2"))
    assert (await rig.sync())["status"] == "success", "and it stands in no later run's way"
    assert await rig.keys() == ["1", "2"]


@pytest.mark.parametrize("key", ["k" * 256, "a\0b", "a\ud800b"])
async def test_a_key_that_cannot_be_stored_is_a_rejection_without_one(sync_rig: MakeSyncRig, key: str) -> None:
    unread = RecordProblem(key, "ListPrice", "the row is cut", "a,b\ud800")
    page = Page([listing("1"), listing(key)], problems=[unread], complete=True)
    rig = await sync_rig(Source([page], all_keys("1")))
    run = await rig.sync()
    assert (run["status"], run["added"], run["errored"]) == ("partial", 1, 2)
    rows = await rig.rows("SELECT listing_key, field FROM mls_sync_errors ORDER BY field")
    assert [(row["listing_key"], row["field"]) for row in rows] == [(None, "ListPrice"), (None, "ListingKey")]


def _bounded() -> list[tuple[Field, int]]:
    return [(field, field.max_length) for field in COLUMNS if field.max_length is not None]


def _text(length: int) -> str:
    """Characters of four bytes that do not compress."""
    return "".join(chr(random.randrange(0x20000, 0x2A000)) for _ in range(length))  # noqa: S311 - no secret


async def test_a_text_too_long_for_an_index_is_left_out_and_one_that_just_fits_is_stored(
    sync_rig: MakeSyncRig,
) -> None:
    records: list[RawRecord] = []
    for field, longest in _bounded():
        records.append(listing(f"fits {field.name}", "2026-01-01T00:00:00Z", **{field.name: _text(longest)}))
        records.append(listing(f"long {field.name}", "2026-01-01T00:00:00Z", **{field.name: _text(longest + 1)}))
    longest_all = {field.name: _text(longest) for field, longest in _bounded()}
    records.append(listing("fits all", "2026-01-01T00:00:00Z", **longest_all))
    rig = await sync_rig(Source(one_page(*records), all_keys(*[record.key for record in records])))
    run = await rig.sync()
    assert (run["error"], run["status"]) == (None, "success")
    assert await rig.keys() == sorted(record.key for record in records)
    found = await rig.rows("SELECT field, reason, count FROM findings")
    assert {(row["field"], row["reason"], row["count"]) for row in found} == {
        (field.name, f"longer than {longest} characters", 1) for field, longest in _bounded()
    }


async def test_every_text_in_an_index_of_listings_has_its_longest(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source())
    rows = await rig.rows(
        "SELECT indexdef AS made_of FROM pg_indexes WHERE tablename = 'properties' "
        "UNION SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'properties'::regclass"
    )
    indexed = " ".join(str(row["made_of"]).split(" WHERE ")[0] for row in rows)
    texts = [field for field in COLUMNS if field.kind in {Kind.TEXT, Kind.LOOKUP} and field.name not in LOCKED]
    names = {field.name for field in texts if re.search(rf"\b{field.column}\b", indexed)}
    assert names | {"PublicRemarks"} == {field.name for field, _ in _bounded()}, "remarks are bounded for their words"


async def _break_writing(rig: SyncRig, sqlstate: str) -> None:
    await rig.run_sql(
        "CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION 'broken' USING ERRCODE = '{sqlstate}'; END $$"
    )
    await rig.run_sql("CREATE TRIGGER break AFTER INSERT ON properties FOR EACH ROW EXECUTE FUNCTION break()")


async def test_what_the_database_refuses_fails_the_run(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1")), all_keys("1")))
    await _break_writing(rig, "54000")
    with pytest.raises(OperationalError, match="broken"):
        await rig.sync()
    (run,) = await rig.rows("SELECT * FROM mls_sync_history WHERE parent_id IS NULL")
    assert (run["status"], run["error_type"]) == ("failed", "unknown")


@pytest.mark.parametrize("sqlstate", ["57P01", "08006", "53100"])
async def test_a_run_whose_database_goes_away_or_is_full_is_left_to_be_resumed(
    sync_rig: MakeSyncRig, sqlstate: str
) -> None:
    rig = await sync_rig(Source(one_page(listing("1")), all_keys("1")))
    await _break_writing(rig, sqlstate)
    with pytest.raises(OperationalError, match="broken"):
        await rig.sync()
    (run,) = await rig.rows("SELECT * FROM mls_sync_history WHERE parent_id IS NULL")
    assert run["status"] == "running"


async def test_a_run_whose_session_lost_its_slot_is_left_to_be_resumed(sync_rig: MakeSyncRig) -> None:
    source = Source([SessionSlotLost("the session lost its slot")], all_keys("1"))
    rig = await sync_rig(source)
    with pytest.raises(SessionSlotLost):
        await rig.sync()
    (run,) = await rig.rows("SELECT * FROM mls_sync_history WHERE parent_id IS NULL")
    assert run["status"] == "running"
    source.pages = one_page(listing("1"))
    assert await rig.engine.run_next(rig.provider_id)
    (run,) = await rig.rows("SELECT * FROM mls_sync_history WHERE parent_id IS NULL")
    assert (run["status"], run["added"], "interrupted and resumed" in str(run["remarks"])) == ("success", 1, True)


async def test_a_run_whose_connection_is_cut_is_left_to_be_resumed(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1")), all_keys("1")))
    await rig.run_sql(
        "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); RETURN NULL; END $$"
    )
    await rig.run_sql("CREATE TRIGGER cut AFTER INSERT ON properties FOR EACH ROW EXECUTE FUNCTION cut()")
    with pytest.raises(OperationalError):
        await rig.sync()
    (run,) = await rig.rows("SELECT * FROM mls_sync_history WHERE parent_id IS NULL")
    assert run["status"] == "running"
    await rig.run_sql("DROP TRIGGER cut ON properties")
    assert await rig.engine.run_next(rig.provider_id)
    assert await rig.keys() == ["1"]
