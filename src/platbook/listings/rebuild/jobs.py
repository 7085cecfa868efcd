"""The background work of documents: rebuilt on request, and looked over again and again."""

from datetime import timedelta

from platbook.db import Database
from platbook.jobs import Arguments, Job, JobDefinition, JobQueue
from platbook.listings.rebuild import rebuild_documents
from platbook.providers.display import DisplaySettings
from platbook.providers.providers import LOCAL, find_providers

REBUILD = JobDefinition(
    "rebuild", key="documents:{providerId}", arguments=("providerId",), period=timedelta(seconds=60)
)


async def request_rebuild(queue: JobQueue, provider_id: str) -> bool:
    """Let a worker rebuild a provider's documents; False: a job for it waits already."""
    return await queue.put(REBUILD, providerId=provider_id)


def to_rebuild_job(database: Database) -> Job:
    """Rebuilds the documents that were made under another version: of one provider if queued, of all by period."""

    async def rebuild(arguments: Arguments) -> None:
        requested = arguments.get("providerId")
        async with database.read() as connection:
            displays = {one.provider_id: one.display_rules for one in await find_providers(connection)}
        displays[LOCAL] = DisplaySettings()
        for provider_id, display in displays.items():
            if requested in {None, provider_id}:
                await rebuild_documents(database, provider_id, display)

    return Job(REBUILD, rebuild)
