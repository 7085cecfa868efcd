"""Syncs: starting and cancelling runs, provider status, history, errors and retries, statistics, refused sweeps."""

from fastapi import APIRouter

from platbook.api.authentication import Caller
from platbook.api.envelope import Success
from platbook.api.mls import display_rules, providers
from platbook.api.mls.models import CancelledRunsRead, RetryRead, StartedRunRead, SyncCreate
from platbook.api.mls.params import (
    Days,
    ErrorId,
    OnlyErrorType,
    OnlyFindingKind,
    OnlyOpen,
    OnlyProviderId,
    OnlyRetryState,
    OnlyRunStatus,
    OnlySweepStatus,
    OnlySyncId,
    OnlySyncType,
    ProviderId,
    SweepId,
)
from platbook.api.params import Limit, PageNumber, Since
from platbook.api.services import ServicesDep
from platbook.application import syncs as use_cases
from platbook.providers.findings import FindingFilter, FindingList, find_findings
from platbook.providers.providers import get_provider
from platbook.sync.reports import errors, history, statistics, status, sweeps
from platbook.sync.reports.errors import ErrorFilter, ErrorRaw, SyncErrorList
from platbook.sync.reports.history import RunFilter, RunList
from platbook.sync.reports.statistics import SyncStatistics
from platbook.sync.reports.status import ProviderStatus, ProviderStatusList
from platbook.sync.reports.sweeps import SweepList

router = APIRouter(prefix="/admin/mls", tags=["MLS admin"])
router.include_router(providers.router)
router.include_router(display_rules.router)


@router.post("/sync", status_code=202)
async def start_sync(body: SyncCreate, services: ServicesDep, caller: Caller) -> Success[StartedRunRead]:
    """Start a sync. 409 where a run of the provider waits already, with its `syncId` in `details`."""
    started = await use_cases.start_sync(services, body.to_request(), caller)
    return Success(data=StartedRunRead.model_validate(started))


@router.post("/sync/{provider_id}/cancel", status_code=202)
async def cancel_sync(provider_id: ProviderId, services: ServicesDep, caller: Caller) -> Success[CancelledRunsRead]:
    """Cancel a provider's sync: a waiting run at once, a running one within a page or about a second."""
    sync_ids = await use_cases.cancel_sync(services, provider_id, caller)
    return Success(data=CancelledRunsRead(provider_id=provider_id, sync_ids=sync_ids))


@router.get("/status")
async def get_statuses(services: ServicesDep) -> Success[ProviderStatusList]:
    """The status of every provider; `freshness`: how old its copy is. Archived ones are left out."""
    async with services.database.read() as connection:
        return Success(data=await status.find_statuses(connection, services.clock.now()))


@router.get("/status/{provider_id}")
async def get_status(provider_id: ProviderId, services: ServicesDep) -> Success[ProviderStatus]:
    """One provider's status, an archived one's too."""
    async with services.database.read() as connection:
        return Success(data=await status.get_status(connection, provider_id, services.clock.now()))


@router.get("/history")
async def get_history(
    services: ServicesDep,
    sync_status: OnlyRunStatus = None,
    sync_type: OnlySyncType = None,
    since: Since = None,
    page: PageNumber = 1,
    limit: Limit = 20,
) -> Success[RunList]:
    """Runs of every provider, newest first, each with its resources.

    `foundBySweep`: what only a sweep found. `stale`: versions of records that are older than one stored or received
    already, and were not taken.
    """
    return await _find_runs(services, RunFilter(None, sync_status, sync_type, since), page, limit)


@router.get("/history/{provider_id}")
async def get_provider_history(
    provider_id: ProviderId,
    services: ServicesDep,
    sync_status: OnlyRunStatus = None,
    sync_type: OnlySyncType = None,
    since: Since = None,
    page: PageNumber = 1,
    limit: Limit = 20,
) -> Success[RunList]:
    """Runs of one provider, newest first, each with its resources."""
    return await _find_runs(services, RunFilter(provider_id, sync_status, sync_type, since), page, limit)


@router.get("/errors/{provider_id}")
async def get_errors(
    provider_id: ProviderId,
    services: ServicesDep,
    error_type: OnlyErrorType = None,
    retry: OnlyRetryState = None,
    sync_id: OnlySyncId = None,
    page: PageNumber = 1,
    limit: Limit = 20,
) -> Success[SyncErrorList]:
    """A provider's errors, newest first."""
    error_filter = ErrorFilter(provider_id, error_type, retry, sync_id)
    async with services.database.read() as connection:
        await get_provider(connection, provider_id)
        return Success(data=await errors.find_errors(connection, error_filter, limit=limit, page=page))


@router.get("/errors/{error_id}/raw")
async def get_error_raw(error_id: ErrorId, services: ServicesDep) -> Success[ErrorRaw]:
    """The source's record of one error, as it was received."""
    async with services.database.read() as connection:
        return Success(data=await errors.get_error_raw(connection, error_id))


@router.post("/errors/{error_id}/retry", status_code=202)
async def retry_error(error_id: ErrorId, services: ServicesDep, caller: Caller) -> Success[RetryRead]:
    """Retry one rejected record. 409 where the error names no record, or the record was accepted meanwhile."""
    retrying = await use_cases.retry_error(services, error_id, caller)
    return Success(data=RetryRead.model_validate(retrying))


@router.post("/errors/{provider_id}/retry-all", status_code=202)
async def retry_all(provider_id: ProviderId, services: ServicesDep, caller: Caller) -> Success[RetryRead]:
    """Retry every rejected record of a provider."""
    retrying = await use_cases.retry_all(services, provider_id, caller)
    return Success(data=RetryRead.model_validate(retrying))


@router.get("/findings/{provider_id}")
async def get_findings(
    provider_id: ProviderId,
    services: ServicesDep,
    kind: OnlyFindingKind = None,
    is_open: OnlyOpen = None,
    page: PageNumber = 1,
    limit: Limit = 20,
) -> Success[FindingList]:
    """What is wrong with a provider's values although its records are taken, newest first."""
    async with services.database.read() as connection:
        await get_provider(connection, provider_id)
        finding_filter = FindingFilter(provider_id, kind, is_open)
        return Success(data=await find_findings(connection, finding_filter, limit=limit, page=page))


@router.get("/statistics")
async def get_statistics(services: ServicesDep, days: Days = 7) -> Success[SyncStatistics]:
    """Statistics of the last days: totals, errors by type, and totals by provider and day."""
    async with services.database.read() as connection:
        return Success(data=await statistics.get_statistics(connection, services.clock.now(), days=days))


@router.get("/sweeps")
async def get_sweeps(
    services: ServicesDep,
    provider_id: OnlyProviderId = None,
    sweep_status: OnlySweepStatus = None,
    page: PageNumber = 1,
    limit: Limit = 20,
) -> Success[SweepList]:
    """Refused sweeps, newest first, each with its first 100 candidates."""
    async with services.database.read() as connection:
        refused = await sweeps.find_sweeps(
            connection, limit=limit, page=page, provider_id=provider_id, status=sweep_status
        )
    return Success(data=refused)


@router.post("/sweeps/{sweep_id}/accept", status_code=202)
async def accept_sweep(sweep_id: SweepId, services: ServicesDep, caller: Caller) -> Success[StartedRunRead]:
    """Accept a refused sweep: a run removes exactly its candidates, each checked again. 409 where a run waits."""
    started = await use_cases.accept_sweep(services, sweep_id, caller)
    return Success(data=StartedRunRead.model_validate(started))


async def _find_runs(services: ServicesDep, run_filter: RunFilter, page: int, limit: int) -> Success[RunList]:
    async with services.database.read() as connection:
        if run_filter.provider_id is not None:
            await get_provider(connection, run_filter.provider_id)
        return Success(data=await history.find_runs(connection, run_filter, limit=limit, page=page))
