"""Erases a provider with all data of its source. Tombstones stay: keys, dates, and that they were erased."""

from datetime import datetime
from typing import cast
from uuid import UUID

from platbook import audit
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.base.errors import Conflict
from platbook.base.rights import Right, require
from platbook.db import Database, load_queries
from platbook.listings import store
from platbook.listings.listing import Origin
from platbook.providers.providers import delete_provider, get_provider
from platbook.sync.setup.providers import archive_and_end_runs

Q = load_queries(__package__ or "platbook.sync.setup")

_BATCH = 1000


async def purge_provider(database: Database, provider_id: str, actor: Actor, at: datetime) -> int:
    """Erase a provider's listings batch by batch, then its configuration, runs, errors and sweeps; how many listings.

    Cut short, it leaves an archived provider with fewer listings, and is simply done again. NotFound; Conflict while
    a run is under way: cancel it, or archive the provider, first.
    """
    require(actor, Right.RUN_SYNCS)
    async with database.transaction() as connection:
        await get_provider(connection, provider_id)
        if await connection.value(bool, Q.is_running, {"provider_id": provider_id}):
            raise Conflict(f"a run of {provider_id} is running; cancel it first", code="SYNC_RUNNING")
        await archive_and_end_runs(connection, provider_id, at)
    erased, after = 0, ""
    while True:
        done, after = await _erase_batch(database, Origin(provider_id, actor.name, at), after)
        erased += done
        if not done:
            break
    async with database.transaction() as connection:
        # A tombstone answers for itself; what is hidden would not.
        await store.set_hidden(connection, provider_id, hidden=False)
        await connection.run(Q.delete_provider_sweep_keys, {"provider_id": provider_id})
        await delete_provider(connection, provider_id)
        await audit.record(
            connection, actor, "provider purged", AuditSubject("provider", provider_id), at, {"listings": erased}
        )
    return erased


async def _erase_batch(database: Database, origin: Origin, after: str) -> tuple[int, str]:
    params = {"provider_id": origin.provider_id, "after": after, "limit": _BATCH}
    async with database.transaction() as connection:
        batch = await connection.tuples(Q.find_batch, params)
        await store.erase_listings(connection, [cast("UUID", row[0]) for row in batch], origin)
    return len(batch), cast("str", batch[-1][1]) if batch else after
