"""Telling workers what has changed. The rows are the truth: a wake-up that is lost is made good by the schedule."""

from platbook.api.services import Services


async def wake(given: Services, provider_id: str) -> None:
    """Let a worker look for a run of a provider."""
    await given.queue.put("sync", key=_key(provider_id), args={"providerId": provider_id})


async def interrupt(given: Services, provider_id: str) -> None:
    """Let go of a provider's run: its row says already that it is to end."""
    await given.queue.cancel(_key(provider_id))


async def wake_for_documents(given: Services, provider_id: str) -> None:
    """Let a worker make a provider's documents anew."""
    await given.queue.put("rebuild", key=f"documents:{provider_id}", args={"providerId": provider_id})


def _key(provider_id: str) -> str:
    return f"provider:{provider_id}"
