"""Retrying rejected records."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from platbook import audit
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.base.errors import Conflict, NotFound
from platbook.base.rights import Right, require
from platbook.db import WriteConnection, load_queries
from platbook.providers.providers import get_in_service
from platbook.sync.runs.lifecycle import request_run
from platbook.sync.runs.run import RunRequest, SyncType

Q = load_queries(__package__ or "platbook.sync.runs")


@dataclass(frozen=True, slots=True)
class RetryResult:
    """How many errors are marked, and the run that retries them (None: none is marked). Wake a worker."""

    provider_id: str
    marked: int
    sync_id: UUID | None


@dataclass(frozen=True, slots=True)
class _ErrorRow:
    provider_id: str
    listing_key: str | None
    retry: str


async def retry_error(connection: WriteConnection, error_id: UUID, actor: Actor, at: datetime) -> RetryResult:
    """Mark one rejected record for a retry, and add a run that does it. NotFound.

    Conflict: the error has no record to retry, it is settled, or the provider is archived.
    """
    require(actor, Right.RUN_SYNCS)
    error = await connection.first(_ErrorRow, Q.get_error_retry, {"id": error_id})
    if error is None:
        raise NotFound(f"there is no error {error_id}", code="ERROR_NOT_FOUND")
    if error.listing_key is None:
        raise Conflict("this error is of a whole run, or of a record that could not be read; there is nothing to retry")
    await get_in_service(connection, error.provider_id)
    if not await connection.column(str, Q.mark_retrying, {"id": error_id, "provider_id": None, "at": at}):
        raise Conflict(f"this error cannot be retried; its retry status is {error.retry}", code="ERROR_SETTLED")
    await audit.record(
        connection, actor, "error retried", AuditSubject("provider", error.provider_id), at, {"errorId": str(error_id)}
    )
    return RetryResult(error.provider_id, 1, await _request_retry(connection, error.provider_id, actor, at))


async def retry_all(connection: WriteConnection, provider_id: str, actor: Actor, at: datetime) -> RetryResult:
    """Mark every open rejection of a provider for a retry. NotFound; Conflict: the provider is archived."""
    require(actor, Right.RUN_SYNCS)
    await get_in_service(connection, provider_id)
    marked = await connection.column(str, Q.mark_retrying, {"id": None, "provider_id": provider_id, "at": at})
    run = await _request_retry(connection, provider_id, actor, at) if marked else None
    await audit.record(
        connection, actor, "errors retried", AuditSubject("provider", provider_id), at, {"marked": len(marked)}
    )
    return RetryResult(provider_id, len(marked), run)


async def _request_retry(connection: WriteConnection, provider_id: str, actor: Actor, at: datetime) -> UUID:
    try:
        return await request_run(connection, RunRequest(provider_id, SyncType.RETRY), actor, at)
    except Conflict as conflict:
        return UUID(conflict.extra["syncId"])  # whatever the waiting run does, it retries these first
