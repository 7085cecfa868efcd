"""Starting and cancelling runs, and accepting a refused sweep."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from platbook import audit
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.base.errors import Conflict, InvalidInput, NotFound
from platbook.base.rights import Right, require
from platbook.db import WriteConnection, load_queries
from platbook.providers.providers import get_in_service, get_provider
from platbook.sync.runs.lifecycle import request_cancel, request_run
from platbook.sync.runs.run import RunRequest, RunStatus, SyncType

Q = load_queries(__package__ or "platbook.sync.runs")

_MANUAL_TYPES = frozenset({SyncType.FULL, SyncType.INCREMENTAL, SyncType.SWEEP})


@dataclass(frozen=True, slots=True)
class StartedRun:
    """A run that waits for a worker; wake one for `provider_id`."""

    sync_id: UUID
    provider_id: str
    sync_type: SyncType
    status: RunStatus = RunStatus.WAITING


async def start_sync(connection: WriteConnection, request: RunRequest, actor: Actor, at: datetime) -> StartedRun:
    """Add a waiting run; with a `listing_key`, of that one record.

    A disabled provider, and one that waits for an operator, may be synced by hand. NotFound: no such provider;
    Conflict: it is archived, or a run waits already (its `syncId` is in `extra`); InvalidInput names the field.
    """
    require(actor, Right.RUN_SYNCS)
    if request.sync_type not in _MANUAL_TYPES:
        raise InvalidInput.of("syncType", f"must be one of {', '.join(sorted(_MANUAL_TYPES))}")
    await get_in_service(connection, request.provider_id)
    if request.listing_key is not None:
        if request.sync_type is SyncType.SWEEP:
            raise InvalidInput.of("listingKey", "cannot be combined with syncType sweep, which reads every key")
        request = RunRequest(request.provider_id, SyncType.RECORD, request.dry_run, request.listing_key)
    sync_id = await request_run(connection, request, actor, at)
    details = {"syncId": str(sync_id), "syncType": request.sync_type, "dryRun": request.dry_run}
    await audit.record(connection, actor, "sync started", AuditSubject("provider", request.provider_id), at, details)
    return StartedRun(sync_id, request.provider_id, request.sync_type)


async def cancel_sync(connection: WriteConnection, provider_id: str, actor: Actor, at: datetime) -> list[UUID]:
    """Cancel the waiting run at once, the running one before its next page. NotFound; Conflict: there is neither."""
    require(actor, Right.RUN_SYNCS)
    await get_provider(connection, provider_id)
    sync_ids = await request_cancel(connection, provider_id, at)
    await audit.record(
        connection,
        actor,
        "sync cancelled",
        AuditSubject("provider", provider_id),
        at,
        {"syncIds": [str(one) for one in sync_ids]},
    )
    return sync_ids


async def accept_sweep(connection: WriteConnection, sweep_id: UUID, actor: Actor, at: datetime) -> StartedRun:
    """Add a run that removes exactly the candidates of a refused sweep, each read again first.

    NotFound: no such sweep; Conflict: it was decided already, or another run waits (then the caller's transaction is
    rolled back and the sweep stays refused).
    """
    require(actor, Right.RUN_SYNCS)
    params = {"sweep_id": sweep_id, "at": at, "actor": actor.name}
    provider_id = await connection.value(str, Q.accept_sweep, params)
    if provider_id is None:
        status = await connection.value(str, Q.get_sweep_status, {"id": sweep_id})
        if status is None:
            raise NotFound(f"there is no refused sweep {sweep_id}", code="SWEEP_NOT_FOUND")
        raise Conflict(f"sweep {sweep_id} is {status} already and cannot be accepted again", code="SWEEP_DECIDED")
    await audit.record(
        connection, actor, "sweep accepted", AuditSubject("provider", provider_id), at, {"sweepId": str(sweep_id)}
    )
    return await _apply(connection, RunRequest(provider_id, SyncType.SWEEP, sweep_id=sweep_id), actor, at)


async def _apply(connection: WriteConnection, request: RunRequest, actor: Actor, at: datetime) -> StartedRun:
    await get_in_service(connection, request.provider_id)
    return StartedRun(await request_run(connection, request, actor, at), request.provider_id, request.sync_type)
