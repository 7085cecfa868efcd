"""Syncs: starting and cancelling runs, provider status, history, errors and retries, statistics, refused sweeps."""

from fastapi import APIRouter

from platbook.api.authentication import Caller
from platbook.api.envelope import Success
from platbook.api.mls import providers
from platbook.api.mls.models import CancelledRunsRead, RetryRead, StartedRunRead, SyncCreate
from platbook.api.mls.params import (
    Days,
    ErrorId,
    Limit,
    OnlyErrorType,
    OnlyProviderId,
    OnlyRetryState,
    OnlyRunStatus,
    OnlySweepStatus,
    OnlySyncId,
    OnlySyncType,
    PageNumber,
    ProviderId,
    Since,
    SweepId,
)
from platbook.api.services import Given
from platbook.api.wake import interrupt, wake
from platbook.providers.providers import get_provider
from platbook.sync.reports import errors, history, statistics, status, sweeps
from platbook.sync.reports.errors import ErrorFilter, ErrorRaw, SyncErrorList
from platbook.sync.reports.history import RunFilter, RunList
from platbook.sync.reports.statistics import SyncStatistics
from platbook.sync.reports.status import ProviderStatus, ProviderStatusList
from platbook.sync.reports.sweeps import SweepList
from platbook.sync.runs import requests, retries

router = APIRouter(prefix="/admin/mls", tags=["MLS admin"])
router.include_router(providers.router)


@router.post("/sync", status_code=202)
async def start_sync(body: SyncCreate, given: Given, caller: Caller) -> Success[StartedRunRead]:
    """Start a sync. 409 where a run of the provider waits already, with its `syncId` in `details`."""
    async with given.database.transaction() as connection:
        started = await requests.start_sync(connection, body.to_request(), caller, given.clock.now())
    await wake(given, started.provider_id)
    return Success(data=StartedRunRead.model_validate(started))


@router.post("/sync/{provider_id}/cancel", status_code=202)
async def cancel_sync(provider_id: ProviderId, given: Given, caller: Caller) -> Success[CancelledRunsRead]:
    """Cancel a provider's sync: a waiting run at once, a running one within a page or about a second."""
    async with given.database.transaction() as connection:
        sync_ids = await requests.cancel_sync(connection, provider_id, caller, given.clock.now())
    await interrupt(given, provider_id)
    return Success(data=CancelledRunsRead(provider_id=provider_id, sync_ids=sync_ids))


@router.get("/status")
async def get_statuses(given: Given) -> Success[ProviderStatusList]:
    """The status of every provider. Archived ones are left out."""
    async with given.database.read() as connection:
        return Success(data=await status.find_statuses(connection, given.clock.now()))


@router.get("/status/{provider_id}")
async def get_status(provider_id: ProviderId, given: Given) -> Success[ProviderStatus]:
    """One provider's status, an archived one's too."""
    async with given.database.read() as connection:
        return Success(data=await status.get_status(connection, provider_id, given.clock.now()))


@router.get("/history")
async def get_history(
    given: Given,
    sync_status: OnlyRunStatus = None,
    sync_type: OnlySyncType = None,
    since: Since = None,
    page: PageNumber = 1,
    limit: Limit = 20,
) -> Success[RunList]:
    """Runs of every provider, newest first, each with its resources."""
    return await _find_runs(given, RunFilter(None, sync_status, sync_type, since), page, limit)


@router.get("/history/{provider_id}")
async def get_provider_history(
    provider_id: ProviderId,
    given: Given,
    sync_status: OnlyRunStatus = None,
    sync_type: OnlySyncType = None,
    since: Since = None,
    page: PageNumber = 1,
    limit: Limit = 20,
) -> Success[RunList]:
    """Runs of one provider, newest first, each with its resources."""
    return await _find_runs(given, RunFilter(provider_id, sync_status, sync_type, since), page, limit)


@router.get("/errors/{provider_id}")
async def get_errors(
    provider_id: ProviderId,
    given: Given,
    error_type: OnlyErrorType = None,
    retry: OnlyRetryState = None,
    sync_id: OnlySyncId = None,
    page: PageNumber = 1,
    limit: Limit = 20,
) -> Success[SyncErrorList]:
    """A provider's errors, newest first."""
    error_filter = ErrorFilter(provider_id, error_type, retry, sync_id)
    async with given.database.read() as connection:
        await get_provider(connection, provider_id)
        return Success(data=await errors.find_errors(connection, error_filter, limit=limit, page=page))


@router.get("/errors/{error_id}/raw")
async def get_error_raw(error_id: ErrorId, given: Given) -> Success[ErrorRaw]:
    """The source's record of one error, as it was received."""
    async with given.database.read() as connection:
        return Success(data=await errors.get_error_raw(connection, error_id))


@router.post("/errors/{error_id}/retry", status_code=202)
async def retry_error(error_id: ErrorId, given: Given, caller: Caller) -> Success[RetryRead]:
    """Retry one rejected record. 409 where the error names no record, or the record was accepted meanwhile."""
    async with given.database.transaction() as connection:
        retrying = await retries.retry_error(connection, error_id, caller, given.clock.now())
    await wake(given, retrying.provider_id)
    return Success(data=RetryRead.model_validate(retrying))


@router.post("/errors/{provider_id}/retry-all", status_code=202)
async def retry_all(provider_id: ProviderId, given: Given, caller: Caller) -> Success[RetryRead]:
    """Retry every rejected record of a provider."""
    async with given.database.transaction() as connection:
        retrying = await retries.retry_all(connection, provider_id, caller, given.clock.now())
    await wake(given, provider_id)
    return Success(data=RetryRead.model_validate(retrying))


@router.get("/statistics")
async def get_statistics(given: Given, days: Days = 7) -> Success[SyncStatistics]:
    """Statistics of the last days: totals, errors by type, and totals by provider and day."""
    async with given.database.read() as connection:
        return Success(data=await statistics.get_statistics(connection, given.clock.now(), days=days))


@router.get("/sweeps")
async def get_sweeps(
    given: Given,
    provider_id: OnlyProviderId = None,
    sweep_status: OnlySweepStatus = None,
    page: PageNumber = 1,
    limit: Limit = 20,
) -> Success[SweepList]:
    """Refused sweeps, newest first, each with its first 100 candidates."""
    async with given.database.read() as connection:
        refused = await sweeps.find_sweeps(
            connection, limit=limit, page=page, provider_id=provider_id, status=sweep_status
        )
    return Success(data=refused)


@router.post("/sweeps/{sweep_id}/accept", status_code=202)
async def accept_sweep(sweep_id: SweepId, given: Given, caller: Caller) -> Success[StartedRunRead]:
    """Accept a refused sweep: a run removes exactly its candidates, each checked again. 409 where a run waits."""
    async with given.database.transaction() as connection:
        started = await requests.accept_sweep(connection, sweep_id, caller, given.clock.now())
    await wake(given, started.provider_id)
    return Success(data=StartedRunRead.model_validate(started))


async def _find_runs(given: Given, run_filter: RunFilter, page: int, limit: int) -> Success[RunList]:
    async with given.database.read() as connection:
        if run_filter.provider_id is not None:
            await get_provider(connection, run_filter.provider_id)
        return Success(data=await history.find_runs(connection, run_filter, limit=limit, page=page))
