"""The background work of documents: rebuilt on request, looked over again and again, withdrawn when time is over."""

from datetime import timedelta

from platbook.base.clock import Clock
from platbook.base.log import get_log
from platbook.db import Database
from platbook.db.errors import OperationalError, is_lock_timeout
from platbook.jobs import Arguments, Job, JobDefinition, JobQueue
from platbook.listings.rebuild import rebuild_documents
from platbook.listings.rebuild.expiry import withdraw_expired
from platbook.providers.local import LOCAL
from platbook.providers.providers import find_providers

log = get_log("listings")

REBUILD = JobDefinition(
    "rebuild", key="documents:{providerId}", arguments=("providerId",), period=timedelta(seconds=60)
)

WITHDRAW_EXPIRED = JobDefinition("withdraw expired documents", period=timedelta(seconds=60))


async def request_rebuild(queue: JobQueue, provider_id: str) -> bool:
    """Let a worker rebuild a provider's documents; False: a job for it waits already."""
    return await queue.put(REBUILD, providerId=provider_id)


def to_rebuild_job(database: Database, clock: Clock) -> Job:
    """Rebuilds the documents that are withdrawn or of another format: of one provider if queued, of all by period."""

    async def rebuild(arguments: Arguments) -> None:
        requested = arguments.get("providerId")
        async with database.read() as connection:
            provider_ids = [LOCAL, *(one.provider_id for one in await find_providers(connection))]
        for provider_id in provider_ids:
            if requested in {None, provider_id}:
                await _rebuild(database, clock, provider_id)

    return Job(REBUILD, rebuild)


async def _rebuild(database: Database, clock: Clock, provider_id: str) -> None:
    """Rebuild a provider's documents. While its rules are being changed they wait for the next time, and no other's."""
    try:
        await rebuild_documents(database, clock, provider_id)
    except OperationalError as error:
        if not is_lock_timeout(error):
            raise
        log.info("documents are rebuilt later: the rules are being changed", provider=provider_id)


def to_expiry_job(database: Database, clock: Clock) -> Job:
    """Withdraws public documents whose time is over."""

    async def withdraw(_: Arguments) -> None:
        await withdraw_expired(database, clock)

    return Job(WITHDRAW_EXPIRED, withdraw)
