"""Removal by the provider's retention rule: `keep` marks and hides, `erase` leaves a tombstone."""

from collections.abc import Sequence

from platbook.db import WriteConnection, load_queries
from platbook.listings import store
from platbook.listings.listing import Origin

Q = load_queries(__package__ or "platbook.sync")


async def remove_listings(connection: WriteConnection, keys: Sequence[str], retention: str, origin: Origin) -> int:
    """Remove listings the source is proved not to have; how many were there to remove."""
    removed = await store.mark_removed(connection, keys, origin)
    if retention == "erase":
        await store.erase_listings(connection, removed, origin)
        await connection.run(Q.erase_rejections, {"provider_id": origin.provider_id, "keys": list(keys)})
    return len(removed)
