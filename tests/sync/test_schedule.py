"""What a run that ends does to its provider's schedule."""

from datetime import datetime, timedelta
from typing import cast

import pytest

from platbook.base.actor import COMMAND_LINE
from platbook.base.errors import CredentialsRefused, NeedsOperator, ProviderMisconfigured, SourceUnavailable
from platbook.connectors.contract import Cursor, Page
from platbook.sync.runs.lifecycle import RunRequest, SyncType, request_cancel, request_run
from platbook.sync.runs.scheduler import find_work
from tests.fakes.scripted_source import Source, all_keys, listing, one_page
from tests.sync.conftest import Desk, MakeDesk


async def _tick(at: Desk) -> list[object]:
    """Let half a minute pass and the schedule look; the runs that wait then."""
    at.clock.advance(timedelta(seconds=30))
    await find_work(at.database, at.clock, start_due=True)
    return [
        row["sync_type"] for row in await at.rows("SELECT sync_type FROM mls_sync_history WHERE status = 'waiting'")
    ]


async def _cancel(at: Desk) -> None:
    async with at.database.transaction() as connection:
        await request_cancel(connection, at.provider_id, at.clock.now())


async def _next_run_in(at: Desk) -> timedelta | None:
    (status,) = await at.rows("SELECT next_run_at FROM mls_sync_status")
    return None if status["next_run_at"] is None else cast("datetime", status["next_run_at"]) - at.clock.now()


async def _cancel_when_a_page_is_stored(at: Desk) -> None:
    await at.run_sql(
        "CREATE FUNCTION ask() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "UPDATE mls_sync_history SET cancel_requested_at = now() WHERE status = 'running'; RETURN NULL; END $$"
    )
    await at.run_sql("CREATE TRIGGER ask AFTER INSERT ON properties FOR EACH ROW EXECUTE FUNCTION ask()")


async def test_a_scheduled_run_that_is_cancelled_while_it_waits_does_not_come_again_at_once(desk: MakeDesk) -> None:
    at = await desk(Source(one_page(listing("1")), all_keys("1")), interval_hours=2)
    assert await _tick(at) == ["incremental"]
    await _cancel(at)
    assert await _next_run_in(at) == timedelta(hours=2)
    assert await _tick(at) == []
    at.clock.advance(timedelta(hours=2))
    assert await _tick(at) == ["incremental"]


async def test_a_scheduled_run_that_is_cancelled_under_way_does_not_come_again_at_once(desk: MakeDesk) -> None:
    first = Page([listing("1")], checkpoint=Cursor("1"), watermark=Cursor("w"))
    at = await desk(Source([first, Page([listing("2")], complete=True)], all_keys("1", "2")))
    await _cancel_when_a_page_is_stored(at)
    assert await _tick(at) == ["incremental"]
    await at.engine.run_next(at.provider_id)
    assert [row["status"] for row in await at.rows("SELECT status FROM mls_sync_history")] == ["cancelled"] * 2
    assert await _next_run_in(at) == timedelta(hours=4)
    assert await _tick(at) == []


@pytest.mark.parametrize(
    "asked", [RunRequest("board", SyncType.RECORD, listing_key="7"), RunRequest("board", SyncType.FULL, dry_run=True)]
)
async def test_cancelling_what_the_schedule_does_not_do_leaves_the_schedule(desk: MakeDesk, asked: RunRequest) -> None:
    at = await desk(Source(one_page(listing("1")), all_keys("1")))
    await at.sync()
    before = await _next_run_in(at)
    async with at.database.transaction() as connection:
        await request_run(connection, asked, COMMAND_LINE, at.clock.now())
    await _cancel(at)
    assert before == await _next_run_in(at) == timedelta(hours=4)


SIDE_RUNS: list[tuple[SyncType, dict[str, object]]] = [
    (SyncType.RECORD, {"listing_key": "TYPO"}),
    (SyncType.FULL, {"dry_run": True}),
    (SyncType.RETRY, {}),
]


async def _state(at: Desk) -> dict[str, object]:
    columns = "next_run_at, consecutive_failures, needs_operator, blocked, current_sync_id, stage"
    return (await at.rows(f"SELECT {columns} FROM mls_sync_status"))[0]  # noqa: S608 - a literal of this test


@pytest.mark.parametrize(("sync_type", "asked"), SIDE_RUNS)
async def test_a_run_beside_the_schedule_that_fails_leaves_it_as_it_was(
    desk: MakeDesk, sync_type: SyncType, asked: dict[str, object]
) -> None:
    at = await desk(Source(one_page(listing("1", ListPrice="?")), all_keys("1")))
    await at.sync()
    before = await _state(at)
    at.source.pages = [SourceUnavailable("no answer")]
    if sync_type is SyncType.RETRY:  # it asks the source for nothing, so that only its mapping can fail
        await at.run_sql("""UPDATE mls_provider_configurations SET field_mapping = '{"A": "NoSuchField"}'""")
    run = await at.sync(sync_type, **asked)
    assert run["status"] == "failed"
    assert await _state(at) == before


@pytest.mark.parametrize("error", [CredentialsRefused("no"), ProviderMisconfigured("no such class")])
@pytest.mark.parametrize(("sync_type", "asked"), SIDE_RUNS[:2])
async def test_what_only_a_person_can_mend_blocks_whichever_run_found_it(
    desk: MakeDesk, sync_type: SyncType, asked: dict[str, object], error: NeedsOperator
) -> None:
    at = await desk(Source(login_error=error))
    await at.sync(sync_type, **asked)
    state = await _state(at)
    assert (state["blocked"], state["needs_operator"]) == (True, str(error))
