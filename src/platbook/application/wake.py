"""Waking workers after a change. The rows are the truth: the scheduler makes up for a wake-up that is lost."""

from platbook.jobs import JobQueue


async def wake_worker(queue: JobQueue, provider_id: str) -> bool:
    """Let a worker look for a waiting run of a provider; False: such a job is queued already."""
    return await queue.put("sync", key=_to_key(provider_id), args={"providerId": provider_id})


async def interrupt_run(queue: JobQueue, provider_id: str) -> None:
    """Interrupt a provider's run, whose row already says that it is cancelled."""
    await queue.cancel(_to_key(provider_id))


async def request_rebuild(queue: JobQueue, provider_id: str) -> bool:
    """Let a worker rebuild the documents of a provider's listings."""
    return await queue.put("rebuild", key=f"documents:{provider_id}", args={"providerId": provider_id})


async def request_reprocessing(queue: JobQueue, provider_id: str) -> bool:
    """Let a worker make a provider's pictures again in the present formats."""
    return await queue.put("reprocess", key=f"media:{provider_id}", args={"providerId": provider_id})


async def request_clearing(queue: JobQueue) -> bool:
    """Let a worker delete stored objects that nothing uses."""
    return await queue.put("clear media", key="media", args={})


def _to_key(provider_id: str) -> str:
    return f"provider:{provider_id}"
