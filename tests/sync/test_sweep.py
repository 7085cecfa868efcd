"""Sweeps that are interrupted, taken over, refused again and again."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from platbook.base.actor import Actor, Role
from platbook.base.errors import SourceBrokeProtocol, SourceUnavailable
from platbook.connectors.contract import Cursor, KeyPage, Page, RawRecord, RecordProblem
from platbook.db import Database, Query
from platbook.sync.received import Q as RECEIVED
from platbook.sync.received import delete_received
from platbook.sync.runs import requests
from platbook.sync.runs.run import SyncType
from platbook.sync.sampling import draw_sample
from tests.fakes.scripted_source import Source, all_keys, listing, one_page
from tests.sync.conftest import MakeSyncRig, SyncRig

ADA = Actor("ada@example.com", role=Role.ADMIN)
KEYS = [str(number) for number in range(20)]


async def _stocked(sync_rig: MakeSyncRig, **configuration: object) -> SyncRig:
    rig = await sync_rig(Source(one_page(*map(listing, KEYS)), all_keys(*KEYS)), **configuration)
    await rig.sync()
    return rig


async def _after_each_key_page(rig: SyncRig, statement: str) -> None:
    """Let something happen once a sweep's page of keys is stored, behind its back."""
    await rig.run_sql(
        f"CREATE FUNCTION strike() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {statement}; RETURN NULL; END $$"
    )
    await rig.run_sql("CREATE TRIGGER strike AFTER INSERT ON mls_sweep_keys EXECUTE FUNCTION strike()")


async def test_a_sweeper_that_was_taken_over_leaves_its_successors_keys_alone(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig)
    await _after_each_key_page(rig, "UPDATE mls_sync_status SET epoch = epoch + 1")
    rig.source.key_pages = [KeyPage(KEYS[:10]), KeyPage(KEYS[10:], complete=True, total=20)]
    assert (await rig.sync(SyncType.SWEEP))["status"] == "running", "the row belongs to whoever took over"
    assert len(await rig.rows("SELECT FROM mls_sweep_keys")) == 10


async def test_a_resumed_sweep_reads_every_key_again(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig)
    (run,) = await rig.rows("SELECT sync_id FROM mls_sync_history WHERE parent_id IS NULL")
    await rig.run_sql("UPDATE mls_sync_history SET status = 'running', sync_type = 'sweep'")
    stale = "INSERT INTO mls_sweep_keys SELECT %(id)s, unnest(%(keys)s::text[])"
    await rig.run_sql(stale, id=run["sync_id"], keys=KEYS)
    rig.source.key_pages = [KeyPage(KEYS[:-1], complete=True)]
    assert await rig.engine.run_next("board")
    assert "19" not in await rig.keys(), "it went while nobody looked; that it was named once says nothing"
    assert await rig.rows("SELECT FROM mls_sweep_keys") == []


async def test_keys_that_the_database_lost_in_a_crash_remove_nothing(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig, maxRemovalShare=1)
    crash = (
        "IF (SELECT count(*) FROM mls_sweep_keys) > 10 "
        "THEN DELETE FROM mls_sweep_keys WHERE listing_key::int < 10; END IF"
    )
    await _after_each_key_page(rig, crash)
    rig.source.key_pages = [KeyPage(KEYS[:10]), KeyPage(KEYS[10:], complete=True)]
    run = await rig.sync(SyncType.SWEEP)
    assert (run["status"], run["deleted"]) == ("failed", 0)
    assert "lost keys" in str(run["error"])
    assert len(await rig.keys()) == 20


@pytest.mark.parametrize(
    ("key_pages", "words"),
    [
        ([KeyPage([*KEYS[:-1], "0"], complete=True, total=20)], "counts 20 records and listed 19 distinct keys"),
        ([KeyPage(KEYS[:10], total=20), KeyPage([*KEYS[9:-1]], complete=True)], "counts 20"),
        ([KeyPage(KEYS[:10]), KeyPage(KEYS[9:-1], complete=True)], "listed 20 keys, only 19 of them distinct"),
        ([KeyPage([*KEYS[:-1], "0"], complete=True)], "listed 20 keys, only 19 of them distinct"),
    ],
)
async def test_repeated_keys_in_place_of_others_remove_nothing(
    sync_rig: MakeSyncRig, key_pages: list[KeyPage | Exception], words: str
) -> None:
    rig = await _stocked(sync_rig)
    rig.source.key_pages = key_pages
    run = await rig.sync(SyncType.SWEEP)
    assert (run["status"], run["deleted"]) == ("failed", 0)
    assert words in str(run["error"])
    assert len(await rig.keys()) == 20


async def test_a_repeated_key_does_no_harm_where_distinct_ones_reach_the_count(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig)
    rig.source.key_pages = [KeyPage(KEYS[:10]), KeyPage(KEYS[9:-1], complete=True, total=19)]
    run = await rig.sync(SyncType.SWEEP)
    assert (run["status"], run["deleted"]) == ("success", 1)


async def test_keys_that_cannot_be_stored_are_counted(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig)
    odd = ["é" * 4000, "a NUL \0", "half a character \ud800"]
    rig.source.key_pages = [KeyPage([*KEYS[:-1], *odd], complete=True, total=22)]
    run = await rig.sync(SyncType.SWEEP)
    assert (run["status"], run["deleted"], run["error"]) == ("success", 1, None)


async def _refused(sync_rig: MakeSyncRig) -> tuple[SyncRig, UUID]:
    """A rig whose scheduled sweep half a day later was refused, and the sweep's id."""
    rig = await _stocked(sync_rig)
    rig.source.pages, rig.source.key_pages = one_page(), all_keys(*KEYS[:10])
    rig.clock.advance(timedelta(hours=12))
    assert (await rig.sync(SyncType.INCREMENTAL))["status"] == "partial"
    (sweep,) = await rig.rows("SELECT id FROM mls_sweeps")
    return rig, UUID(str(sweep["id"]))


async def _accept(rig: SyncRig, sweep_id: UUID) -> None:
    async with rig.database.transaction() as connection:
        await requests.accept_sweep(connection, sweep_id, ADA, rig.clock.now())


async def _sweeps(rig: SyncRig) -> list[tuple[object, ...]]:
    sql = (
        "SELECT status, candidates, (SELECT count(*) FROM mls_sweep_candidates WHERE sweep_id = s.id) AS kept, removed "
        "FROM mls_sweeps s ORDER BY began_at"
    )
    return [tuple(row.values()) for row in await rig.rows(sql)]


async def test_a_refused_sweep_waits_for_a_decision(sync_rig: MakeSyncRig) -> None:
    rig, sweep_id = await _refused(sync_rig)
    rig.source.pages = one_page(listing("0", "2026-01-09T00:00:00Z", ListPrice=1))
    assert (await rig.sync(SyncType.INCREMENTAL))["status"] == "success", "runs go on"
    assert await _sweeps(rig) == [("refused", 10, 10, None)]
    (status,) = await rig.rows("SELECT needs_operator FROM mls_sync_status")
    assert "10 of 20" in str(status["needs_operator"]), "and a person is still asked"
    await _accept(rig, sweep_id)
    assert await rig.engine.run_next("board")
    assert await _sweeps(rig) == [("accepted", 10, 10, 10)]
    assert await rig.keys() == sorted(KEYS[:10])
    assert await rig.rows("SELECT needs_operator FROM mls_sync_status") == [{"needs_operator": None}]


async def test_a_newer_sweep_supersedes_an_undecided_one(sync_rig: MakeSyncRig) -> None:
    rig, _ = await _refused(sync_rig)
    rig.clock.advance(timedelta(hours=12))
    rig.source.key_pages = all_keys(*KEYS[:11])
    await rig.sync(SyncType.INCREMENTAL)
    assert await _sweeps(rig) == [("superseded", 10, 0, None), ("refused", 9, 9, None)]


@pytest.mark.parametrize("reason", [None, SourceBrokeProtocol("the reply is cut")])
async def test_a_sweep_cut_short_leaves_the_one_that_waits(sync_rig: MakeSyncRig, reason: Exception | None) -> None:
    rig, sweep_id = await _refused(sync_rig)
    for _ in range(2):
        rig.source.key_pages = [KeyPage(["0"]), *([reason] if reason else [])]
        assert (await rig.sync(SyncType.SWEEP))["status"] == "failed"
    assert await _sweeps(rig) == [("refused", 10, 10, None), ("superseded", 0, 0, None), ("refused", 0, 0, None)]
    await _accept(rig, sweep_id)
    await rig.engine.run_next("board")
    assert len(await rig.keys()) == 10


async def test_an_accepted_sweep_whose_run_fails_or_is_cancelled_can_be_accepted_again(sync_rig: MakeSyncRig) -> None:
    rig, sweep_id = await _refused(sync_rig)
    rig.source.login_error = SourceUnavailable("no answer")
    await _accept(rig, sweep_id)
    await rig.engine.run_next("board")
    assert await _sweeps(rig) == [("refused", 10, 10, None)]
    rig.source.login_error = None
    await _accept(rig, sweep_id)
    async with rig.database.transaction() as connection:
        await requests.cancel_sync(connection, "board", ADA, rig.clock.now())
    assert await rig.rows("SELECT status, decided_by FROM mls_sweeps") == [{"status": "refused", "decided_by": None}]
    await _accept(rig, sweep_id)
    await rig.engine.run_next("board")
    assert await _sweeps(rig) == [("accepted", 10, 10, 10)]


@pytest.mark.parametrize(
    "nineteen",
    [
        Page([listing("19")]),
        Page([listing("19", "2026-01-01T05:00:00Z", ListPrice=1)]),
        Page([listing("19", "2025-01-01T00:00:00Z", ListPrice=2)]),
        Page([listing("19", StandardStatus="?")]),
        Page([], problems=[RecordProblem("19", None, "the record ends in the middle of a value", "{")]),
    ],
    ids=["unchanged", "changed", "older", "rejected", "unreadable"],
)
@pytest.mark.parametrize("dry_run", [False, True])
async def test_a_sweep_removes_nothing_that_its_own_run_received(
    sync_rig: MakeSyncRig, nineteen: Page, *, dry_run: bool
) -> None:
    rig = await _stocked(sync_rig)
    rig.source.pages = [Page([*map(listing, KEYS[:-2])]), replace(nineteen, complete=True)]
    rig.source.key_pages = all_keys(*KEYS[:-2])
    run = await rig.sync(dry_run=dry_run)
    assert run["deleted"] == 1, "18 was neither received nor named"
    assert "19" in await rig.keys()
    assert ("18" in await rig.keys()) == dry_run
    assert await rig.rows("SELECT FROM mls_received_keys") == [], "they are of no more use"
    assert (await rig.sync(SyncType.SWEEP))["deleted"] == (1 if not dry_run else 2)
    assert "19" not in await rig.keys(), "another run's sweep has received nothing"


async def test_a_resumed_run_knows_what_it_received_before(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig)
    first = Page([*map(listing, KEYS[10:])], checkpoint=Cursor("1"), watermark=Cursor("w"))
    rig.source.pages = [first, Page([*map(listing, KEYS[:10])], complete=True)]
    rig.source.key_pages = all_keys(*KEYS[:-1])
    await rig.run_sql(
        "CREATE FUNCTION usurp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "UPDATE mls_sync_status SET epoch = epoch + 1; RETURN NULL; END $$"
    )
    usurped = "CREATE TRIGGER usurp AFTER UPDATE ON mls_sync_cursors FOR EACH ROW WHEN (NEW.walk IS NOT NULL)"
    await rig.run_sql(f"{usurped} EXECUTE FUNCTION usurp()")
    assert (await rig.sync())["status"] == "running"
    await rig.run_sql("DROP TRIGGER usurp ON mls_sync_cursors")
    assert await rig.engine.run_next("board")
    assert rig.source.resumed_from[-1] == "1"
    (run,) = await rig.rows("SELECT status, deleted FROM mls_sync_history WHERE parent_id IS NULL ORDER BY 1 LIMIT 1")
    assert (run["status"], run["deleted"]) == ("success", 0)
    assert "19" in await rig.keys()


async def test_a_run_that_fails_keeps_no_received_keys(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig)
    rig.source.pages = [Page([listing("0")], checkpoint=Cursor("1")), SourceUnavailable("no answer")]
    assert (await rig.sync())["status"] == "failed"
    assert await rig.rows("SELECT FROM mls_received_keys") == []


async def test_received_keys_are_deleted_with_their_own_run_and_outlive_others(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig)
    (run,) = await rig.rows(
        "SELECT run.sync_id, child.sync_id AS child_id FROM mls_sync_history run "
        "JOIN mls_sync_history child ON child.parent_id = run.sync_id"
    )
    await rig.run_sql("INSERT INTO mls_received_keys VALUES (%(id)s, '{0}')", id=run["child_id"])
    await rig.run_sql("UPDATE mls_sync_history SET status = 'running'")
    for ended, kept in ((uuid4(), [{"sync_id": run["child_id"]}]), (UUID(str(run["sync_id"])), [])):
        async with rig.database.transaction() as connection:
            await delete_received(connection, ended)
        assert await rig.rows("SELECT sync_id FROM mls_received_keys") == kept


async def test_received_keys_are_found_by_one_reading_of_their_pages(database: Database) -> None:
    explained = Query("explain", "How it would be done.", f"EXPLAIN {RECEIVED.find_received_keys.sql}")
    async with database.read() as connection:
        plan = await connection.column(str, explained, {"sync_id": uuid4(), "keys": KEYS})
    assert not [line for line in plan if "Nested Loop" in line], "a page's keys would each search every page before"


async def test_what_its_own_run_rejected_is_not_erased_by_a_sweep(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(
        Source(one_page(listing("1"), listing("2", StandardStatus="?")), all_keys("1")), retention="erase"
    )
    await rig.sync()
    assert len(await rig.rows("SELECT FROM mls_sync_errors WHERE raw IS NOT NULL")) == 1
    await rig.sync(SyncType.SWEEP)
    assert await rig.rows("SELECT FROM mls_sync_errors WHERE raw IS NOT NULL") == []


MANY = [f"{number:03}" for number in range(510)]
SCOPES = [{}, {"statuses": ["Active"]}]


async def _many(sync_rig: MakeSyncRig, scope: dict[str, object], there: dict[str, RawRecord]) -> SyncRig:
    """A rig of 511 listings, of which the source's list of keys names one, and which has some when asked by key."""
    rig = await sync_rig(Source(one_page(*map(listing, [*MANY, "x"]))), maxRemovalShare=1, scope=scope)
    await rig.sync(SyncType.INCREMENTAL)
    rig.source.key_pages, rig.source.records, rig.source.looked_up = all_keys("x"), there, []
    return rig


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("scope", SCOPES)
async def test_many_candidates_stay_where_one_of_a_sample_exists(
    sync_rig: MakeSyncRig, scope: dict[str, object], *, dry_run: bool
) -> None:
    there = {key: listing(key, "2026-01-02T00:00:00Z", ListPrice=1) for key in MANY[::2]}
    rig = await _many(sync_rig, scope, there)
    run = await rig.sync(SyncType.SWEEP, dry_run=dry_run)
    assert (run["status"], run["deleted"], len(rig.source.looked_up)) == ("partial", 0, 60)
    found = there.keys() & rig.source.looked_up
    assert f"60 drawn at random were read again, and {len(found)} of them exist" in str(run["error"])
    assert len(await rig.keys()) == 511
    anew = await rig.rows("SELECT listing_key FROM properties WHERE list_price = 1")
    assert {row["listing_key"] for row in anew} == (set() if dry_run else found), "what is there is stored anew"
    assert len(await rig.rows("SELECT FROM mls_sweep_candidates")) == (0 if dry_run else 510 - len(found))


@pytest.mark.parametrize("scope", SCOPES)
async def test_many_candidates_are_removed_where_none_of_a_sample_exists(
    sync_rig: MakeSyncRig, scope: dict[str, object]
) -> None:
    rig = await _many(sync_rig, scope, {})
    run = await rig.sync(SyncType.SWEEP)
    assert (run["status"], run["deleted"]) == ("success", 510)
    assert await rig.keys() == ["x"]
    assert len(rig.source.looked_up) == (60 if not scope else 570), "in a narrowed scope all are looked at besides"


async def test_many_that_only_left_the_scope_are_hidden_as_such(sync_rig: MakeSyncRig) -> None:
    closed = {key: listing(key, "2026-01-02T00:00:00Z", StandardStatus="Closed") for key in MANY[10:]}
    rig = await _many(sync_rig, {"statuses": ["Active"]}, closed)
    run = await rig.sync(SyncType.SWEEP)
    assert (run["status"], run["deleted"]) == ("success", 10)
    assert len(await rig.rows("SELECT FROM properties WHERE out_of_scope_at IS NOT NULL")) == 500


async def test_of_a_sample_that_cannot_be_read_nothing_is_concluded(sync_rig: MakeSyncRig) -> None:
    rig = await _many(sync_rig, {"statuses": ["Active"]}, {key: listing(key, StandardStatus="?") for key in MANY})
    run = await rig.sync(SyncType.SWEEP)
    assert (run["status"], run["deleted"]) == ("partial", 0)
    assert "60 of them exist" in str(run["error"])


def test_a_sample_is_drawn_at_random_by_its_seed() -> None:
    seeds = [uuid4() for _ in range(200)]
    samples = [draw_sample(MANY, 60, seed) for seed in seeds]
    assert {len(set(sample)) for sample in samples} == {60}
    assert set().union(*samples) == set(MANY), "every key has its chance"
    assert draw_sample(MANY[::-1], 60, seeds[0]) == samples[0]
    assert sorted(draw_sample(MANY[:3], 60, seeds[0])) == MANY[:3]
