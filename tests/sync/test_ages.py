"""How old a copy is: what makes it young, what does not, and what is hidden for its age."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from platbook.base.actor import Actor, Role
from platbook.base.errors import NotFound, SourceBrokeProtocol, SourceUnavailable
from platbook.connectors.contract import Cursor, DeleteSignal, KeyPage, Page, Resource
from platbook.db import Database, Query
from platbook.db.migrations import find_migrations
from platbook.sync.ages import CopyAge, find_ages, get_age
from platbook.sync.clock_ahead import TOLERANCE
from platbook.sync.runs import requests
from platbook.sync.runs.run import SyncType
from tests.fakes.scripted_source import Source, all_keys, listing, one_page
from tests.sync.conftest import MakeSyncRig, SyncRig

ADA = Actor("ada@example.com", role=Role.ADMIN)
KEYS = [f"{number:02}" for number in range(30)]
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
HIDE = """
    INSERT INTO display_rules (id, provider_id, originating_system, surface, feed, ours, settings, version, valid_from,
        valid_to, set_by)
    VALUES (gen_random_uuid(), %(provider)s, %(system)s, %(surface)s, %(feed)s, %(ours)s,
        jsonb_build_object('hideWhenStale', %(age)s::text), 1, now(), %(valid_to)s, 'ada')
"""
ANYTHING: Mapping[str, object] = {
    "provider": "board", "system": None, "surface": "public", "feed": None, "ours": False, "valid_to": None,
}  # fmt: skip


async def hide_after(rig: SyncRig, age: str, **other: object) -> None:
    """Set the age beyond which nothing of the rig's provider is public."""
    await rig.run_sql("DELETE FROM display_rules WHERE provider_id = 'board' AND surface = 'public'")
    await rig.run_sql(HIDE, age=age, **{**ANYTHING, **other})


async def _age(rig: SyncRig) -> CopyAge:
    async with rig.database.read() as connection:
        return await get_age(connection, rig.provider_id, rig.clock.now())


async def _is_stale(rig: SyncRig, at: datetime) -> bool:
    async with rig.database.read() as connection:
        return (await get_age(connection, rig.provider_id, at)).is_stale


async def _stocked(sync_rig: MakeSyncRig, **configuration: object) -> SyncRig:
    """A rig that was synced once, over a source whose every page takes a minute."""
    rig = await sync_rig(Source(one_page(*map(listing, KEYS)), all_keys(*KEYS)), **configuration)

    async def take_a_minute() -> None:
        rig.clock.advance(MINUTE)

    rig.source.wait = take_a_minute
    await rig.sync()
    return rig


async def test_ages_count_from_the_start_of_what_was_proved(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig)
    ended = rig.clock.now()
    age = await _age(rig)
    assert (age.changes_as_of, age.removals_as_of, age.removals_by) == (ended - 2 * MINUTE, ended - MINUTE, "sweep")
    assert (age.of_changes(ended + HOUR), age.of_removals(ended + HOUR)) == (HOUR + 2 * MINUTE, HOUR + MINUTE)
    rig.clock.advance(HOUR)
    rig.source.pages = one_page(listing("00", StandardStatus="?"), listing("01", "2026-01-03T00:00:00Z"))
    assert (await rig.sync(SyncType.INCREMENTAL))["status"] == "partial"
    later = await _age(rig)
    assert later.changes_as_of == rig.clock.now() - MINUTE, "a rejected record makes no copy old"
    assert later.removals_as_of == age.removals_as_of, "it was not swept"


@pytest.mark.parametrize(
    ("sync_type", "asked"),
    [
        (SyncType.RECORD, {"listing_key": "00"}),
        (SyncType.RETRY, {}),
        (SyncType.FULL, {"dry_run": True}),
        (SyncType.SWEEP, {"dry_run": True}),
    ],
)
async def test_a_run_that_reads_no_whole_proves_nothing(
    sync_rig: MakeSyncRig, sync_type: SyncType, asked: dict[str, object]
) -> None:
    rig = await _stocked(sync_rig)
    rig.source.records = {"00": listing("00", "2026-01-03T00:00:00Z")}
    before = await _age(rig)
    rig.clock.advance(HOUR)
    assert (await rig.sync(sync_type, **asked))["status"] == "success"
    assert await _age(rig) == before


async def test_a_sweep_alone_proves_nothing_of_changes(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig)
    before = await _age(rig)
    rig.clock.advance(HOUR)
    await rig.sync(SyncType.SWEEP)
    after = await _age(rig)
    assert (after.changes_as_of, after.removals_as_of) == (before.changes_as_of, rig.clock.now() - MINUTE)


async def test_a_resumed_walk_counts_from_its_first_start(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig)
    pages = [Page([listing(key)], checkpoint=Cursor(str(at)), watermark=Cursor("w")) for at, key in enumerate("abc", 1)]
    first = rig.clock.now() + MINUTE
    for before in (pages[:1], pages[:2]):
        rig.source.pages = [*before, SourceUnavailable("no answer")]
        assert (await rig.sync(SyncType.INCREMENTAL))["status"] == "failed"
        rig.clock.advance(HOUR)
    rig.source.pages = [*pages, Page([], complete=True)]
    assert (await rig.sync(SyncType.INCREMENTAL))["status"] == "success"
    assert rig.source.resumed_from[-2:] == ["1", "2"]
    assert (await _age(rig)).changes_as_of == first
    rig.source.pages = one_page()
    await rig.sync(SyncType.INCREMENTAL)
    assert (await _age(rig)).changes_as_of == rig.clock.now() - MINUTE, "the next walk has a start of its own"


async def test_a_walk_whose_start_nobody_knows_proves_nothing(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig)
    before = await _age(rig)
    first = Page([listing("a")], checkpoint=Cursor("1"), watermark=Cursor("w"))
    rig.source.pages = [first, SourceUnavailable("no answer")]
    await rig.sync(SyncType.INCREMENTAL)
    await rig.run_sql("UPDATE mls_sync_cursors SET walk_began_at = NULL")
    rig.source.pages = [first, Page([], complete=True)]
    assert (await rig.sync(SyncType.INCREMENTAL))["status"] == "success"
    assert (await _age(rig)).changes_as_of == before.changes_as_of


@pytest.mark.parametrize("key_pages", [all_keys(*KEYS[:10]), [KeyPage(KEYS)], [SourceBrokeProtocol("cut")]])
async def test_a_sweep_that_is_refused_or_cut_short_makes_no_copy_younger(
    sync_rig: MakeSyncRig, key_pages: list[KeyPage | Exception]
) -> None:
    rig = await _stocked(sync_rig)
    before = await _age(rig)
    rig.clock.advance(HOUR)
    rig.source.pages, rig.source.key_pages = one_page(), key_pages
    assert (await rig.sync())["status"] in {"partial", "failed"}
    after = await _age(rig)
    assert after.removals_as_of == before.removals_as_of
    assert after.changes_as_of == (await rig.rows("SELECT max(started_at) AS at FROM mls_sync_history"))[0]["at"]


async def test_a_sweep_that_gives_up_on_broken_replies_is_not_applied(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig, maxRemovalShare=1)
    before = await _age(rig)
    rig.source.key_pages, rig.source.unreadable = all_keys(*KEYS[:3]), frozenset(KEYS[3:])
    assert (await rig.sync(SyncType.SWEEP))["status"] == "partial"
    assert (await _age(rig)).removals_as_of == before.removals_as_of
    assert await rig.rows("SELECT swept_at > removals_as_of AS later FROM mls_copy_ages") == [{"later": True}]
    rig.source.unreadable = frozenset(KEYS[3:5])
    assert (await rig.sync(SyncType.SWEEP))["status"] == "partial"
    assert (await _age(rig)).removals_as_of == rig.clock.now() - MINUTE, "two broken replies are two broken records"


async def test_an_accepted_sweep_counts_from_its_own_start(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig)
    rig.source.key_pages = all_keys(*KEYS[:10])
    await rig.sync(SyncType.SWEEP)
    began_at = rig.clock.now() - MINUTE
    rig.clock.advance(HOUR)
    (sweep,) = await rig.rows("SELECT id FROM mls_sweeps")
    async with rig.database.transaction() as connection:
        await requests.accept_sweep(connection, UUID(str(sweep["id"])), ADA, rig.clock.now())
    assert await rig.engine.run_next(rig.provider_id)
    assert (await _age(rig)).removals_as_of == began_at


SOURCES: list[tuple[frozenset[DeleteSignal], bool, str, timedelta | None]] = [
    (frozenset({DeleteSignal.FLAG}), True, "source", timedelta()),
    (frozenset({DeleteSignal.DELETED_RESOURCE}), False, "source", timedelta()),
    (frozenset({DeleteSignal.SWEEP, DeleteSignal.FLAG}), True, "sweep", None),
    (frozenset({DeleteSignal.SWEEP, DeleteSignal.FLAG}), False, "source", timedelta()),
    (frozenset({DeleteSignal.SWEEP}), False, "nothing", None),
    (frozenset(), True, "nothing", None),
]


async def test_removals_are_learnt_of_by_sweeps_or_from_the_source_or_never(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1"))))
    await hide_after(rig, "PT12H")
    for deletes, key_sweep, removals_by, age in SOURCES:
        await rig.run_sql("DELETE FROM mls_copy_ages")
        rig.source.deletes, rig.source.key_sweep, rig.source.key_pages = deletes, key_sweep, [KeyPage(["1"])]
        await rig.sync(SyncType.INCREMENTAL)
        found = await _age(rig)
        assert (found.removals_by, found.of_removals(rig.clock.now())) == (removals_by, age)
        assert found.is_stale == (removals_by == "sweep"), "never swept is infinitely old; never learnt of is not"


async def test_each_resource_has_an_age_of_its_own_and_all_providers_come_at_once(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig, allowedAgeHours=2)
    await rig.run_sql(
        "INSERT INTO mls_copy_ages (provider_id, resource, removals_by, changes_as_of)"
        " VALUES ('board', 'Member', 'nothing', '2026-01-01T00:00:00Z')"
    )
    now = rig.clock.now()
    async with rig.database.read() as connection:
        member = await get_age(connection, "board", now, Resource.MEMBER)
        assert (member.of_changes(now), member.removals_by) == (now - datetime(2026, 1, 1, tzinfo=UTC), "nothing")
        assert await find_ages(connection, now) == {"board": await get_age(connection, "board", now)}
        assert (await find_ages(connection, now, Resource.OFFICE))["board"].changes_as_of is None
        with pytest.raises(NotFound):
            await get_age(connection, "nobody", now)


async def test_a_provider_is_overdue_once_changes_are_older_than_allowed(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(), interval_hours=2)
    added = rig.clock.now()
    age = await _age(rig)
    assert (age.allowed_age, age.of_changes(added)) == (3 * HOUR, None)
    assert not age.is_overdue(added + 3 * HOUR), "before the first walk it counts from when it was added"
    assert age.is_overdue(added + 3 * HOUR + MINUTE)
    rig.source.pages = one_page(listing("1"))
    rig.clock.advance(4 * HOUR)
    await rig.sync(SyncType.INCREMENTAL)
    now = rig.clock.now()
    await rig.run_sql("UPDATE mls_provider_configurations SET allowed_age_hours = 12")
    age = await _age(rig)
    assert [age.is_overdue(now + 12 * HOUR), age.is_overdue(now + 12 * HOUR + MINUTE)] == [False, True]


async def test_a_sweep_refused_for_the_allowed_hours_hides_the_provider_until_one_is_applied(
    sync_rig: MakeSyncRig,
) -> None:
    rig = await _stocked(sync_rig)
    await hide_after(rig, "PT12H")
    applied = (await _age(rig)).removals_as_of
    assert applied is not None
    rig.source.pages, rig.source.key_pages = one_page(), all_keys(*KEYS[:10])
    statuses: list[object] = []
    for _ in range(2):
        rig.clock.advance(5 * HOUR)
        statuses.append((await rig.sync(SyncType.INCREMENTAL))["status"])
    assert statuses == ["success", "partial"], "the sweep is due at half of the twelve hours"
    assert [await _is_stale(rig, applied + 12 * HOUR + one) for one in (timedelta(), MINUTE)] == [False, True]
    rig.clock.advance(5 * HOUR)
    await rig.sync(SyncType.INCREMENTAL)
    assert (await _age(rig)).is_stale
    rig.source.key_pages = all_keys(*KEYS)
    await rig.sync(SyncType.SWEEP)
    assert not (await _age(rig)).is_stale


NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATE, FRESH = NOW - 12 * HOUR - MINUTE, NOW - 12 * HOUR
AGES: list[tuple[datetime | None, datetime | None, str, bool]] = [
    (FRESH, FRESH, "sweep", False),
    (LATE, FRESH, "sweep", True),
    (FRESH, LATE, "sweep", True),
    (FRESH, LATE, "source", True),
    (FRESH, LATE, "nothing", False),
    (FRESH, None, "sweep", True),
    (FRESH, None, "nothing", False),
    (None, FRESH, "sweep", True),
    (NOW + TOLERANCE, NOW + TOLERANCE, "sweep", False),
    (NOW + TOLERANCE + MINUTE, NOW, "sweep", True),
    (NOW, NOW + TOLERANCE + MINUTE, "source", True),
]


async def test_a_copy_is_stale_by_either_age(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source())
    rig.clock.at = NOW
    await hide_after(rig, "PT12H")
    insert = "INSERT INTO mls_copy_ages VALUES ('board', 'Property', %(removals_by)s, %(changes)s, %(removals)s)"
    for changes, removals, removals_by, stale in AGES:
        await rig.run_sql("DELETE FROM mls_copy_ages")
        await rig.run_sql(insert, removals_by=removals_by, changes=changes, removals=removals)
        age = await _age(rig)
        known = [age.of_changes(NOW), *([] if removals_by == "nothing" else [age.of_removals(NOW)])]
        assert (age.is_stale, any(one is None or one > 12 * HOUR for one in known)) == (stale, stale), known


RULES: list[tuple[dict[str, object], bool]] = [
    ({}, True),
    ({"age": "P1D"}, False),
    ({"age": "P9999Y99999M"}, False),
    ({"age": "PT0S"}, True),
    ({"age": None}, False),
    ({"surface": "internal"}, False),
    ({"feed": "IDX"}, False),
    ({"system": "another"}, False),
    ({"ours": True}, False),
    ({"valid_to": NOW}, False),
]


async def test_only_a_rule_in_force_for_the_whole_provider_in_public_hides(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source())
    await rig.run_sql("INSERT INTO mls_copy_ages VALUES ('board', 'Property', 'nothing', %(at)s)", at=LATE)
    for rule, stale in RULES:
        await rig.run_sql("DELETE FROM display_rules")
        await rig.run_sql(HIDE, **{**ANYTHING, "age": "PT12H", **rule})
        assert await _is_stale(rig, NOW) == stale, rule


async def test_the_stale_are_left_out_of_a_list_by_a_condition(sync_rig: MakeSyncRig) -> None:
    rig = await _stocked(sync_rig)
    sql = "SELECT count(*) FROM properties WHERE visible AND provider_id <> ALL(ARRAY(SELECT stale_providers(%(at)s)))"
    assert await rig.rows(sql, at=NOW) == [{"count": 30}]
    await hide_after(rig, "PT12H")
    assert await rig.rows(sql, at=NOW) == [{"count": 0}]
    assert await rig.rows(sql, at=rig.clock.now()) == [{"count": 30}]


HISTORY = """
    INSERT INTO mls_sync_history (sync_id, parent_id, provider_id, resource, sync_type, status, dry_run, triggered_by,
        queued_at, started_at, ended_at)
    VALUES (%(id)s, %(parent)s, 'board', %(resource)s, %(type)s, %(status)s, %(dry_run)s, 'x', %(at)s, %(at)s,
        %(at)s::timestamptz + interval '10 minutes')
"""
PROVED: dict[str, tuple[list[tuple[int, str, str]], int | None, int | None]] = {
    "nothing ran": ([], None, None),
    "one that failed": ([(1, "full", "failed")], None, None),
    "the last that succeeded": ([(1, "full", "success"), (5, "incremental", "partial")], 5, 1),
    "the first of those whose walk it may have resumed": (
        [(1, "full", "success"), (3, "incremental", "failed"), (4, "incremental", "cancelled"),
         (5, "incremental", "success"), (6, "incremental", "failed")],
        3, 1,
    ),
    "no dry run, sweep or record": (
        [(1, "full", "success"), (2, "sweep", "success"), (3, "record", "success"), (4, "full dry", "success")], 1, 2,
    ),
    "a sweep that left something": ([(1, "full", "success"), (2, "sweep", "partial")], 1, None),
}  # fmt: skip


async def test_an_upgrade_claims_no_more_than_history_proves(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source())

    def at(hour: int | None) -> datetime | None:
        return None if hour is None else NOW + hour * HOUR

    for name, (runs, changes, removals) in PROVED.items():
        for table in ("mls_sync_history", "mls_sync_status", "mls_copy_ages"):
            await rig.run_sql(f"DELETE FROM {table}")  # noqa: S608 - literals of this test
        for hour, kind, status in runs:
            sync_type, _, dry = kind.partition(" ")
            row = {"type": sync_type, "status": status, "dry_run": bool(dry), "at": at(hour)}
            parent = UUID(int=hour)
            await rig.run_sql(HISTORY, id=parent, parent=None, resource=None, **row)
            await rig.run_sql(HISTORY, id=UUID(int=100 + hour), parent=parent, resource="Property", **row)
        swept = [NOW + hour * HOUR + 10 * MINUTE for hour, kind, _ in runs if kind in {"full", "sweep"}]
        await _fill_from_history(rig.database, max(swept, default=None))
        age = await _age(rig)
        assert (age.changes_as_of, age.removals_as_of) == (at(changes), at(removals)), name


async def _fill_from_history(database: Database, last_sweep_at: datetime | None) -> None:
    """Run the part of the migration that reads history, on a status that has the column it read."""
    (script,) = [one.sql for one in find_migrations() if one.version.endswith("copy_ages")]
    _, with_, rest = script.partition("WITH walks AS")
    fill, drop, _ = rest.partition("ALTER TABLE mls_sync_status DROP COLUMN last_sweep_at")
    async with database.transaction() as connection:
        await connection.run(Query("add", "As it was.", "ALTER TABLE mls_sync_status ADD last_sweep_at timestamptz"))
        status = "INSERT INTO mls_sync_status (provider_id, last_sweep_at) VALUES ('board', %(at)s)"
        await connection.run(Query("set", "As it was.", status), {"at": last_sweep_at})
        await connection.run(Query("fill", "The migration.", with_ + fill))
        await connection.run(Query("drop", "The migration.", drop))
