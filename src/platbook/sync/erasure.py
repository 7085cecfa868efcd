"""Erasing what a provider kept of removed listings before it was told to keep nothing."""

from typing import cast
from uuid import UUID

from platbook.base.clock import Clock
from platbook.db import Database, load_queries
from platbook.listings import store
from platbook.listings.listing import Origin

Q = load_queries(__package__ or "platbook.sync")

_BATCH = 500


async def erase_kept(database: Database, clock: Clock) -> int:
    """Erase removed listings, and what was rejected of them, of every provider under `erase`; how many listings.

    A transaction for each batch, which works under no retention that is not the provider's any more. Cut short, it is
    simply done again; without anything to erase, it costs one look.
    """
    async with database.read() as connection:
        providers = await connection.column(str, Q.find_providers_to_erase)
    erased = 0
    for provider_id in providers:
        after: str | None = ""
        while after is not None:
            count, after = await _erase_batch(database, Origin(provider_id, "retention", clock.now()), after)
            erased += count
    return erased


async def _erase_batch(database: Database, origin: Origin, after: str) -> tuple[int, str | None]:
    """How many were erased, and after which key to go on; None: nothing is left."""
    params = {"provider_id": origin.provider_id, "after": after, "limit": _BATCH}
    async with database.transaction() as connection:
        if await connection.value(str, Q.hold_retention, params) != "erase":
            return 0, None
        kept = cast("list[tuple[UUID, str]]", await connection.tuples(Q.find_kept, params))
        await store.erase_listings(connection, [property_id for property_id, _ in kept], origin)
        keys = [key for _, key in kept]
        await connection.run(Q.erase_rejections, {"provider_id": origin.provider_id, "keys": keys})
    return len(kept), keys[-1] if keys else None
