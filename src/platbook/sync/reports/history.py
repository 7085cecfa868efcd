"""Runs that were, are and wait, with the runs of single resources under them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from platbook.base.errors import NotFound
from platbook.db import ReadConnection, load_queries
from platbook.sync.runs.lifecycle import RunStatus, SyncType

Q = load_queries(__package__ or "platbook.sync.reports")

_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Run:
    """One run as its history says. `stages` are seconds by stage; `resources` the runs under it, by resource.

    `remarks` tell what is worth knowing of a run that went well: another way of paging, characters repaired.
    """

    sync_id: UUID
    parent_id: UUID | None
    provider_id: str
    resource: str | None
    sync_type: str
    status: str
    dry_run: bool
    listing_key: str | None
    sweep_id: UUID | None
    triggered_by: str
    cancel_requested_at: datetime | None
    queued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    fetched: int
    added: int
    updated: int
    unchanged: int
    deleted: int
    errored: int
    bytes: int
    requests: int
    stages: dict[str, float]
    remarks: list[str]
    error_type: str | None
    error: str | None
    media_downloaded: int
    media_failed: int
    resources: list["Run"] = field(default_factory=list["Run"])

    @property
    def duration_ms(self) -> int | None:
        """How long it took; None until it has ended."""
        if self.started_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.started_at) // _MILLISECOND


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs; None is all."""

    provider_id: str | None = None
    status: RunStatus | None = None
    sync_type: SyncType | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Runs:
    """One page of runs, newest first, and how many there are in all."""

    runs: list[Run]
    total: int


async def find_runs(connection: ReadConnection, wanted: RunFilter, *, limit: int, page: int = 1) -> Runs:
    """One page of runs with their resources."""
    params = {
        "provider_id": wanted.provider_id,
        "status": wanted.status,
        "sync_type": wanted.sync_type,
        "since": wanted.since,
        "limit": limit,
        "offset": (page - 1) * limit,
    }
    runs = await connection.all(Run, Q.find_runs, params)
    known = {run.sync_id: run for run in await get_runs(connection, [run.sync_id for run in runs])}
    total = await connection.value(int, Q.count_runs, params) or 0
    return Runs([known.get(run.sync_id, run) for run in runs], total)


async def get_run(connection: ReadConnection, sync_id: UUID) -> Run:
    """One run with its resources; NotFound."""
    for run in await get_runs(connection, [sync_id]):
        if run.sync_id == sync_id:
            return run
    raise NotFound("there is no such run", code="SYNC_NOT_FOUND")


async def get_runs(connection: ReadConnection, sync_ids: Sequence[UUID]) -> list[Run]:
    """Runs by their ids, each with its resources; unknown ids are left out."""
    found = await connection.all(Run, Q.get_runs, {"ids": list(sync_ids)})
    asked = set(sync_ids)
    runs = {run.sync_id: run for run in found if run.sync_id in asked}
    for run in found:
        if run.parent_id is not None and run.parent_id in runs:
            runs[run.parent_id].resources.append(run)
    return list(runs.values())
