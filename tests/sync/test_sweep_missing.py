"""A sweep fetches by key what its list of keys names and the replica has not."""

from uuid import UUID

import pytest

from platbook.base.actor import COMMAND_LINE
from platbook.connectors.contract import ByKey, KeyPage, Page, RawRecord
from platbook.db import Database, Query
from platbook.sync.engine import SyncEngine
from platbook.sync.reports.history import Run, get_run
from platbook.sync.runs.lifecycle import request_run
from platbook.sync.runs.run import RunRequest, SyncType
from tests.fakes.rets_market import CLASSES, rets_market
from tests.fakes.scripted_source import Source, all_keys, listing, one_page
from tests.sync.conftest import MakeSyncRig, SyncRig
from tests.sync.rets_engine import add_rets_provider, rets_engine, stored

OLD = "2025-11-05T12:00:00Z"
MANY = [f"{number:03}" for number in range(250)]


def _late(*keys: str, **fields: object) -> dict[str, RawRecord]:
    """Records that the source publishes with times before the watermark."""
    return {key: listing(key, OLD, **fields) for key in keys}


async def _stocked(sync_rig: MakeSyncRig, by_key: ByKey = ByKey.ONE, **configuration: object) -> SyncRig:
    """A rig that has stored the listing `a`."""
    rig = await sync_rig(Source(one_page(listing("a")), all_keys("a"), by_key=by_key), **configuration)
    assert (await rig.sync())["status"] == "success"
    return rig


def _publish(rig: SyncRig, there: dict[str, RawRecord]) -> None:
    """Let the source name further keys, and have their records."""
    rig.source.key_pages = all_keys("a", *there)
    rig.source.records = there
    rig.source.looked_up, rig.source.key_lists = [], []


@pytest.mark.parametrize("by_key", [ByKey.ONE, ByKey.MANY])
async def test_a_record_published_late_is_found(sync_rig: MakeSyncRig, by_key: ByKey) -> None:
    rig = await _stocked(sync_rig, by_key)
    _publish(rig, _late("b"))
    run = await rig.sync(SyncType.SWEEP)
    assert (run["status"], run["remarks"]) == ("success", [])
    assert (run["fetched"], run["added"], run["found_by_sweep"]) == (1, 1, 1)
    assert await rig.keys() == ["a", "b"]
    assert await rig.timeline("b") == ["listed"]
    async with rig.database.read() as connection:
        view = await get_run(connection, UUID(str(run["sync_id"])))
    assert (view.found_by_sweep, view.resources[0].found_by_sweep) == (1, 1)
    again = await rig.sync(SyncType.SWEEP)
    assert (again["status"], again["fetched"], again["found_by_sweep"]) == ("success", 0, 0)


async def test_what_is_missing_is_fetched_in_lists_of_keys(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig, ByKey.MANY)
    _publish(rig, _late(*MANY))
    run = await rig.sync(SyncType.SWEEP)
    assert (run["status"], run["found_by_sweep"], rig.source.looked_up) == ("success", 250, [])
    assert sorted(map(len, rig.source.key_lists)) == [50, 100, 100]
    assert sorted(key for keys in rig.source.key_lists for key in keys) == MANY


async def test_what_is_missing_is_fetched_by_one_request_a_key_up_to_a_bound(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig)
    keys = [f"{number:03}" for number in range(505)]
    _publish(rig, _late(*keys))
    run = await rig.sync(SyncType.SWEEP)
    assert (run["status"], run["found_by_sweep"], run["errored"]) == ("partial", 500, 0)
    assert len(rig.source.looked_up) == len(set(rig.source.looked_up)) == 500
    for words in ("505 records", "5 of them could not be fetched", "at most 500"):
        assert words in str(run["remarks"])
    rig.source.looked_up = []
    run = await rig.sync(SyncType.SWEEP)
    assert (run["status"], run["found_by_sweep"], len(rig.source.looked_up)) == ("success", 5, 5)


@pytest.mark.parametrize("by_key", [ByKey.ONE, ByKey.MANY])
async def test_what_cannot_be_fetched_makes_the_run_partial(sync_rig: MakeSyncRig, by_key: ByKey) -> None:
    rig = await _stocked(sync_rig, by_key)
    _publish(rig, _late("b", "c", "d", "e"))
    rig.source.records = _late("b", "c", "d")
    rig.source.unreadable = frozenset("d")
    for found in (2, 0):
        run = await rig.sync(SyncType.SWEEP)
        assert (run["status"], run["found_by_sweep"], run["deleted"], run["error"]) == ("partial", found, 0, None)
        assert "2 of them could not be fetched by key" in str(run["remarks"])
        assert await rig.keys() == ["a", "b", "c"]
    rig.source.unreadable, rig.source.records = frozenset(), _late("d", "e")
    assert (await rig.sync(SyncType.SWEEP))["status"] == "success"


@pytest.mark.parametrize("by_key", [ByKey.ONE, ByKey.MANY])
async def test_a_source_whose_every_reply_is_broken_is_not_asked_for_every_key(
    sync_rig: MakeSyncRig, by_key: ByKey
) -> None:
    rig = await _stocked(sync_rig, by_key)
    _publish(rig, _late(*MANY))
    rig.source.unreadable = frozenset(MANY)
    run = await rig.sync(SyncType.SWEEP)
    assert (run["status"], run["found_by_sweep"]) == ("partial", 0)
    assert "250 of them could not be fetched" in str(run["remarks"])
    assert len(rig.source.looked_up) + len(rig.source.key_lists) == 20


async def test_a_source_that_cannot_be_asked_by_key_leaves_the_run_partial(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig, ByKey.NONE)
    _publish(rig, _late("b", "c"))
    run = await rig.sync(SyncType.SWEEP)
    assert (run["status"], run["found_by_sweep"]) == ("partial", 0)
    assert "2 records that the source's list of keys names were not stored here" in str(run["remarks"])
    assert (rig.source.looked_up, rig.source.key_lists) == ([], [])


async def test_what_is_known_to_be_out_of_scope_is_fetched_once_for_each_scope(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig, scope={"statuses": ["Active"]})
    _publish(rig, _late("b", StandardStatus="Closed"))
    for looked_up in (["b"], ["b"]):
        run = await rig.sync(SyncType.SWEEP)
        assert (run["status"], run["added"], run["found_by_sweep"]) == ("success", 0, 0)
        assert rig.source.looked_up == looked_up
    assert await rig.keys() == ["a"]
    await rig.run_sql("""UPDATE mls_provider_configurations SET scope = '{"statuses": ["Active", "Closed"]}'""")
    assert (await rig.sync(SyncType.SWEEP))["found_by_sweep"] == 1
    assert await rig.keys() == ["a", "b"]
    assert await rig.rows("SELECT FROM mls_excluded_keys") == [], "what another scope left out is forgotten"


async def test_what_a_walk_left_out_is_not_fetched_by_a_sweep(sync_rig: MakeSyncRig) -> None:
    out, deleted = listing("b", StandardStatus="Closed"), RawRecord("c", {"ListingKey": "c"}, visible=False)
    source = Source([Page([listing("a"), out, deleted], complete=True)], all_keys("a", "b", "c"))
    rig = await sync_rig(source, scope={"statuses": ["Active"]})
    run = await rig.sync()
    assert (run["status"], source.looked_up, await rig.keys()) == ("success", [], ["a"])
    (key,) = await rig.rows("SELECT min(xmin::text) AS version FROM mls_excluded_keys")
    await rig.sync()
    assert await rig.rows("SELECT min(xmin::text) AS version FROM mls_excluded_keys") == [key], "nothing is rewritten"


async def test_what_was_left_out_and_is_stored_since_can_be_found_again(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig, maxRemovalShare=1)
    rig.source.pages = [Page([RawRecord("a", {"ListingKey": "a"}, visible=False)], complete=True)]
    assert (await rig.sync(SyncType.INCREMENTAL))["deleted"] == 1
    rig.source.pages = one_page(listing("a", "2026-01-02T00:00:00Z"))
    assert (await rig.sync(SyncType.INCREMENTAL))["updated"] == 1
    rig.source.key_pages = all_keys()
    assert (await rig.sync(SyncType.SWEEP))["deleted"] == 1
    _publish(rig, {})
    rig.source.records = {"a": listing("a", "2026-01-02T00:00:00Z")}
    run = await rig.sync(SyncType.SWEEP)
    assert (run["updated"], run["found_by_sweep"]) == (1, 1)
    assert await rig.timeline("a") == ["listed", "removed", "returned", "removed", "returned"]


@pytest.mark.parametrize("dry_run", [False, True])
async def test_a_sweep_does_not_fetch_what_its_own_run_received(sync_rig: MakeSyncRig, *, dry_run: bool) -> None:
    records = [listing("a"), listing("b", StandardStatus="?"), listing("c", StandardStatus="Closed")]
    source = Source(one_page(*records), all_keys("a", "b", "c"))
    rig = await sync_rig(source, scope={"statuses": ["Active"]})
    run = await rig.sync(dry_run=dry_run)
    assert (run["added"], run["errored"], run["found_by_sweep"], run["remarks"]) == (1, 1, 0, [])
    assert source.looked_up == []


async def test_a_dry_run_counts_what_it_would_find(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig, scope={"statuses": ["Active"]})
    _publish(rig, _late("b") | _late("c", StandardStatus="Closed"))
    run = await rig.sync(SyncType.SWEEP, dry_run=True)
    assert (run["status"], run["added"], run["found_by_sweep"]) == ("success", 1, 1)
    assert await rig.keys() == ["a"]
    assert await rig.rows("SELECT FROM mls_excluded_keys") == []


async def test_a_refused_sweep_fetches_what_is_missing_all_the_same(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(*map(listing, "abcd")), all_keys(*"abcd")))
    await rig.sync()
    rig.source.key_pages, rig.source.records = all_keys("a", "e"), _late("e")
    run = await rig.sync(SyncType.SWEEP)
    assert (run["status"], run["deleted"], run["found_by_sweep"]) == ("partial", 0, 1)
    assert "it would remove 3 of 4" in str(run["error"])
    assert await rig.keys() == list("abcde")


async def test_a_list_of_keys_that_is_not_proved_finds_nothing(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig)
    _publish(rig, _late("b"))
    rig.source.key_pages = [KeyPage(["a", "b"], complete=True, total=3)]
    run = await rig.sync(SyncType.SWEEP)
    assert (run["status"], run["added"], rig.source.looked_up) == ("failed", 0, [])


async def test_a_found_record_that_is_rejected_is_one_rejection_and_not_fetched_again(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig)
    _publish(rig, _late("b", StandardStatus="?") | _late("c"))
    run = await rig.sync(SyncType.SWEEP)
    assert (run["status"], run["added"], run["errored"], run["found_by_sweep"]) == ("partial", 1, 1, 1)
    rig.source.looked_up = []
    assert (await rig.sync(SyncType.SWEEP))["status"] == "success"
    assert rig.source.looked_up == []


async def test_a_sweep_taken_over_fetches_only_what_is_still_missing(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig, ByKey.MANY)
    _publish(rig, _late(*MANY))
    await rig.run_sql(
        "CREATE FUNCTION usurp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "UPDATE mls_sync_status SET epoch = epoch + 1; RETURN NULL; END $$"
    )
    await rig.run_sql("CREATE TRIGGER usurp AFTER INSERT ON properties EXECUTE FUNCTION usurp()")
    assert (await rig.sync(SyncType.SWEEP))["status"] == "running"
    await rig.run_sql("DROP TRIGGER usurp ON properties")
    assert await rig.engine.run_next("board")
    (run,) = await rig.rows("SELECT * FROM mls_sync_history WHERE parent_id IS NULL AND sync_type = 'sweep'")
    assert (run["status"], run["added"], run["found_by_sweep"]) == ("success", 250, 250)
    assert len(await rig.keys()) == 251
    first, _, *resumed = rig.source.key_lists
    assert [len(keys) for keys in resumed] == [100, 50]
    assert {*first}.isdisjoint(key for keys in resumed for key in keys), "what was stored is not requested again"
    assert await rig.rows("SELECT FROM listing_changes GROUP BY property_id HAVING count(*) > 1") == []


async def test_what_a_rets_source_names_is_fetched_in_one_search_for_each_class(database: Database) -> None:
    async def sync(engine: SyncEngine, sync_type: SyncType) -> Run:
        async with database.transaction() as connection:
            run = RunRequest("board", sync_type)
            sync_id = await request_run(connection, run, COMMAND_LINE, engine.clock.now())
        await engine.run_next("board")
        async with database.read() as connection:
            return await get_run(connection, sync_id)

    async with rets_market(listings=60) as market, rets_engine(database) as engine:
        await add_rets_provider(engine, "board", market.url, photoType=None)
        full = await sync(engine, SyncType.FULL)
        before = await stored(database, "board")
        async with database.transaction() as connection:
            await connection.run(Query("lose", "A test's loss.", "DELETE FROM properties WHERE listing_key LIKE '%%3'"))
        lost = len(before) - len(await stored(database, "board"))
        again = await sync(engine, SyncType.SWEEP)
        assert (full.status, again.status, again.found_by_sweep, again.remarks) == ("success", "success", lost, [])
        assert await stored(database, "board") == before
        assert lost > 1
        assert again.requests <= 2 + 5 * len(CLASSES), (
            "of each class: a count that proves its query, its keys, a known one, the lost, those that did not come"
        )


async def test_a_source_that_stops_answering_fails_the_run(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig)
    _publish(rig, _late("b"))
    rig.source.away = True
    run = await rig.sync(SyncType.SWEEP)
    assert (run["status"], run["error"]) == ("failed", "no answer")
