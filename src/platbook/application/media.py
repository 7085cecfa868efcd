"""Administration of photos: the act is recorded, then a worker does the work."""

from platbook import audit
from platbook.application.context import TransactionContext, UseCaseContext
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.media.jobs import request_clearing, request_reprocessing
from platbook.media.reports import count_by_store, count_photos
from platbook.media.reprocessing import retry_photos as mark_photos
from platbook.storage import Storage, leave_other_stores

_KIND = "photos"


async def retry_photos(context: TransactionContext, provider_id: str, actor: Actor) -> int:
    """Retry a provider's failed photos now; how many. Errors: NotFound."""
    async with context.database.transaction() as connection:
        return await mark_photos(connection, provider_id, actor, context.clock.now())


async def queue_reprocessing(context: UseCaseContext, provider_id: str, actor: Actor) -> bool:
    """Let a worker make a provider's pictures again; False: it is queued already. Errors: NotFound."""
    async with context.database.transaction() as connection:
        await count_photos(connection, provider_id)
        subject = AuditSubject(_KIND, provider_id)
        await audit.record(connection, actor, "photos to be made anew", subject, context.clock.now())
    return await request_reprocessing(context.queue, provider_id)


async def request_move(context: TransactionContext, storage: Storage, actor: Actor) -> int:
    """Let workers move all pictures to a store, which is that of the settings; how many are to be moved."""
    async with context.database.transaction() as connection:
        await leave_other_stores(connection, storage.store_id)
        stores = await count_by_store(connection)
        count = sum(one.pictures for one in stores if one.leaving)
        subject = AuditSubject(_KIND, "all")
        at = context.clock.now()
        await audit.record(connection, actor, "photos to be moved", subject, at, {"pictures": count})
    return count


async def queue_clearing(context: UseCaseContext, actor: Actor) -> bool:
    """Let a worker delete stored objects that nothing uses; False: it is queued already."""
    await record_clearing(context, actor)
    return await request_clearing(context.queue)


async def record_clearing(context: TransactionContext, actor: Actor) -> None:
    """Record that the store is to be cleared, before it is: by a worker, or by the caller's own process."""
    async with context.database.transaction() as connection:
        await audit.record(connection, actor, "store to be cleared", AuditSubject(_KIND, "all"), context.clock.now())
