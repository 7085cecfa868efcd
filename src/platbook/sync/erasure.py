"""Erasing removed records that were stored before their provider's retention became `erase`."""

from platbook.base.clock import Clock
from platbook.connectors.contract import Resource
from platbook.db import Database, load_queries
from platbook.listings.listing import Origin
from platbook.sync.removal import erase_rejections
from platbook.sync.resources.registry import RESOURCES, ResourceRegistry
from platbook.sync.resources.store import ResourceErasure

Q = load_queries(__package__ or "platbook.sync")

_BATCH = 500


async def erase_removed(database: Database, clock: Clock, resources: ResourceRegistry = RESOURCES) -> int:
    """Erase removed records, and their rejections, of every provider under retention `erase`; how many records.

    One transaction for each batch, which locks the provider's retention. Interrupted, it is simply done again; without
    anything to erase, it costs one query for each resource.
    """
    erased = 0
    for resource, registered in resources.items():
        async with database.read() as connection:
            providers = await registered.erasure.find_providers_to_erase(connection)
        for provider_id in providers:
            after: str | None = ""
            while after is not None:
                origin = Origin(provider_id, "retention", clock.now())
                count, after = await _erase_batch(database, resource, registered.erasure, origin, after)
                erased += count
    return erased


async def _erase_batch(
    database: Database, resource: Resource, erasure: ResourceErasure, origin: Origin, after: str
) -> tuple[int, str | None]:
    """How many were erased, and the key after which to continue; None: nothing is left."""
    async with database.transaction() as connection:
        if await connection.value(str, Q.lock_retention, {"provider_id": origin.provider_id}) != "erase":
            return 0, None
        removed = await erasure.find_removed(connection, origin.provider_id, after=after, limit=_BATCH)
        await erasure.erase(connection, [record_id for record_id, _ in removed], origin)
        keys = [key for _, key in removed]
        await erase_rejections(connection, origin.provider_id, resource, keys)
    return len(removed), keys[-1] if keys else None
