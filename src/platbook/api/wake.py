"""Waking workers for what has changed. The rows are the truth: a lost wake-up is made good by the scheduler."""

from platbook.api.services import Services
from platbook.listings.rebuild.jobs import request_rebuild
from platbook.sync.jobs import interrupt_run, wake_worker


async def wake(given: Services, provider_id: str) -> None:
    """Let a worker look for a run of a provider."""
    await wake_worker(given.queue, provider_id)


async def interrupt(given: Services, provider_id: str) -> None:
    """Interrupt a provider's run: its row says already that it is to end."""
    await interrupt_run(given.queue, provider_id)


async def wake_for_documents(given: Services, provider_id: str) -> None:
    """Let a worker rebuild a provider's documents."""
    await request_rebuild(given.queue, provider_id)
