"""Moves pictures from a store that was left to the store of the settings, in the background.

Each picture is copied, read back, and switched in one transaction, under its row's lock; until then it is served from
where it is. The copies in the old store are deleted later, so that a URL that was given out before still answers. A
move that was interrupted goes on with the pictures that are left: what was copied and not switched is copied again to
the same names.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from platbook.base.clock import Clock
from platbook.base.errors import NotFound, StorageRefused, StorageUnavailable
from platbook.db import Database, load_queries
from platbook.media.blobs import to_place
from platbook.media.placement import IDLE_LIMIT, LockedBlob, Placement, StorageFailure
from platbook.storage import Access, Storage

Q = load_queries(__package__ or "platbook.media")

_BATCH = 40
_PARALLEL = 4


@dataclass(frozen=True, slots=True)
class StoreMove:
    """Moves pictures to `storage`. `grace`: how long the copies in the old store are kept."""

    database: Database
    storage: Storage
    clock: Clock
    grace: timedelta

    async def run_batch(self) -> int:
        """Move some pictures; how many. 0: none can be moved now. The last failure, where not one could be."""
        params = {"store_id": self.storage.store_id, "at": self.clock.now(), "limit": _BATCH}
        async with self.database.read() as connection:
            blobs = await connection.column(str, Q.find_movable, params)
        slots = asyncio.Semaphore(_PARALLEL)
        outcomes = await asyncio.gather(*(self._move_one(blob_id, slots) for blob_id in blobs))
        failures = [one for one in outcomes if one is not None]
        if failures and len(failures) == len(blobs):
            raise failures[0]
        return len(blobs)

    async def _move_one(self, blob_id: str, slots: asyncio.Semaphore) -> StorageFailure | None:
        """Move one picture; the failure, noted at the picture, or None."""
        async with slots:
            try:
                await self._move(blob_id)
            except (StorageUnavailable, StorageRefused) as error:
                await self._note(blob_id, error)
                return error
            except NotFound as error:
                failure = StorageRefused(f"{error}; it cannot be moved")
                await self._note(blob_id, failure)
            return None

    async def _note(self, blob_id: str, error: StorageFailure) -> None:
        await Placement(self.database, self.storage, self.clock).note_failure(blob_id, error)

    async def _move(self, blob_id: str) -> None:
        async with self.database.transaction(idle=IDLE_LIMIT) as connection:
            blob = await connection.first(LockedBlob, Q.lock_movable, {"id": blob_id})
            if blob is None or blob.state != "stored" or blob.store_id == self.storage.store_id:
                return
            source = await self.storage.at(blob.store_id)
            for name, access in _to_objects(blob):
                await self.storage.copy_from(source, name, access)
            left = {to_place(blob.store_id, access) for _, access in _to_objects(blob)}
            now_at = {to_place(self.storage.store_id, access) for _, access in _to_objects(blob)}
            values = {
                "id": blob_id,
                "store_id": self.storage.store_id,
                "leftovers": sorted({*blob.leftovers, *left} - now_at),
                "retry_at": self.clock.now() + self.grace,
            }
            await connection.run(Q.switch_store, values)
            Placement(self.database, self.storage, self.clock).close_finding(connection, blob)


def _to_objects(blob: LockedBlob) -> list[tuple[str, Access]]:
    originals = [(blob.original, Access.PRIVATE)] if blob.original else []
    return [*((name, blob.access) for name in blob.names), *originals]
