"""What a run that ends does to its provider's schedule."""

from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from platbook.base.actor import COMMAND_LINE
from platbook.base.errors import (
    CredentialsRefused,
    NeedsOperator,
    ProviderMisconfigured,
    RateLimited,
    SourceUnavailable,
)
from platbook.connectors.contract import Cursor, Page
from platbook.sync.runs.lifecycle import request_cancel, request_run
from platbook.sync.runs.pace import SWEEP_EVERY
from platbook.sync.runs.plan import LastSweep
from platbook.sync.runs.run import RunRequest, SyncType
from platbook.sync.runs.scheduler import find_work
from tests.fakes.scripted_source import Source, all_keys, listing, one_page
from tests.sync.conftest import MakeSyncRig, SyncRig


async def _tick(rig: SyncRig) -> list[object]:
    """Let half a minute pass and the schedule look; the runs that wait then."""
    rig.clock.advance(timedelta(seconds=30))
    await find_work(rig.database, rig.clock, start_due=True)
    return [
        row["sync_type"] for row in await rig.rows("SELECT sync_type FROM mls_sync_history WHERE status = 'waiting'")
    ]


async def _cancel(rig: SyncRig) -> None:
    async with rig.database.transaction() as connection:
        await request_cancel(connection, rig.provider_id, rig.clock.now())


async def _next_run_in(rig: SyncRig) -> timedelta | None:
    (status,) = await rig.rows("SELECT next_run_at FROM mls_sync_status")
    return None if status["next_run_at"] is None else cast("datetime", status["next_run_at"]) - rig.clock.now()


async def _cancel_when_a_page_is_stored(rig: SyncRig) -> None:
    await rig.run_sql(
        "CREATE FUNCTION ask() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "UPDATE mls_sync_history SET cancel_requested_at = now() WHERE status = 'running'; RETURN NULL; END $$"
    )
    await rig.run_sql("CREATE TRIGGER ask AFTER INSERT ON properties FOR EACH ROW EXECUTE FUNCTION ask()")


async def test_a_scheduled_run_that_is_cancelled_while_it_waits_does_not_come_again_at_once(
    sync_rig: MakeSyncRig,
) -> None:
    rig = await sync_rig(Source(one_page(listing("1")), all_keys("1")), interval_hours=2)
    assert await _tick(rig) == ["incremental"]
    await _cancel(rig)
    assert await _next_run_in(rig) == timedelta(hours=2)
    assert await _tick(rig) == []
    rig.clock.advance(timedelta(hours=2))
    assert await _tick(rig) == ["incremental"]


async def test_a_scheduled_run_that_is_cancelled_under_way_does_not_come_again_at_once(sync_rig: MakeSyncRig) -> None:
    first = Page([listing("1")], checkpoint=Cursor("1"), watermark=Cursor("w"))
    rig = await sync_rig(Source([first, Page([listing("2")], complete=True)], all_keys("1", "2")))
    await _cancel_when_a_page_is_stored(rig)
    assert await _tick(rig) == ["incremental"]
    await rig.engine.run_next(rig.provider_id)
    assert [row["status"] for row in await rig.rows("SELECT status FROM mls_sync_history")] == ["cancelled"] * 2
    assert await _next_run_in(rig) == timedelta(hours=4)
    assert await _tick(rig) == []


@pytest.mark.parametrize(
    "asked", [RunRequest("board", SyncType.RECORD, listing_key="7"), RunRequest("board", SyncType.FULL, dry_run=True)]
)
async def test_cancelling_what_the_schedule_does_not_do_leaves_the_schedule(
    sync_rig: MakeSyncRig, asked: RunRequest
) -> None:
    rig = await sync_rig(Source(one_page(listing("1")), all_keys("1")))
    await rig.sync()
    before = await _next_run_in(rig)
    async with rig.database.transaction() as connection:
        await request_run(connection, asked, COMMAND_LINE, rig.clock.now())
    await _cancel(rig)
    assert before == await _next_run_in(rig) == timedelta(hours=4)


SIDE_RUNS: list[tuple[SyncType, dict[str, object]]] = [
    (SyncType.RECORD, {"listing_key": "TYPO"}),
    (SyncType.FULL, {"dry_run": True}),
    (SyncType.RETRY, {}),
]


async def _state(rig: SyncRig) -> dict[str, object]:
    columns = "next_run_at, consecutive_failures, needs_operator, blocked, current_sync_id, stage"
    return (await rig.rows(f"SELECT {columns} FROM mls_sync_status"))[0]  # noqa: S608 - a literal of this test


@pytest.mark.parametrize(("sync_type", "asked"), SIDE_RUNS)
async def test_a_run_beside_the_schedule_that_fails_leaves_it_as_it_was(
    sync_rig: MakeSyncRig, sync_type: SyncType, asked: dict[str, object]
) -> None:
    rig = await sync_rig(Source(one_page(listing("1", StandardStatus="?")), all_keys("1")))
    await rig.sync()
    before = await _state(rig)
    rig.source.pages = [SourceUnavailable("no answer")]
    if sync_type is SyncType.RETRY:  # it asks the source for nothing, so that only its mapping can fail
        await rig.run_sql("""UPDATE mls_provider_configurations SET field_mapping = '{"A": "NoSuchField"}'""")
    run = await rig.sync(sync_type, **asked)
    assert run["status"] == "failed"
    assert await _state(rig) == before


@pytest.mark.parametrize("error", [CredentialsRefused("no"), ProviderMisconfigured("no such class")])
@pytest.mark.parametrize(("sync_type", "asked"), SIDE_RUNS[:2])
async def test_what_only_a_person_can_mend_blocks_whichever_run_found_it(
    sync_rig: MakeSyncRig, sync_type: SyncType, asked: dict[str, object], error: NeedsOperator
) -> None:
    rig = await sync_rig(Source(login_error=error))
    await rig.sync(sync_type, **asked)
    state = await _state(rig)
    assert (state["blocked"], state["needs_operator"]) == (True, str(error))


YEAR = timedelta(days=400)


async def _open_findings(rig: SyncRig) -> list[dict[str, object]]:
    return await rig.rows("SELECT resource, kind, count, sample FROM findings WHERE closed_at IS NULL")


@pytest.mark.parametrize("fails", [False, True])
async def test_a_run_planned_by_a_clock_that_was_ahead_is_due_at_once_with_a_finding(
    sync_rig: MakeSyncRig, *, fails: bool
) -> None:
    rig = await sync_rig(Source(one_page(listing("1")), all_keys("1")), interval_hours=2)
    if fails:
        rig.source.pages = [SourceUnavailable("no answer")]
    rig.clock.advance(YEAR)
    await rig.sync(SyncType.INCREMENTAL)
    rig.clock.advance(-YEAR)
    assert await _tick(rig) == ["incremental"]
    (finding,) = await _open_findings(rig)
    assert (finding["resource"], finding["kind"], finding["count"]) == ("Schedule", "clock_ahead", 1)
    assert str(finding["sample"]).startswith("2027-02-06T")
    rig.source.pages = one_page(listing("1"))
    await rig.engine.run_next(rig.provider_id)
    assert await _next_run_in(rig) == timedelta(hours=2)
    assert await _tick(rig) == []
    assert len(await _open_findings(rig)) == 1
    rig.clock.advance(timedelta(hours=2))
    assert await _tick(rig) == ["incremental"]
    assert await _open_findings(rig) == []


async def test_a_run_planned_by_a_clock_that_was_ahead_is_due_only_once_where_it_is_cancelled(
    sync_rig: MakeSyncRig,
) -> None:
    rig = await sync_rig(Source(one_page(listing("1")), all_keys("1")), interval_hours=2)
    rig.clock.advance(YEAR)
    await rig.sync()
    rig.clock.advance(-YEAR)
    assert await _tick(rig) == ["incremental"]
    await _cancel(rig)
    assert await _tick(rig) == []


async def test_a_source_that_asks_for_a_longer_pause_than_an_interval_is_obeyed(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(), interval_hours=2)
    rig.source.login_error = RateLimited("later", not_before=rig.clock.now() + timedelta(days=1))
    await rig.sync()
    assert await _tick(rig) == []
    assert await _open_findings(rig) == []


def test_a_sweep_by_a_clock_that_was_ahead_does_not_put_off_the_next() -> None:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    assert LastSweep(swept_at=now + YEAR).is_due(now, SWEEP_EVERY)
    assert LastSweep(swept_at=now - SWEEP_EVERY).is_due(now, SWEEP_EVERY)
    assert not LastSweep(swept_at=now - timedelta(hours=1), refused_at=now + YEAR).is_due(now, SWEEP_EVERY)
