"""A further resource is replicated by a store and a registration alone; the loop is the same."""

from uuid import UUID

from platbook.base.errors import SourceUnavailable
from platbook.connectors.contract import Page, RawRecord, Resource
from platbook.sync.erasure import erase_removed
from platbook.sync.resources.registry import RESOURCES
from platbook.sync.runs import requests, retries
from platbook.sync.runs.run import SyncType
from tests.fakes.member_store import CREATE_TABLE, MEMBERS
from tests.fakes.scripted_source import Source, all_keys, listing, one_page
from tests.sync.conftest import MakeSyncRig, SyncRig
from tests.sync.test_sweep import ADA

BOTH = {**RESOURCES, **MEMBERS}


def _member(key: str, modified: str = "2026-01-01T00:00:00Z", **fields: object) -> RawRecord:
    content = {"MemberKey": key, "MemberFullName": f"Member {key}", "MemberEmail": f"{key}@example.com"}
    return RawRecord(key, {**content, "MemberStatus": "Active", **fields}, modified=modified)


async def _make(sync_rig: MakeSyncRig, *members: RawRecord, **configuration: object) -> tuple[SyncRig, Source]:
    """An engine for listings and members over one source, in which both have the keys 1 and 2."""
    member_source = Source(one_page(*members), all_keys(*(one.key for one in members)))
    source = Source(one_page(listing("1"), listing("2")), all_keys("1", "2"), others={Resource.MEMBER: member_source})
    rig = await sync_rig(source, resources=BOTH, **configuration)
    await rig.run_sql(CREATE_TABLE)
    return rig, member_source


async def _members(rig: SyncRig) -> list[tuple[object, ...]]:
    sql = "SELECT member_key, full_name, status FROM members WHERE removed_at IS NULL AND out_of_scope_at IS NULL"
    return [tuple(row.values()) for row in await rig.rows(f"{sql} ORDER BY 1")]


async def test_members_are_walked_into_a_store_of_their_own_beside_listings(sync_rig: MakeSyncRig) -> None:
    rig, _ = await _make(sync_rig, _member("1"), _member("2"), _member("3"))
    run = await rig.sync()
    assert (run["status"], run["fetched"], run["added"], run["error"]) == ("success", 5, 5, None)
    assert await rig.keys() == ["1", "2"]
    assert await _members(rig) == [(key, f"Member {key}", "Active") for key in "123"]
    children = await rig.rows(
        "SELECT resource, status, added FROM mls_sync_history WHERE parent_id IS NOT NULL ORDER BY resource"
    )
    assert [tuple(row.values()) for row in children] == [("Member", "success", 3), ("Property", "success", 2)]
    cursors = await rig.rows("SELECT resource, watermark FROM mls_sync_cursors ORDER BY resource")
    assert [row["resource"] for row in cursors] == ["Member", "Property"]
    assert rig.source.logouts == 1, "one session serves both"


async def test_unchanged_members_are_not_written_and_changed_ones_are(sync_rig: MakeSyncRig) -> None:
    rig, members = await _make(sync_rig, _member("1"), _member("2"))
    await rig.sync()
    before = await rig.rows("SELECT xmin, * FROM members WHERE member_key = '1'")
    members.pages = one_page(_member("1"), _member("2", "2026-01-02T00:00:00Z", MemberFullName="Ada"))
    run = await rig.sync(SyncType.INCREMENTAL)
    assert (run["updated"], run["unchanged"]) == (1, 3)
    assert await rig.rows("SELECT xmin, * FROM members WHERE member_key = '1'") == before
    assert await _members(rig) == [("1", "Member 1", "Active"), ("2", "Ada", "Active")]
    members.pages = one_page(_member("2", "2026-01-01T12:00:00Z", MemberFullName="Old"))
    await rig.sync(SyncType.INCREMENTAL)
    assert ("2", "Ada", "Active") in await _members(rig), "an older version never overwrites a newer row"


async def test_a_sweep_removes_members_and_no_listing_of_the_same_key(sync_rig: MakeSyncRig) -> None:
    rig, members = await _make(sync_rig, _member("1"), _member("2"), maxRemovalShare=1)
    await rig.sync()
    members.pages, members.key_pages = one_page(), all_keys("1")
    run = await rig.sync()
    assert (run["status"], run["deleted"]) == ("success", 1)
    assert await _members(rig) == [("1", "Member 1", "Active")]
    assert await rig.keys() == ["1", "2"]


async def test_a_resource_that_needs_no_sweep_does_not_keep_the_sweep_of_another_due(sync_rig: MakeSyncRig) -> None:
    rig, members = await _make(sync_rig, _member("1"))
    members.key_sweep = False
    await rig.sync()
    ages = await rig.rows("SELECT resource, removals_by, swept_at FROM mls_copy_ages ORDER BY resource")
    now = rig.clock.now()
    assert [tuple(age.values()) for age in ages] == [("Member", "nothing", None), ("Property", "sweep", now)]


async def test_a_refused_sweep_of_members_leaves_that_of_listings_due(sync_rig: MakeSyncRig) -> None:
    rig, members = await _make(sync_rig, *map(_member, "1234"))
    await rig.sync()
    members.pages, members.key_pages = one_page(), all_keys("3", "4")
    assert (await rig.sync())["status"] == "partial"
    await rig.run_sql("UPDATE mls_copy_ages SET swept_at = NULL WHERE resource = 'Property'")
    rig.source.key_pages = [SourceUnavailable("the keys of listings were read")]
    assert "the keys of listings were read" in str((await rig.sync(SyncType.INCREMENTAL))["error"])


async def test_a_refused_sweep_of_members_is_applied_to_members(sync_rig: MakeSyncRig) -> None:
    rig, members = await _make(sync_rig, *map(_member, "1234"))
    await rig.sync()
    members.pages, members.key_pages = one_page(), all_keys("3", "4")
    run = await rig.sync()
    assert (run["status"], run["deleted"]) == ("partial", 0)
    assert "it would remove 2 of 4 records" in str(run["error"])
    (sweep,) = await rig.rows("SELECT id, resource FROM mls_sweeps")
    assert sweep["resource"] == "Member"
    async with rig.database.transaction() as connection:
        await requests.accept_sweep(connection, UUID(str(sweep["id"])), ADA, rig.clock.now())
    assert await rig.engine.run_next(rig.provider_id)
    assert [key for key, *_ in await _members(rig)] == ["3", "4"]
    assert await rig.keys() == ["1", "2"]


async def test_a_rejected_member_is_a_rejection_of_its_resource_and_can_be_retried(sync_rig: MakeSyncRig) -> None:
    rig, members = await _make(sync_rig, _member("1"), _member("2", MemberFullName=None), _member("x" * 300))
    members.key_pages = all_keys("1", "2")
    assert (await rig.sync())["status"] == "partial"
    errors = await rig.rows("SELECT resource, listing_key, field FROM mls_sync_errors ORDER BY listing_key")
    assert [tuple(row.values()) for row in errors] == [
        ("Member", "2", "MemberFullName"),
        ("Member", None, "MemberKey"),
    ]
    await rig.run_sql("UPDATE mls_sync_errors SET raw = replace(raw, 'null', '\"Ada\"') WHERE listing_key = '2'")
    async with rig.database.transaction() as connection:
        await retries.retry_all(connection, rig.provider_id, ADA, rig.clock.now())
    assert await rig.engine.run_next(rig.provider_id)
    assert ("2", "Ada", "Active") in await _members(rig)


async def test_members_leave_and_reenter_the_scope(sync_rig: MakeSyncRig) -> None:
    rig, members = await _make(sync_rig, _member("1"), _member("2"))
    await rig.sync()
    members.pages = one_page(_member("2", "2026-01-02T00:00:00Z", MemberStatus="Hidden"))
    await rig.sync(SyncType.INCREMENTAL)
    assert [key for key, *_ in await _members(rig)] == ["1"]
    members.pages = one_page(_member("2", "2026-01-03T00:00:00Z"))
    await rig.sync(SyncType.INCREMENTAL)
    assert [key for key, *_ in await _members(rig)] == ["1", "2"]


async def test_erasure_leaves_nothing_of_removed_members(sync_rig: MakeSyncRig) -> None:
    rig, members = await _make(sync_rig, _member("1"), _member("2"))
    await rig.sync()
    members.pages = [Page([RawRecord("2", {}, visible=False)], complete=True)]
    assert (await rig.sync(SyncType.INCREMENTAL))["deleted"] == 1
    await rig.run_sql("UPDATE mls_provider_configurations SET retention = 'erase'")
    assert await erase_removed(rig.database, rig.clock, BOTH) == 1
    assert await rig.rows("SELECT full_name, email FROM members WHERE member_key = '2'") == [
        {"full_name": None, "email": None}
    ]
    members.pages = [Page([RawRecord("1", {}, visible=False)], complete=True)]
    await rig.sync(SyncType.INCREMENTAL)
    assert not await rig.rows("SELECT FROM members WHERE full_name IS NOT NULL"), "at once, under `erase`"
    assert await rig.keys() == ["1", "2"]


async def test_a_dry_run_stores_no_member(sync_rig: MakeSyncRig) -> None:
    rig, _ = await _make(sync_rig, _member("1"))
    run = await rig.sync(dry_run=True)
    assert (run["added"], run["fetched"]) == (3, 3)
    assert await rig.rows("SELECT FROM members") == []
