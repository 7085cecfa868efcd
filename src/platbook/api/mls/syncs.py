"""Syncs: starting and cancelling them, how they stand and went, what went wrong, and sweeps that wait for a person."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from platbook.api.authentication import Caller
from platbook.api.envelope import Success, paginate
from platbook.api.mls import providers
from platbook.api.mls.params import ErrorId, ProviderId, SweepId, SyncBody
from platbook.api.mls.syncs_models import (
    CancelledAnswer,
    ErrorAnswer,
    ErrorList,
    RawAnswer,
    RetryingAnswer,
    RunAnswer,
    RunList,
    StartedAnswer,
    StatisticsAnswer,
    StatusAnswer,
    StatusList,
    SweepAnswer,
    SweepList,
)
from platbook.api.params import Limit, PageNumber, Since
from platbook.api.services import Given
from platbook.application import syncs
from platbook.providers.providers import get_provider
from platbook.sync.reports import errors, history, statistics, status, sweeps
from platbook.sync.reports.errors import ErrorFilter, ErrorType, RetryState
from platbook.sync.reports.history import RunFilter
from platbook.sync.reports.statistics import MOST_DAYS
from platbook.sync.reports.sweeps import SweepStatus
from platbook.sync.runs.lifecycle import RunStatus, SyncType

router = APIRouter(prefix="/admin/mls", tags=["MLS admin"])
router.include_router(providers.router)

_Type = Annotated[SyncType | None, Query(alias="syncType", description="only runs of this kind")]
_Status = Annotated[RunStatus | None, Query(alias="status", description="only runs that stand so")]


@router.post("/sync", status_code=202)
async def start_sync(body: SyncBody, given: Given, caller: Caller) -> Success[StartedAnswer]:
    """Start a sync. Where one of the provider waits already: 409, with its `syncId` in `details`."""
    started = await syncs.start_sync(given, body.to_request(), caller)
    return Success(data=StartedAnswer.model_validate(started))


@router.post("/sync/{provider_id}/cancel", status_code=202)
async def cancel_sync(provider_id: ProviderId, given: Given, caller: Caller) -> Success[CancelledAnswer]:
    """Cancel a provider's sync: what waits stops at once, what runs within a page or about a second."""
    sync_ids = await syncs.cancel_sync(given, provider_id, caller)
    return Success(data=CancelledAnswer(provider_id=provider_id, sync_ids=sync_ids))


@router.get("/status")
async def get_statuses(given: Given) -> Success[StatusList]:
    """How every provider stands. Archived ones are left out."""
    async with given.database.read() as connection:
        found = await status.find_statuses(connection, given.clock.now())
    return Success(data=StatusList(providers=[StatusAnswer.of(one) for one in found]))


@router.get("/status/{provider_id}")
async def get_status(provider_id: ProviderId, given: Given) -> Success[StatusAnswer]:
    """How one provider stands, an archived one too."""
    async with given.database.read() as connection:
        found = await status.get_status(connection, provider_id, given.clock.now())
    return Success(data=StatusAnswer.of(found))


@router.get("/history")
async def get_history(
    given: Given,
    sync_status: _Status = None,
    sync_type: _Type = None,
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
    sync_status: _Status = None,
    sync_type: _Type = None,
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
    kind: Annotated[ErrorType | None, Query(alias="type", description="only errors of this type")] = None,
    retry: Annotated[RetryState | None, Query(description="only errors whose retry stands so")] = None,
    sync_id: Annotated[UUID | None, Query(alias="syncId", description="only errors of this run")] = None,
    page: PageNumber = 1,
    limit: Limit = 20,
) -> Success[ErrorList]:
    """What went wrong with a provider, newest first."""
    async with given.database.read() as connection:
        await get_provider(connection, provider_id)
        wanted = ErrorFilter(provider_id, kind, retry, sync_id)
        found = await errors.find_errors(connection, wanted, limit=limit, page=page)
    answers = [ErrorAnswer.model_validate(error) for error in found.errors]
    return Success(data=ErrorList(errors=answers, pagination=paginate(page, limit, found.total)))


@router.get("/errors/{error_id}/raw")
async def get_error_raw(error_id: ErrorId, given: Given) -> Success[RawAnswer]:
    """What the source said in the record of one error."""
    async with given.database.read() as connection:
        await errors.get_error(connection, error_id)
        return Success(data=RawAnswer(id=error_id, raw=await errors.get_error_raw(connection, error_id)))


@router.post("/errors/{error_id}/retry", status_code=202)
async def retry_error(error_id: ErrorId, given: Given, caller: Caller) -> Success[RetryingAnswer]:
    """Try one rejected record again. 409 where there is no record to try, or it was accepted meanwhile."""
    retrying = await syncs.retry_error(given, error_id, caller)
    return Success(data=RetryingAnswer.model_validate(retrying))


@router.post("/errors/{provider_id}/retry-all", status_code=202)
async def retry_all(provider_id: ProviderId, given: Given, caller: Caller) -> Success[RetryingAnswer]:
    """Try every rejected record of a provider again."""
    retrying = await syncs.retry_all(given, provider_id, caller)
    return Success(data=RetryingAnswer.model_validate(retrying))


@router.get("/statistics")
async def get_statistics(
    given: Given, days: Annotated[int, Query(ge=1, le=MOST_DAYS, description="how far back")] = 7
) -> Success[StatisticsAnswer]:
    """How syncs went in the last days: in sum, by type of error, by provider and day."""
    async with given.database.read() as connection:
        found = await statistics.get_statistics(connection, given.clock.now(), days=days)
    return Success(data=StatisticsAnswer.of(found))


@router.get("/sweeps")
async def get_sweeps(
    given: Given,
    provider_id: Annotated[str | None, Query(alias="providerId", max_length=64)] = None,
    sweep_status: Annotated[SweepStatus | None, Query(alias="status", description="what became of it")] = None,
    page: PageNumber = 1,
    limit: Limit = 20,
) -> Success[SweepList]:
    """Sweeps that were refused, newest first, each with its first 100 candidates."""
    async with given.database.read() as connection:
        found = await sweeps.find_sweeps(
            connection, limit=limit, page=page, provider_id=provider_id, status=sweep_status
        )
    answers = [SweepAnswer.model_validate(sweep) for sweep in found.sweeps]
    return Success(data=SweepList(sweeps=answers, pagination=paginate(page, limit, found.total)))


@router.post("/sweeps/{sweep_id}/accept", status_code=202)
async def accept_sweep(sweep_id: SweepId, given: Given, caller: Caller) -> Success[StartedAnswer]:
    """Accept a refused sweep: a run removes exactly its candidates, each looked at again. 409 where one waits."""
    started = await syncs.accept_sweep(given, sweep_id, caller)
    return Success(data=StartedAnswer.model_validate(started))


async def _find_runs(given: Given, wanted: RunFilter, page: int, limit: int) -> Success[RunList]:
    async with given.database.read() as connection:
        if wanted.provider_id is not None:
            await get_provider(connection, wanted.provider_id)
        found = await history.find_runs(connection, wanted, limit=limit, page=page)
    answers = [RunAnswer.model_validate(run) for run in found.runs]
    return Success(data=RunList(runs=answers, pagination=paginate(page, limit, found.total)))
