"""What a sweep would remove is proved to be gone: by lists of keys, by a second list of all keys; and rejections."""

from uuid import UUID

import pytest

from platbook.connectors.contract import ByKey, KeyPage, RawRecord
from platbook.sync.reports.status import get_status
from platbook.sync.runs import requests
from platbook.sync.runs.run import SyncType
from tests.fakes.scripted_source import Source, all_keys, listing, one_page
from tests.sync.conftest import MakeSyncRig, SyncRig
from tests.sync.test_sweep import ADA

KEYS = [f"{number:03}" for number in range(250)]


async def _stocked(sync_rig: MakeSyncRig, by_key: ByKey, keys: list[str], **configuration: object) -> SyncRig:
    """A rig that has stored `keys` and `x`, whose list of all keys now names `x` alone."""
    source = Source(one_page(*map(listing, [*keys, "x"])), all_keys(*keys, "x"), by_key=by_key)
    rig = await sync_rig(source, **{"maxRemovalShare": 1, **configuration})
    assert (await rig.sync())["status"] == "success"
    source.key_pages, source.swept = all_keys("x"), 0
    return rig


async def test_candidates_are_read_again_by_lists_of_keys(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig, ByKey.MANY, KEYS)
    rig.source.records = {key: listing(key, "2026-01-02T00:00:00Z", ListPrice=1) for key in KEYS[::2]}
    rig.source.records["001"] = RawRecord("001", {}, visible=False)
    run = await rig.sync(SyncType.SWEEP)
    assert (run["status"], run["deleted"], run["updated"], run["found_by_sweep"]) == ("partial", 125, 125, 0)
    assert "is incomplete: 125 records exist that it does not name" in str(run["remarks"])
    assert [len(keys) for keys in rig.source.key_lists] == [100, 100, 50]
    assert rig.source.looked_up == []
    assert await rig.keys() == [*KEYS[::2], "x"]
    anew = await rig.rows("SELECT listing_key FROM properties WHERE list_price = 1 ORDER BY 1")
    assert [row["listing_key"] for row in anew] == KEYS[::2], "what exists is stored as it is now"


async def test_more_candidates_than_single_requests_may_read_are_all_read_in_lists(sync_rig: MakeSyncRig) -> None:
    many = [f"{number:03}" for number in range(700)]
    rig = await _stocked(sync_rig, ByKey.MANY, many)
    rig.source.records = {"123": listing("123")}
    run = await rig.sync(SyncType.SWEEP)
    assert (run["status"], run["deleted"], await rig.keys()) == ("partial", 699, ["123", "x"])


@pytest.mark.parametrize("by_key", [ByKey.ONE, ByKey.MANY])
async def test_a_candidate_that_cannot_be_read_stays(sync_rig: MakeSyncRig, by_key: ByKey) -> None:
    rig = await _stocked(sync_rig, by_key, KEYS[:3])
    rig.source.unreadable = frozenset({"001"})
    run = await rig.sync(SyncType.SWEEP)
    assert (run["status"], run["deleted"], await rig.keys()) == ("partial", 2, ["001", "x"])
    assert "1 records that the source's list of keys does not name could not be read" in str(run["remarks"])
    rig.source.unreadable = frozenset()
    assert (await rig.sync(SyncType.SWEEP))["status"] == "success"
    assert await rig.keys() == ["x"]


async def test_a_sample_that_cannot_be_read_refuses_the_sweep(sync_rig: MakeSyncRig) -> None:
    many = [f"{number:03}" for number in range(510)]
    rig = await _stocked(sync_rig, ByKey.ONE, many)
    rig.source.unreadable = frozenset(many)
    run = await rig.sync(SyncType.SWEEP)
    assert (run["status"], run["deleted"]) == ("partial", 0)
    assert "60 of them exist" in str(run["error"])


async def test_a_second_list_of_keys_confirms_where_nothing_can_be_read_by_key(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig, ByKey.NONE, KEYS[:4])
    rig.source.later_key_pages = [KeyPage(["x"]), KeyPage(["000", "002"], complete=True, total=3)]
    run = await rig.sync(SyncType.SWEEP)
    assert (run["status"], run["deleted"], rig.source.swept) == ("partial", 2, 2)
    assert "is incomplete: 2 records exist" in str(run["remarks"])
    assert await rig.keys() == ["000", "002", "x"]
    assert (rig.source.looked_up, rig.source.key_lists) == ([], [])
    assert await rig.rows("SELECT FROM mls_sweep_keys") == []


async def test_two_lists_of_keys_that_agree_are_proof(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig, ByKey.NONE, KEYS[:4])
    run = await rig.sync(SyncType.SWEEP)
    assert (run["status"], run["deleted"], await rig.keys()) == ("success", 4, ["x"])


async def test_what_only_left_the_scope_does_not_make_the_list_of_keys_incomplete(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig, ByKey.MANY, KEYS[:4], scope={"statuses": ["Active"]})
    rig.source.records = {"001": listing("001", "2026-01-02T00:00:00Z", StandardStatus="Closed")}
    run = await rig.sync(SyncType.SWEEP)
    assert (run["status"], run["deleted"], run["remarks"], await rig.keys()) == ("success", 3, [], ["x"])


@pytest.mark.parametrize("exists", [False, True])
@pytest.mark.parametrize("by_key", [ByKey.ONE, ByKey.MANY])
async def test_a_list_of_keys_short_of_what_its_run_received_is_partial_where_that_exists(
    sync_rig: MakeSyncRig, by_key: ByKey, *, exists: bool
) -> None:
    rig = await _stocked(sync_rig, by_key, KEYS)
    rig.source.records = {key: listing(key) for key in KEYS} if exists else {}
    run = await rig.sync()
    assert (run["status"], run["deleted"], len(await rig.keys())) == ("partial" if exists else "success", 0, 251)
    if exists:
        assert "does not name 250 records that this run received, and of 60 of these" in str(run["remarks"])
    assert len(rig.source.looked_up) + sum(map(len, rig.source.key_lists)) == 60


@pytest.mark.parametrize(
    "second", [[KeyPage(["x"])], [KeyPage(["x"], complete=True, total=2)], [KeyPage(["x", "x"], complete=True)]]
)
async def test_a_second_list_that_is_not_proved_removes_nothing(sync_rig: MakeSyncRig, second: list[KeyPage]) -> None:
    rig = await _stocked(sync_rig, ByKey.NONE, KEYS[:4])
    rig.source.later_key_pages = second
    run = await rig.sync(SyncType.SWEEP)
    assert (run["status"], run["deleted"], len(await rig.keys())) == ("failed", 0, 5)
    assert await rig.rows("SELECT FROM mls_sweep_keys") == []


async def test_keys_are_listed_once_where_nothing_is_to_be_confirmed(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig, ByKey.NONE, KEYS[:4], maxRemovalShare=0.1)
    assert "it would remove 4 of 5" in str((await rig.sync(SyncType.SWEEP))["error"])
    assert rig.source.swept == 1
    rig.source.key_pages = all_keys(*KEYS[:4], "x")
    assert (await rig.sync(SyncType.SWEEP))["status"] == "success"
    assert rig.source.swept == 2


async def test_an_accepted_sweep_is_confirmed_by_a_list_of_keys(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig, ByKey.NONE, KEYS[:4], maxRemovalShare=0.1)
    await rig.sync(SyncType.SWEEP)
    (sweep,) = await rig.rows("SELECT id FROM mls_sweeps")
    rig.source.key_pages = all_keys("001", "x")
    async with rig.database.transaction() as connection:
        await requests.accept_sweep(connection, UUID(str(sweep["id"])), ADA, rig.clock.now())
    assert await rig.engine.run_next("board")
    assert await rig.keys() == ["001", "x"]
    assert await rig.rows("SELECT status, removed FROM mls_sweeps") == [{"status": "accepted", "removed": 3}]
    assert await rig.rows("SELECT FROM mls_sweep_keys") == []


async def test_one_record_of_a_source_that_cannot_be_asked_by_key_is_refused(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig, ByKey.NONE, [])
    run = await rig.sync(SyncType.RECORD, listing_key="x")
    assert (run["status"], rig.source.looked_up) == ("failed", [])
    assert "cannot be read by key" in str(run["error"])


async def _open_errors(rig: SyncRig) -> int:
    async with rig.database.read() as connection:
        return (await get_status(connection, "board", rig.clock.now())).open_errors


@pytest.mark.parametrize("retention", ["keep", "erase"])
@pytest.mark.parametrize("sync_type", [SyncType.FULL, SyncType.SWEEP])
async def test_rejections_of_records_that_are_gone_are_closed(
    sync_rig: MakeSyncRig, retention: str, sync_type: SyncType
) -> None:
    records = [listing("1"), listing("2", StandardStatus="?"), listing("3", StandardStatus="?")]
    rig = await sync_rig(Source(one_page(*records), all_keys("1", "2", "3")), retention=retention)
    await rig.sync()
    assert await _open_errors(rig) == 2
    rig.source.pages, rig.source.key_pages = one_page(records[0], records[2]), all_keys("1", "3")
    await rig.sync(sync_type)
    assert await _open_errors(rig) == 1
    errors = await rig.rows("SELECT listing_key, retry, reason FROM mls_sync_errors ORDER BY listing_key")
    assert [(row["listing_key"], row["retry"]) for row in errors] == [("2", "abandoned"), ("3", "pending")]
    if retention == "keep":
        assert str(errors[0]["reason"]).endswith("(the source no longer has the record)")


async def test_a_rejection_of_a_stored_record_is_closed_when_the_record_is_removed(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig, ByKey.ONE, ["1"])
    rig.source.pages = one_page(listing("1", "2026-01-02T00:00:00Z", StandardStatus="?"))
    await rig.sync(SyncType.INCREMENTAL)
    assert await _open_errors(rig) == 1
    run = await rig.sync(SyncType.SWEEP)
    assert (run["deleted"], await _open_errors(rig)) == (1, 0)


@pytest.mark.parametrize("dry_run", [False, True])
async def test_a_sweep_that_is_refused_or_dry_closes_no_rejection(sync_rig: MakeSyncRig, *, dry_run: bool) -> None:
    rig = await _stocked(sync_rig, ByKey.ONE, ["1", "2"], maxRemovalShare=1 if dry_run else 0.1)
    rig.source.pages = one_page(listing("3", StandardStatus="?"))
    await rig.sync(SyncType.INCREMENTAL)
    await rig.sync(SyncType.SWEEP, dry_run=dry_run)
    assert await _open_errors(rig) == 1


@pytest.mark.parametrize("retention", ["keep", "erase"])
@pytest.mark.parametrize("sync_type", [SyncType.FULL, SyncType.SWEEP])
async def test_a_list_of_keys_that_is_short_closes_no_rejection(
    sync_rig: MakeSyncRig, sync_type: SyncType, retention: str
) -> None:
    rig = await _stocked(sync_rig, ByKey.ONE, ["1", "2"], retention=retention)
    rig.source.pages = one_page(listing("3", StandardStatus="?"))
    await rig.sync(SyncType.INCREMENTAL)
    rig.source.pages = one_page(listing("1"), listing("x"))
    rig.source.records = {"1": listing("1")}  # neither its list of keys nor its count has it
    assert (await rig.sync(sync_type))["status"] == "partial"
    assert await _open_errors(rig) == 1


async def test_a_record_whose_rejection_was_closed_is_fetched_when_the_source_names_it_again(
    sync_rig: MakeSyncRig,
) -> None:
    rig = await sync_rig(Source(one_page(listing("1"), listing("2", StandardStatus="?")), all_keys("1", "2")))
    await rig.sync()
    rig.source.pages, rig.source.key_pages = one_page(), all_keys("1")
    await rig.sync(SyncType.SWEEP)
    rig.source.key_pages, rig.source.records = all_keys("1", "2"), {"2": listing("2")}
    assert (await rig.sync(SyncType.SWEEP))["found_by_sweep"] == 1
    assert await rig.keys() == ["1", "2"]
