"""Sync history: runs that ended, run now or wait, each with its runs of single resources."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from platbook.base.errors import NotFound
from platbook.base.views import Pagination, UtcDatetime, View, paginate
from platbook.db import ReadConnection, load_queries
from platbook.db.lists import NumberedSource, PageNumber, find_numbered_page
from platbook.sync.runs.run import RunStatus, SyncType

Q = load_queries(__package__ or "platbook.sync.reports")


class ResourceRun(View):
    """A run, or its part that synced one resource.

    `foundBySweep` are those of the added and updated records that only the list of keys of a sweep named: the source
    published them late, or without a modification time. `stale` are versions older than one stored or received
    already, which were not taken. `stages` are seconds by stage. `remarks` report what is worth knowing of a run:
    another way of paging, characters repaired, records that could not be read by key. `durationMs` is null until the
    run has ended.
    """

    sync_id: UUID
    provider_id: str
    resource: str | None
    sync_type: str
    status: str
    dry_run: bool
    listing_key: str | None
    sweep_id: UUID | None
    queued_at: UtcDatetime
    started_at: UtcDatetime | None
    ended_at: UtcDatetime | None
    duration_ms: int | None
    fetched: int
    added: int
    updated: int
    unchanged: int
    deleted: int
    errored: int
    stale: int
    found_by_sweep: int
    media_downloaded: int
    media_failed: int
    bytes: int
    requests: int
    stages: dict[str, float]
    remarks: list[str]
    triggered_by: str
    error_type: str | None
    error: str | None


class Run(ResourceRun):
    """A run with its resources."""

    resources: list[ResourceRun]


class RunList(View):
    """One page of runs, newest first."""

    runs: list[Run]
    pagination: Pagination


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs; None matches all."""

    provider_id: str | None = None
    status: RunStatus | None = None
    sync_type: SyncType | None = None
    since: datetime | None = None


class _Row(ResourceRun):
    parent_id: UUID | None

    def to_resource_run(self) -> ResourceRun:
        return ResourceRun.model_validate(self.model_dump(exclude={"parent_id"}))


@dataclass(frozen=True, slots=True)
class _RunKey:
    sync_id: UUID
    queued_at: datetime


_RUNS = NumberedSource(_RunKey, Q.find_run_ids, ("queued_at",), descending=True, id_column="sync_id")


async def find_runs(connection: ReadConnection, run_filter: RunFilter, *, limit: int, page: int = 1) -> RunList:
    """One page of runs with their resources."""
    params = {
        "provider_id": run_filter.provider_id,
        "status": run_filter.status,
        "sync_type": run_filter.sync_type,
        "since": run_filter.since,
    }
    keys = await find_numbered_page(connection, _RUNS, PageNumber(page, limit), params)
    sync_ids = [key.sync_id for key in keys.rows]
    runs = {run.sync_id: run for run in await get_runs(connection, sync_ids)}
    return RunList(
        runs=[runs[sync_id] for sync_id in sync_ids if sync_id in runs], pagination=paginate(page, limit, keys.total)
    )


async def get_run(connection: ReadConnection, sync_id: UUID) -> Run:
    """One run with its resources; NotFound."""
    for run in await get_runs(connection, [sync_id]):
        return run
    raise NotFound(f"there is no run {sync_id}", code="SYNC_NOT_FOUND")


async def get_runs(connection: ReadConnection, sync_ids: Sequence[UUID]) -> list[Run]:
    """Runs by their ids, oldest first, each with its resources; ids without a run are left out."""
    rows = await connection.all(_Row, Q.get_runs, {"ids": list(sync_ids)})
    requested = set(sync_ids)
    resources: dict[UUID, list[ResourceRun]] = {row.sync_id: [] for row in rows if row.sync_id in requested}
    for row in rows:
        if row.parent_id is not None and row.parent_id in resources:
            resources[row.parent_id].append(row.to_resource_run())
    return [
        Run(**dict(row.to_resource_run()), resources=resources[row.sync_id]) for row in rows if row.sync_id in resources
    ]
