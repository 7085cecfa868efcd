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
from platbook.sync.runs.lifecycle import RunRequest, RunStatus, SyncType, claim_run, request_run
from tests.fakes.scripted_source import Source, all_keys, listing, one_page
from tests.sync.conftest import Desk, MakeDesk


async def _status(at: Desk) -> ProviderStatus:
    async with at.database.read() as connection:
        return await get_status(connection, at.provider_id, at.clock.now())


async def _request(at: Desk, sync_type: SyncType = SyncType.FULL) -> UUID:
    async with at.database.transaction() as connection:
        return await request_run(connection, RunRequest(at.provider_id, sync_type), COMMAND_LINE, at.clock.now())


async def test_a_provider_never_synced_is_idle_and_empty(desk: MakeDesk) -> None:
    status = await _status(await desk(Source()))
    assert (status.state, status.last_run, status.current, status.listings) == (
        ProviderState.IDLE, None, None, ListingCounts(active=0, total=0, is_estimate=False),
    )  # fmt: skip
    assert (status.freshness.as_of, status.freshness.lag_seconds, status.freshness.watermark) == (None, None, None)
    assert status.interval_hours == 4


async def test_status_after_a_sync(desk: MakeDesk) -> None:
    at = await desk(Source(one_page(listing("1"), listing("2"), listing("3", ListPrice="call")), all_keys("1", "2")))
    run = await at.sync()
    at.clock.advance(timedelta(minutes=10))
    status = await _status(at)
    assert status.state is ProviderState.IDLE
    assert status.last_run is not None
    assert (status.last_run.sync_id, status.last_run.status, status.last_run.added) == (run["sync_id"], "partial", 2)
    assert [child.resource for child in status.last_run.resources] == ["Property"]
    assert status.freshness.lag_seconds == 600
    assert status.freshness.watermark == "2026-01-01T00:00:00Z"
    assert (status.open_errors, status.listings) == (1, ListingCounts(active=2, total=2, is_estimate=False))
    assert status.next_run_at == status.last_success_at + timedelta(hours=4) if status.last_success_at else False


async def test_the_state_is_the_first_that_is_true_of_running_waiting_needs_operator(desk: MakeDesk) -> None:
    at = await desk(Source(login_error=CredentialsRefused("the source refused the login")))
    await at.sync()
    status = await _status(at)
    assert (status.state, status.needs_operator, status.next_run_at) == (
        ProviderState.NEEDS_OPERATOR, "the source refused the login", None,
    )  # fmt: skip
    waiting = await _request(at)
    status = await _status(at)
    assert (status.state, status.waiting_sync_id, status.current) == (ProviderState.WAITING, waiting, None)
    async with at.database.transaction() as connection:
        await claim_run(connection, at.provider_id, at.clock.now())
    later = await _request(at)
    status = await _status(at)
    assert (status.state, status.waiting_sync_id) == (ProviderState.RUNNING, later)
    assert status.current is not None
    assert (status.current.sync_id, status.current.stage, status.current.done) == (waiting, "connecting", 0)
    assert status.needs_operator == "the source refused the login", "the reason stays until an operator has acted"


async def test_a_dry_run_does_not_make_the_data_fresh(desk: MakeDesk) -> None:
    at = await desk(Source(one_page(listing("1")), all_keys("1")))
    await at.sync(dry_run=True)
    assert (await _status(at)).freshness.as_of is None


async def test_archived_providers_are_left_out_of_the_list_and_found_by_id(desk: MakeDesk) -> None:
    at = await desk(Source())
    await at.run_sql("UPDATE mls_provider_configurations SET archived_at = now()")
    async with at.database.read() as connection:
        assert (await find_statuses(connection, at.clock.now())).providers == []
        assert (await get_status(connection, "board", at.clock.now())).archived_at is not None
        with pytest.raises(NotFound):
            await get_status(connection, "nobody", at.clock.now())


async def test_listings_are_counted_up_to_a_bound_and_estimated_above(desk: MakeDesk) -> None:
    at = await desk(Source())
    insert = (
        "INSERT INTO properties (id, provider_id, listing_key, modified_at, stored_at, document_version, removed_at, "
        "erased_at) "
        "SELECT gen_random_uuid(), %(provider)s, n::text, now(), now(), '', CASE WHEN n %% 4 = 0 THEN now() END, "
        "CASE WHEN n %% 10 = 0 THEN now() END FROM generate_series(1, %(rows)s) n"
    )
    await at.run_sql(insert, provider="board", rows=1000)
    async with at.database.read() as connection:
        assert await count_listings(connection, "board") == ListingCounts(active=700, total=900, is_estimate=False)
        await at.run_sql(insert, provider="big", rows=11_000)
        assert (await count_listings(connection, "big")).is_estimate
        await at.run_sql("ANALYZE properties")
        counted = await count_listings(connection, "big")
        assert counted.is_estimate
        assert counted.total == pytest.approx(9900, rel=0.1)
        assert counted.active == pytest.approx(7700, rel=0.1)
        assert await count_listings(connection, "board") == ListingCounts(active=700, total=900, is_estimate=False)


async def test_history_is_filtered_and_paged(desk: MakeDesk) -> None:
    at = await desk(Source(one_page(listing("1")), all_keys("1")))
    first = await at.sync()
    second = await at.sync(SyncType.INCREMENTAL)
    at.source.login_error = SourceUnavailable("no answer")
    third = await at.sync()

    async def find(page: int = 1, limit: int = 10, **filters: object) -> tuple[list[UUID], int | None]:
        async with at.database.read() as connection:
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


async def test_a_run_has_its_resources_and_counts_of_photos(desk: MakeDesk) -> None:
    at = await desk(Source(one_page(listing("1")), all_keys("1")))
    row = await at.sync()
    sync_id = UUID(str(row["sync_id"]))
    await at.run_sql(
        'INSERT INTO property_media (id, provider_id, property_id, media_key, "order", category, state, sync_id, '
        "created_at, updated_at) "
        "SELECT gen_random_uuid(), 'board', id, state, 1, 'Photo', state, %(sync_id)s, now(), now() "
        "FROM properties, unnest(ARRAY['stored', 'waiting', 'failed']) AS state",
        sync_id=sync_id,
    )
    async with at.database.read() as connection:
        run = await get_run(connection, sync_id)
        with pytest.raises(NotFound):
            await get_run(connection, uuid4())
    assert (run.status, run.added, run.duration_ms, run.media_downloaded, run.media_failed) == ("success", 1, 0, 1, 1)
    assert run.stages
    (child,) = run.resources
    assert (child.resource, child.added, child.media_downloaded) == ("Property", 1, 1)


async def test_errors_are_filtered_and_the_raw_record_is_read_apart(desk: MakeDesk) -> None:
    at = await desk(Source(one_page(listing("1", ListPrice="secret price")), all_keys("1")))
    run = await at.sync()
    at.source.login_error = SourceUnavailable("no answer")
    await at.sync()
    async with at.database.read() as connection:
        both = await find_errors(connection, ErrorFilter("board"), limit=10)
        assert [error.type for error in both.errors] == ["network", "data_validation"]
        assert both.pagination.total == 2
        assert "secret price" not in repr([error for error in both.errors if error.type == "network"])
        error_filter = ErrorFilter("board", ErrorType.DATA_VALIDATION, RetryState.PENDING, UUID(str(run["sync_id"])))
        (error,) = (await find_errors(connection, error_filter, limit=10)).errors
        assert (error.listing_key, error.field) == ("1", "ListPrice")
        assert "secret price" in ((await get_error_raw(connection, error.id)).raw or "")
        assert await get_error(connection, error.id) == error
        assert (await find_errors(connection, ErrorFilter("board"), limit=1, page=2)).errors == [error]
        for read in (get_error, get_error_raw):
            with pytest.raises(NotFound):
                await read(connection, uuid4())


async def test_errors_of_all_providers_are_merged_newest_first(desk: MakeDesk) -> None:
    at = await desk(Source(login_error=SourceUnavailable("no answer")))
    await at.sync()
    add = (
        "INSERT INTO mls_provider_configurations (provider_id, provider_name, provider_type, interval_hours, "
        "created_at, updated_at, archived_at) SELECT id, id, 'MOCK', 4, now(), now(), "
        "CASE WHEN id = 'gone' THEN now() END FROM unnest(ARRAY['other', 'gone']) AS id"
    )
    await at.run_sql(add)
    await at.run_sql(
        "INSERT INTO mls_sync_errors (id, provider_id, sync_id, type, reason, retry, at, last_at) "
        "SELECT gen_random_uuid(), provider_id, sync_id, 'network', provider_id || n, 'abandoned', "
        "at + n * interval '1 minute', at FROM unnest(ARRAY['other', 'gone']) AS provider_id, "
        "generate_series(-1, 1, 2) n, (SELECT sync_id, at FROM mls_sync_errors LIMIT 1) AS first"
    )
    async with at.database.read() as connection:
        pages = [await find_errors(connection, ErrorFilter(), limit=2, page=page) for page in (1, 2)]
    assert [[error.reason for error in page.errors] for page in pages] == [["other1", "no answer"], ["other-1"]]
    assert [page.pagination.total for page in pages] == [3, 3], "an archived provider's errors are left out"


async def test_statistics_count_runs_and_leave_out_dry_ones(desk: MakeDesk) -> None:
    at = await desk(Source(one_page(listing("1"), listing("2", ListPrice="call")), all_keys("1", "2")))
    await at.sync()
    await at.sync(dry_run=True)
    at.source.login_error = SourceUnavailable("no answer")
    await at.sync()
    await at.run_sql(
        "UPDATE mls_sync_history SET ended_at = started_at + interval '2 minutes' WHERE status = 'partial'"
    )
    await at.run_sql("UPDATE mls_sync_history SET ended_at = started_at + interval '1 minute' WHERE status = 'failed'")
    async with at.database.read() as connection:
        statistics = await get_statistics(connection, at.clock.now(), days=7)
        nothing = await get_statistics(connection, at.clock.now() + timedelta(days=30), days=7)
    totals = statistics.totals
    assert (totals.runs, totals.partial, totals.failed, totals.fetched, statistics.success_rate) == (2, 1, 1, 2, 0.5)
    assert (statistics.mean_duration_ms, statistics.p95_duration_ms) == (90_000, 117_000)
    assert statistics.listings_per_hour == 2 / 180 * 3600
    assert {error.type: (error.count, error.rate) for error in statistics.errors} == {
        "data_validation": (1, 0.5), "network": (1, 0.5),
    }  # fmt: skip
    (day,) = statistics.days
    assert (day.provider_id, day.day, day.runs, day.succeeded, day.mean_duration_ms) == (
        "board",
        datetime(2026, 1, 2, tzinfo=UTC).date(),
        2,
        1,
        90_000,
    )
    assert (nothing.totals.runs, nothing.success_rate, nothing.mean_duration_ms, nothing.days) == (0, None, None, [])


async def test_refused_sweeps_show_their_candidates(desk: MakeDesk) -> None:
    keys = [str(number) for number in range(10, 20)]
    at = await desk(Source(one_page(*map(listing, keys)), all_keys(*keys)))
    await at.sync()
    at.source.key_pages = all_keys(*keys[:5])
    await at.sync(SyncType.SWEEP)
    async with at.database.read() as connection:
        refused = await find_sweeps(connection, limit=10, provider_id="board", status=SweepStatus.REFUSED)
        (sweep,) = refused.sweeps
        assert (sweep.active, sweep.candidates, sweep.candidate_keys, refused.pagination.total) == (10, 5, keys[5:], 1)
        assert (await get_sweep(connection, sweep.id, after=keys[6], keys=2)).candidate_keys == keys[7:9]
        assert (await find_sweeps(connection, limit=10, status=SweepStatus.ACCEPTED)).sweeps == []
        with pytest.raises(NotFound):
            await get_sweep(connection, uuid4())
