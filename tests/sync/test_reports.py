"""Reports of syncs, over a real database and a scripted source."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from platbook.base.actor import COMMAND_LINE
from platbook.base.errors import CredentialsRefused, NotFound, SourceUnavailable
from platbook.sync.reports.errors import ErrorFilter, ErrorType, RetryState, find_errors, get_error, get_error_raw
from platbook.sync.reports.history import RunFilter, find_runs, get_run
from platbook.sync.reports.statistics import get_statistics
from platbook.sync.reports.status import (
    ListingCounts,
    ProviderState,
    ProviderStatus,
    count_listings,
    find_statuses,
    get_status,
)
from platbook.sync.reports.sweeps import SweepStatus, find_sweeps, get_sweep
from platbook.sync.runs.lifecycle import claim_run, request_run
from platbook.sync.runs.run import RunRequest, RunStatus, SyncType
from tests.fakes.scripted_source import Source, all_keys, listing, one_page
from tests.sync.conftest import MakeSyncRig, SyncRig


async def _status(rig: SyncRig) -> ProviderStatus:
    async with rig.database.read() as connection:
        return await get_status(connection, rig.provider_id, rig.clock.now())


async def _request(rig: SyncRig, sync_type: SyncType = SyncType.FULL) -> UUID:
    async with rig.database.transaction() as connection:
        return await request_run(connection, RunRequest(rig.provider_id, sync_type), COMMAND_LINE, rig.clock.now())


async def test_a_provider_never_synced_is_idle_and_empty(sync_rig: MakeSyncRig) -> None:
    status = await _status(await sync_rig(Source()))
    assert (status.state, status.last_run, status.current, status.listings) == (
        ProviderState.IDLE, None, None, ListingCounts(active=0, total=0, is_estimate=False),
    )  # fmt: skip
    assert (status.freshness.as_of, status.freshness.lag_seconds, status.freshness.watermark) == (None, None, None)
    assert (status.freshness.removals_as_of, status.freshness.removals_by) == (None, None)
    assert (status.freshness.allowed_age_hours, status.freshness.is_overdue, status.freshness.is_stale) == (
        6,
        False,
        False,
    )
    assert status.interval_hours == 4


async def test_status_after_a_sync(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(
        Source(one_page(listing("1"), listing("2"), listing("3", StandardStatus="call")), all_keys("1", "2"))
    )
    run = await rig.sync()
    rig.clock.advance(timedelta(minutes=10))
    status = await _status(rig)
    assert status.state is ProviderState.IDLE
    assert status.last_run is not None
    assert (status.last_run.sync_id, status.last_run.status, status.last_run.added) == (run["sync_id"], "partial", 2)
    assert [child.resource for child in status.last_run.resources] == ["Property"]
    assert status.freshness.lag_seconds == 600
    assert status.freshness.watermark == "2026-01-01T00:00:00Z"
    assert (status.open_errors, status.listings) == (1, ListingCounts(active=2, total=2, is_estimate=False))
    assert status.next_run_at == status.last_success_at + timedelta(hours=4) if status.last_success_at else False


async def test_the_state_is_the_first_that_is_true_of_running_waiting_needs_operator(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(login_error=CredentialsRefused("the source refused the login")))
    await rig.sync()
    status = await _status(rig)
    assert (status.state, status.needs_operator, status.next_run_at) == (
        ProviderState.NEEDS_OPERATOR, "the source refused the login", None,
    )  # fmt: skip
    waiting = await _request(rig)
    status = await _status(rig)
    assert (status.state, status.waiting_sync_id, status.current) == (ProviderState.WAITING, waiting, None)
    async with rig.database.transaction() as connection:
        await claim_run(connection, rig.provider_id, rig.clock.now())
    later = await _request(rig)
    status = await _status(rig)
    assert (status.state, status.waiting_sync_id) == (ProviderState.RUNNING, later)
    assert status.current is not None
    assert (status.current.sync_id, status.current.stage, status.current.done) == (waiting, "connecting", 0)
    assert status.needs_operator == "the source refused the login", "the reason stays until an operator has acted"


async def test_a_dry_run_does_not_make_the_data_fresh(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1")), all_keys("1")))
    await rig.sync(dry_run=True)
    assert (await _status(rig)).freshness.as_of is None


async def test_archived_providers_are_left_out_of_the_list_and_found_by_id(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source())
    await rig.run_sql("UPDATE mls_provider_configurations SET archived_at = now()")
    async with rig.database.read() as connection:
        assert (await find_statuses(connection, rig.clock.now())).providers == []
        assert (await get_status(connection, "board", rig.clock.now())).archived_at is not None
        with pytest.raises(NotFound):
            await get_status(connection, "nobody", rig.clock.now())


async def test_listings_are_counted_up_to_a_bound_and_estimated_above(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source())
    insert = (
        "INSERT INTO properties (id, provider_id, listing_key, modified_at, stored_at, document_version, removed_at, "
        "erased_at) "
        "SELECT gen_random_uuid(), %(provider)s, n::text, now(), now(), '', CASE WHEN n %% 4 = 0 THEN now() END, "
        "CASE WHEN n %% 10 = 0 THEN now() END FROM generate_series(1, %(rows)s) n"
    )
    await rig.run_sql(insert, provider="board", rows=1000)
    async with rig.database.read() as connection:
        assert await count_listings(connection, "board") == ListingCounts(active=700, total=900, is_estimate=False)
        await rig.run_sql(insert, provider="big", rows=11_000)
        assert (await count_listings(connection, "big")).is_estimate
        await rig.run_sql("ANALYZE properties")
        counted = await count_listings(connection, "big")
        assert counted.is_estimate
        assert counted.total == pytest.approx(9900, rel=0.1)
        assert counted.active == pytest.approx(7700, rel=0.1)
        assert await count_listings(connection, "board") == ListingCounts(active=700, total=900, is_estimate=False)


async def test_history_is_filtered_and_paged(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1")), all_keys("1")))
    first = await rig.sync()
    second = await rig.sync(SyncType.INCREMENTAL)
    rig.source.login_error = SourceUnavailable("no answer")
    third = await rig.sync()

    async def find(page: int = 1, limit: int = 10, **filters: object) -> tuple[list[UUID], int | None]:
        async with rig.database.read() as connection:
            page_of_runs = await find_runs(connection, replace(RunFilter(), **filters), limit=limit, page=page)
        return [run.sync_id for run in page_of_runs.runs], page_of_runs.pagination.total

    everything = [third["sync_id"], second["sync_id"], first["sync_id"]]
    assert await find() == (everything, 3)
    assert await find(limit=2) == (everything[:2], 3)
    assert await find(limit=2, page=2) == (everything[2:], 3)
    assert await find(status=RunStatus.FAILED) == ([third["sync_id"]], 1)
    assert await find(sync_type=SyncType.INCREMENTAL) == ([second["sync_id"]], 1)
    assert await find(since=second["queued_at"]) == (everything[:2], 2)
    assert await find(provider_id="nobody") == ([], 0)


async def test_a_run_has_its_resources_and_counts_of_photos(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1")), all_keys("1")))
    row = await rig.sync()
    sync_id = UUID(str(row["sync_id"]))
    await rig.run_sql(
        'INSERT INTO property_media (id, provider_id, property_id, media_key, "order", category, state, sync_id, '
        "created_at, updated_at) "
        "SELECT gen_random_uuid(), 'board', id, state, 1, 'Photo', state, %(sync_id)s, now(), now() "
        "FROM properties, unnest(ARRAY['stored', 'waiting', 'failed']) AS state",
        sync_id=sync_id,
    )
    async with rig.database.read() as connection:
        run = await get_run(connection, sync_id)
        with pytest.raises(NotFound):
            await get_run(connection, uuid4())
    assert (run.status, run.added, run.duration_ms, run.media_downloaded, run.media_failed) == ("success", 1, 0, 1, 1)
    assert run.stages
    (child,) = run.resources
    assert (child.resource, child.added, child.media_downloaded) == ("Property", 1, 1)


async def test_errors_are_filtered_and_the_raw_record_is_read_apart(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1", StandardStatus="secret price")), all_keys("1")))
    run = await rig.sync()
    rig.source.login_error = SourceUnavailable("no answer")
    await rig.sync()
    async with rig.database.read() as connection:
        both = await find_errors(connection, ErrorFilter("board"), limit=10)
        assert [error.type for error in both.errors] == ["network", "data_validation"]
        assert both.pagination.total == 2
        assert "secret price" not in repr([error for error in both.errors if error.type == "network"])
        error_filter = ErrorFilter("board", ErrorType.DATA_VALIDATION, RetryState.PENDING, UUID(str(run["sync_id"])))
        (error,) = (await find_errors(connection, error_filter, limit=10)).errors
        assert (error.listing_key, error.field) == ("1", "StandardStatus")
        assert "secret price" in ((await get_error_raw(connection, error.id)).raw or "")
        assert await get_error(connection, error.id) == error
        assert (await find_errors(connection, ErrorFilter("board"), limit=1, page=2)).errors == [error]
        for read in (get_error, get_error_raw):
            with pytest.raises(NotFound):
                await read(connection, uuid4())


async def test_errors_of_all_providers_are_merged_newest_first(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(login_error=SourceUnavailable("no answer")))
    await rig.sync()
    add = (
        "INSERT INTO mls_provider_configurations (provider_id, provider_name, provider_type, interval_hours, "
        "created_at, updated_at, archived_at) SELECT id, id, 'MOCK', 4, now(), now(), "
        "CASE WHEN id = 'gone' THEN now() END FROM unnest(ARRAY['other', 'gone']) AS id"
    )
    await rig.run_sql(add)
    await rig.run_sql(
        "INSERT INTO mls_sync_errors (id, provider_id, sync_id, type, reason, retry, at, last_at) "
        "SELECT gen_random_uuid(), provider_id, sync_id, 'network', provider_id || n, 'abandoned', "
        "at + n * interval '1 minute', at FROM unnest(ARRAY['other', 'gone']) AS provider_id, "
        "generate_series(-1, 1, 2) n, (SELECT sync_id, at FROM mls_sync_errors LIMIT 1) AS first"
    )
    async with rig.database.read() as connection:
        pages = [await find_errors(connection, ErrorFilter(), limit=2, page=page) for page in (1, 2)]
    assert [[error.reason for error in page.errors] for page in pages] == [["other1", "no answer"], ["other-1"]]
    assert [page.pagination.total for page in pages] == [3, 3], "an archived provider's errors are left out"


async def test_statistics_count_runs_and_leave_out_dry_ones(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1"), listing("2", StandardStatus="call")), all_keys("1", "2")))
    await rig.sync()
    await rig.sync(dry_run=True)
    rig.source.login_error = SourceUnavailable("no answer")
    await rig.sync()
    await rig.run_sql(
        "UPDATE mls_sync_history SET ended_at = started_at + interval '2 minutes' WHERE status = 'partial'"
    )
    await rig.run_sql("UPDATE mls_sync_history SET ended_at = started_at + interval '1 minute' WHERE status = 'failed'")
    async with rig.database.read() as connection:
        statistics = await get_statistics(connection, rig.clock.now(), days=7)
        nothing = await get_statistics(connection, rig.clock.now() + timedelta(days=30), days=7)
    totals = statistics.totals
    assert (totals.runs, totals.partial, totals.failed, totals.fetched, statistics.success_rate) == (2, 1, 1, 2, 0.5)
    assert (statistics.mean_duration_ms, statistics.p95_duration_ms) == (90_000, 117_000)
    assert statistics.listings_per_hour == 2 / 180 * 3600
    assert {error.type: (error.count, error.rate) for error in statistics.errors} == {
        "data_validation": (1, 0.5), "network": (1, 0.5),
    }  # fmt: skip
    (day,) = statistics.days
    assert (day.provider_id, day.day, day.mean_duration_ms) == (
        "board",
        datetime(2026, 1, 2, tzinfo=UTC).date(),
        90_000,
    )
    for name in ("runs", "succeeded", "partial", "failed", "cancelled"):
        assert getattr(day, name) == getattr(totals, name), "counted one way"
    assert (nothing.totals.runs, nothing.success_rate, nothing.mean_duration_ms, nothing.days) == (0, None, None, [])


async def test_refused_sweeps_show_their_candidates(sync_rig: MakeSyncRig) -> None:
    keys = [str(number) for number in range(10, 20)]
    rig = await sync_rig(Source(one_page(*map(listing, keys)), all_keys(*keys)))
    await rig.sync()
    rig.source.key_pages = all_keys(*keys[:5])
    await rig.sync(SyncType.SWEEP)
    async with rig.database.read() as connection:
        refused = await find_sweeps(connection, limit=10, provider_id="board", status=SweepStatus.REFUSED)
        (sweep,) = refused.sweeps
        assert (sweep.active, sweep.candidates, sweep.candidate_keys, refused.pagination.total) == (10, 5, keys[5:], 1)
        assert (await get_sweep(connection, sweep.id, after=keys[6], keys=2)).candidate_keys == keys[7:9]
        assert (await find_sweeps(connection, limit=10, status=SweepStatus.ACCEPTED)).sweeps == []
        with pytest.raises(NotFound):
            await get_sweep(connection, uuid4())
