"""A further resource is replicated by a store and a registration alone; the loop is the same."""

from datetime import UTC, datetime
from uuid import UUID

from platbook.connectors.contract import Page, RawRecord, Resource
from platbook.market.people import Directory
from platbook.sync.erasure import erase_removed
from platbook.sync.resources.registry import RESOURCES
from platbook.sync.runs import requests, retries
from platbook.sync.runs.lifecycle import SyncType
from tests.fakes.member_store import CREATE_TABLE, MEMBERS
from tests.fakes.scripted_source import Source, all_keys, listing, one_page
from tests.sync.conftest import Desk, MakeDesk
from tests.sync.test_sweep import ADA

BOTH = {**RESOURCES, **MEMBERS}


def _member(key: str, modified: str = "2026-01-01T00:00:00Z", **fields: object) -> RawRecord:
    content = {"MemberKey": key, "MemberFullName": f"Member {key}", "MemberEmail": f"{key}@example.com"}
    return RawRecord(key, {**content, "MemberStatus": "Active", **fields}, modified=modified)


async def _make(desk: MakeDesk, *members: RawRecord, **configuration: object) -> tuple[Desk, Source]:
    """An engine for listings and members over one source, in which both have the keys 1 and 2."""
    member_source = Source(one_page(*members), all_keys(*(one.key for one in members)))
    source = Source(one_page(listing("1"), listing("2")), all_keys("1", "2"), others={Resource.MEMBER: member_source})
    at = await desk(source, resources=BOTH, **configuration)
    await at.run_sql(CREATE_TABLE)
    return at, member_source


async def _members(at: Desk) -> list[tuple[object, ...]]:
    sql = "SELECT member_key, full_name, status FROM members WHERE removed_at IS NULL AND out_of_scope_at IS NULL"
    return [tuple(row.values()) for row in await at.rows(f"{sql} ORDER BY 1")]


async def test_members_are_walked_into_a_store_of_their_own_beside_listings(desk: MakeDesk) -> None:
    at, _ = await _make(desk, _member("1"), _member("2"), _member("3"))
    run = await at.sync()
    assert (run["status"], run["fetched"], run["added"], run["error"]) == ("success", 5, 5, None)
    assert await at.keys() == ["1", "2"]
    assert await _members(at) == [(key, f"Member {key}", "Active") for key in "123"]
    children = await at.rows(
        "SELECT resource, status, added FROM mls_sync_history WHERE parent_id IS NOT NULL ORDER BY resource"
    )
    assert [tuple(row.values()) for row in children] == [("Member", "success", 3), ("Property", "success", 2)]
    cursors = await at.rows("SELECT resource, watermark FROM mls_sync_cursors ORDER BY resource")
    assert [row["resource"] for row in cursors] == ["Member", "Property"]
    assert at.source.logouts == 1, "one session serves both"


async def test_unchanged_members_are_not_written_and_changed_ones_are(desk: MakeDesk) -> None:
    at, members = await _make(desk, _member("1"), _member("2"))
    await at.sync()
    before = await at.rows("SELECT xmin, * FROM members WHERE member_key = '1'")
    members.pages = one_page(_member("1"), _member("2", "2026-01-02T00:00:00Z", MemberFullName="Ada"))
    run = await at.sync(SyncType.INCREMENTAL)
    assert (run["updated"], run["unchanged"]) == (1, 3)
    assert await at.rows("SELECT xmin, * FROM members WHERE member_key = '1'") == before
    assert await _members(at) == [("1", "Member 1", "Active"), ("2", "Ada", "Active")]
    members.pages = one_page(_member("2", "2026-01-01T12:00:00Z", MemberFullName="Old"))
    await at.sync(SyncType.INCREMENTAL)
    assert ("2", "Ada", "Active") in await _members(at), "an older version never overwrites a newer row"


async def test_a_sweep_removes_members_and_no_listing_of_the_same_key(desk: MakeDesk) -> None:
    at, members = await _make(desk, _member("1"), _member("2"), maxRemovalShare=1)
    await at.sync()
    members.pages, members.key_pages = one_page(), all_keys("1")
    run = await at.sync()
    assert (run["status"], run["deleted"]) == ("success", 1)
    assert await _members(at) == [("1", "Member 1", "Active")]
    assert await at.keys() == ["1", "2"]


async def test_a_refused_sweep_of_members_is_applied_to_members(desk: MakeDesk) -> None:
    at, members = await _make(desk, *map(_member, "1234"))
    await at.sync()
    members.pages, members.key_pages = one_page(), all_keys("3", "4")
    run = await at.sync()
    assert (run["status"], run["deleted"]) == ("partial", 0)
    assert "it would remove 2 of 4 records" in str(run["error"])
    (sweep,) = await at.rows("SELECT id, resource FROM mls_sweeps")
    assert sweep["resource"] == "Member"
    async with at.database.transaction() as connection:
        await requests.accept_sweep(connection, UUID(str(sweep["id"])), ADA, at.clock.now())
    assert await at.engine.run_next(at.provider_id)
    assert [key for key, *_ in await _members(at)] == ["3", "4"]
    assert await at.keys() == ["1", "2"]


async def test_a_rejected_member_is_a_rejection_of_its_resource_and_can_be_retried(desk: MakeDesk) -> None:
    at, members = await _make(desk, _member("1"), _member("2", MemberFullName=None), _member("x" * 300))
    members.key_pages = all_keys("1", "2")
    assert (await at.sync())["status"] == "partial"
    errors = await at.rows("SELECT resource, listing_key, field FROM mls_sync_errors ORDER BY listing_key")
    assert [tuple(row.values()) for row in errors] == [
        ("Member", "2", "MemberFullName"),
        ("Member", None, "MemberKey"),
    ]
    await at.run_sql("UPDATE mls_sync_errors SET raw = replace(raw, 'null', '\"Ada\"') WHERE listing_key = '2'")
    async with at.database.transaction() as connection:
        await retries.retry_all(connection, at.provider_id, ADA, at.clock.now())
    assert await at.engine.run_next(at.provider_id)
    assert ("2", "Ada", "Active") in await _members(at)


async def test_members_leave_and_reenter_the_scope(desk: MakeDesk) -> None:
    at, members = await _make(desk, _member("1"), _member("2"))
    await at.sync()
    members.pages = one_page(_member("2", "2026-01-02T00:00:00Z", MemberStatus="Hidden"))
    await at.sync(SyncType.INCREMENTAL)
    assert [key for key, *_ in await _members(at)] == ["1"]
    members.pages = one_page(_member("2", "2026-01-03T00:00:00Z"))
    await at.sync(SyncType.INCREMENTAL)
    assert [key for key, *_ in await _members(at)] == ["1", "2"]


async def test_erasure_leaves_nothing_of_removed_members(desk: MakeDesk) -> None:
    at, members = await _make(desk, _member("1"), _member("2"))
    await at.sync()
    members.pages = [Page([RawRecord("2", {}, visible=False)], complete=True)]
    assert (await at.sync(SyncType.INCREMENTAL))["deleted"] == 1
    await at.run_sql("UPDATE mls_provider_configurations SET retention = 'erase'")
    assert await erase_removed(at.database, at.clock, BOTH) == 1
    assert await at.rows("SELECT full_name, email FROM members WHERE member_key = '2'") == [
        {"full_name": None, "email": None}
    ]
    members.pages = [Page([RawRecord("1", {}, visible=False)], complete=True)]
    await at.sync(SyncType.INCREMENTAL)
    assert not await at.rows("SELECT FROM members WHERE full_name IS NOT NULL"), "at once, under `erase`"
    assert await at.keys() == ["1", "2"]


async def test_a_dry_run_stores_no_member(desk: MakeDesk) -> None:
    at, _ = await _make(desk, _member("1"))
    run = await at.sync(dry_run=True)
    assert (run["added"], run["fetched"]) == (3, 3)
    assert await at.rows("SELECT FROM members") == []


async def test_every_member_of_the_invented_market_is_stored(desk: MakeDesk) -> None:
    directory = Directory(seed=1, size=100)
    agents = [directory.agent(number) for number in range(40)]
    at_time = datetime(2026, 1, 1, tzinfo=UTC).isoformat()
    records = [_member(one.key, at_time, MemberFullName=one.full_name, MemberEmail=one.email) for one in agents]
    at, _ = await _make(desk, *records)
    run = await at.sync()
    assert (run["status"], run["added"]) == ("success", 42)
    assert await _members(at) == sorted((one.key, one.full_name, "Active") for one in agents)
