"""Removal by the provider's retention rule: `keep` marks and hides (soft delete), `erase` leaves a tombstone."""

from collections.abc import Sequence

from platbook.connectors.contract import Resource
from platbook.db import WriteConnection, load_queries
from platbook.listings.listing import Origin
from platbook.sync.resources.store import R, ResourceStore

Q = load_queries(__package__ or "platbook.sync")


async def remove_records(
    connection: WriteConnection,
    store: ResourceStore[R],
    resource: Resource,
    keys: Sequence[str],
    retention: str,
    origin: Origin,
) -> int:
    """Remove records the source is proved not to have; how many were there to remove."""
    removed = await store.mark_removed(connection, keys, origin)
    if retention == "erase":
        await store.erase(connection, removed, origin)
        await erase_rejections(connection, origin.provider_id, resource, keys)
    return len(removed)


async def erase_rejections(
    connection: WriteConnection, provider_id: str, resource: Resource, keys: Sequence[str]
) -> None:
    """Erase what rejected records held, with the records."""
    params = {"provider_id": provider_id, "resource": resource, "keys": list(keys)}
    await connection.run(Q.erase_rejections, params)
