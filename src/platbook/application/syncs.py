"""Starting, cancelling and retrying syncs: the change is committed, then a worker is woken for it."""

from uuid import UUID

from platbook.application.context import UseCaseContext
from platbook.base.actor import Actor
from platbook.base.errors import InvalidInput
from platbook.sync.jobs import interrupt_run, wake_worker
from platbook.sync.runs import requests, retries
from platbook.sync.runs.requests import StartedRun
from platbook.sync.runs.retries import RetryResult
from platbook.sync.runs.run import RunRequest


async def start_sync(context: UseCaseContext, request: RunRequest, actor: Actor) -> StartedRun:
    """Request a run. Errors: NotFound; Conflict where one waits already; InvalidInput."""
    async with context.database.transaction() as connection:
        started = await requests.start_sync(connection, request, actor, context.clock.now())
    await wake_worker(context.queue, started.provider_id)
    return started


async def cancel_sync(context: UseCaseContext, provider_id: str, actor: Actor) -> list[UUID]:
    """Cancel a provider's runs; their ids. Errors: NotFound; Conflict where none waits or runs."""
    async with context.database.transaction() as connection:
        sync_ids = await requests.cancel_sync(connection, provider_id, actor, context.clock.now())
    await interrupt_run(context.queue, provider_id)
    return sync_ids


async def accept_sweep(
    context: UseCaseContext, sweep_id: UUID, actor: Actor, *, provider_id: str | None = None
) -> StartedRun:
    """Request a run that removes exactly the candidates of a refused sweep.

    Errors: NotFound; Conflict; InvalidInput where `provider_id` names another provider than the sweep's, which stays
    refused.
    """
    async with context.database.transaction() as connection:
        started = await requests.accept_sweep(connection, sweep_id, actor, context.clock.now())
        if provider_id not in {None, started.provider_id}:
            raise InvalidInput(f"sweep {sweep_id} belongs to {started.provider_id}, not to {provider_id}")
    await wake_worker(context.queue, started.provider_id)
    return started


async def retry_error(context: UseCaseContext, error_id: UUID, actor: Actor) -> RetryResult:
    """Retry one rejected record. Errors: NotFound; Conflict where there is nothing to retry."""
    async with context.database.transaction() as connection:
        result = await retries.retry_error(connection, error_id, actor, context.clock.now())
    await wake_worker(context.queue, result.provider_id)
    return result


async def retry_all(context: UseCaseContext, provider_id: str, actor: Actor) -> RetryResult:
    """Retry every rejected record of a provider. Errors: NotFound; Conflict where it is archived."""
    async with context.database.transaction() as connection:
        result = await retries.retry_all(connection, provider_id, actor, context.clock.now())
    await wake_worker(context.queue, provider_id)
    return result
