"""Runs: requested, claimed by one worker, fenced by an epoch, ended. The rows are the truth; a job is a wake-up.

The epoch of a provider is a fencing token: claiming a run raises it, and every page's transaction checks it first.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from platbook.base.actor import Actor
from platbook.base.errors import Conflict
from platbook.base.ids import new_id
from platbook.connectors.contract import Resource
from platbook.db import ReadConnection, WriteConnection, load_queries
from platbook.sync.runs._control_flow import RunCancelled, RunTakenOver
from platbook.sync.runs.pace import get_pace
from platbook.sync.runs.run import ClaimedRun, RunCounts, RunLease, RunRequest, is_scheduled_kind

Q = load_queries(__package__ or "platbook.sync.runs")


_RESUMED = "interrupted and resumed where it was: its worker stopped, or the database did not answer"


@dataclass(frozen=True, slots=True)
class _CancelledRun:
    """A run that was asked to stop; `is_ended`: it waited, and has ended by that."""

    sync_id: UUID
    sync_type: str
    dry_run: bool
    is_ended: bool


async def request_run(connection: WriteConnection, request: RunRequest, actor: Actor, at: datetime) -> UUID:
    """Add a waiting run; Conflict, with the waiting run's `syncId`, where one waits already."""
    sync_id = new_id()
    params: dict[str, object] = {
        "sync_id": sync_id,
        "provider_id": request.provider_id,
        "sync_type": request.sync_type,
        "dry_run": request.dry_run,
        "listing_key": request.listing_key,
        "sweep_id": request.sweep_id,
        "triggered_by": actor.name,
        "at": at,
    }
    await connection.run(Q.add_status, params)
    if not await connection.run(Q.request_run, params):
        waiting = await connection.value(UUID, Q.get_waiting, params)
        raise Conflict("a run of this provider is waiting already", code="SYNC_WAITING", extra={"syncId": str(waiting)})
    return sync_id


async def claim_run(
    connection: WriteConnection, provider_id: str, at: datetime, resource: Resource = Resource.PROPERTY
) -> RunLease | None:
    """Claim the run a dead worker left behind, or else the waiting one, for its first resource; None: there is none.

    Whoever held the provider before is fenced out. A run that is resumed has a remark that says so.
    """
    params: dict[str, object] = {"provider_id": provider_id, "at": at}
    await connection.run(Q.add_status, params)
    epoch = await connection.value(int, Q.raise_epoch, params)
    left_behind = await connection.first(ClaimedRun, Q.get_running, params)
    run = left_behind or await connection.first(ClaimedRun, Q.start_waiting, params)
    if run is None or epoch is None:
        return None
    await connection.run(Q.start_status, {**params, "sync_id": run.sync_id, "epoch": epoch})
    lease = RunLease(run, await _start_child(connection, run, resource, at), epoch, resource)
    if left_behind is not None:
        await connection.run(Q.add_remark, {"sync_ids": lease.sync_ids, "remark": _RESUMED})
    return lease


async def lease_resource(connection: WriteConnection, lease: RunLease, resource: Resource, at: datetime) -> RunLease:
    """The same run for another resource, with a child of its own."""
    return replace(lease, resource=resource, child_id=await _start_child(connection, lease.run, resource, at))


async def check_epoch(connection: WriteConnection, lease: RunLease) -> None:
    """The first statement of every page's transaction: RunTakenOver or RunCancelled ends it here."""
    params = {"provider_id": lease.run.provider_id, "epoch": lease.epoch, "sync_id": lease.run.sync_id}
    cancelled = await connection.value(bool, Q.check_epoch, params)
    if cancelled is None:
        raise RunTakenOver(f"another worker has taken over {lease.run.provider_id}")
    if cancelled:
        raise RunCancelled("the run was cancelled")


async def add_counts(connection: WriteConnection, lease: RunLease, counts: RunCounts) -> None:
    """Add what a page did to the run's history."""
    params = {name: getattr(counts, name) for name in RunCounts.__dataclass_fields__}
    await connection.run(Q.add_counts, {**params, "sync_ids": lease.sync_ids})


async def get_counts(connection: ReadConnection, lease: RunLease) -> RunCounts:
    """What the run has done so far."""
    return await connection.one(RunCounts, Q.get_counts, {"sync_id": lease.run.sync_id})


async def request_cancel(connection: WriteConnection, provider_id: str, at: datetime) -> list[UUID]:
    """Cancel the waiting run and ask the running one to stop; their ids. Conflict where there is neither."""
    params = {"provider_id": provider_id, "at": at}
    runs = await connection.all(_CancelledRun, Q.request_cancel, params)
    if not runs:
        raise Conflict(f"no run of {provider_id} is waiting or running", code="NO_SYNC_RUNNING")
    if any(run.is_ended and is_scheduled_kind(run.sync_type, dry_run=run.dry_run) for run in runs):
        await postpone_next_run(connection, provider_id, at)
    return [run.sync_id for run in runs]


async def postpone_next_run(connection: WriteConnection, provider_id: str, at: datetime) -> None:
    """Postpone the schedule's next run by the provider's usual pause, so that a cancelled run is not started again."""
    pace = await get_pace(connection, provider_id)
    params = {"provider_id": provider_id, "pause": pace.longest_pause, "at": at}
    await connection.run(Q.postpone_next_run, params)


async def _start_child(connection: WriteConnection, run: ClaimedRun, resource: Resource, at: datetime) -> UUID:
    resumed = await connection.value(UUID, Q.resume_child, {"parent_id": run.sync_id, "resource": resource})
    if resumed is not None:
        return resumed
    child_id = new_id()
    await connection.run(
        Q.add_child,
        {
            "sync_id": child_id,
            "parent_id": run.sync_id,
            "provider_id": run.provider_id,
            "resource": resource,
            "sync_type": run.sync_type,
            "dry_run": run.dry_run,
            "listing_key": run.listing_key,
            "triggered_by": run.triggered_by,
            "at": at,
        },
    )
    return child_id
