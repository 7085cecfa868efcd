"""Clearing the store of what nobody shows, in two steps with a time of grace between them.

First a picture without a photo is noted as unused and made private; whoever shows it again takes the note away. Only
what has been unused for the whole time of grace is deleted. Objects the database does not know of (a backup was
restored, somebody copied files) become such pictures first.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from platbook.db import load_queries
from platbook.media.blobs import parse_blob_id
from platbook.media.visibility import HeldBlob, MediaVisibility
from platbook.storage import Access

Q = load_queries(__package__ or "platbook.media")

_BATCH = 500
_EVER = datetime(2000, 1, 1, tzinfo=UTC)
_LATELY = timedelta(days=2)
_JUST_MADE = timedelta(hours=1)
"""What was stored so lately may still be about to be recorded, or finished."""


@dataclass(frozen=True, slots=True)
class CleanupResult:
    """What a clean-up did: objects nobody knew of, pictures noted as unused, pictures deleted.

    `unfinished`: files deleted that killed workers had left half written.
    """

    strays: int
    unused: int
    deleted: int
    unfinished: int


@dataclass(frozen=True, slots=True)
class Cleanup:
    """Clears the store whose exposure it is given."""

    exposure: MediaVisibility
    grace: timedelta

    async def run(self, *, search_store: bool = False) -> CleanupResult:
        """Both steps. What became unused is noted when it happens; left to find is what was stored and never recorded.

        `search_store`: look for that among all there is, list every object of the store for those nobody knows of, and
        look for what killed workers left half written.
        """
        deleted = await self._delete_removable()
        strays = await self._adopt_strays() if search_store else 0
        unused = await self._note_unused(_EVER if search_store else self.exposure.clock.now() - _LATELY)
        before = self.exposure.clock.now() - max(self.grace, _JUST_MADE)
        unfinished = await self.exposure.storage.clear_unfinished(before) if search_store else 0
        return CleanupResult(strays, unused, deleted, unfinished)

    async def _note_unused(self, since: datetime) -> int:
        before, after, noted = self.exposure.clock.now() - _JUST_MADE, "", 0
        while True:
            params = {"since": since, "before": before, "after": after, "limit": _BATCH}
            async with self.exposure.database.transaction() as connection:
                ids = await connection.column(str, Q.find_unused, params)
                await connection.run_many(Q.add_blob_check, [{"id": blob_id} for blob_id in ids])
            if not ids:
                break
            after, noted = ids[-1], noted + len(ids)
        await self.exposure.settle()
        return noted

    async def _delete_removable(self) -> int:
        before, after, deleted = self.exposure.clock.now() - self.grace, "", 0
        while True:
            params = {"before": before, "after": after, "limit": _BATCH}
            async with self.exposure.database.read() as connection:
                ids = await connection.column(str, Q.find_removable, params)
            if not ids:
                return deleted
            for blob_id in ids:
                deleted += await self._delete(blob_id)
            after = ids[-1]

    async def _delete(self, blob_id: str) -> bool:
        before = self.exposure.clock.now() - self.grace
        async with self.exposure.database.transaction() as connection:
            blob = await connection.first(HeldBlob, Q.hold_blob, {"id": blob_id})
            if blob is None or not await connection.value(bool, Q.is_removable, {"id": blob_id, "before": before}):
                return False
            await connection.run(Q.mark_deleting, {"id": blob_id})
        await self._delete_whole(blob)
        return True

    async def _delete_whole(self, blob: HeldBlob) -> None:
        """One that was left half made does not know its objects' names: they are found by listing their folder."""
        if not blob.variants:
            for access in Access:
                names = [name async for name in self._objects_of(blob.id, access)]
                await self.exposure.storage.delete(names, access)
        await self.exposure.delete(blob)

    async def _objects_of(self, blob_id: str, access: Access) -> AsyncIterator[str]:
        async for listed in self.exposure.storage.list(access, folder=f"{blob_id[:2]}/{blob_id[2:4]}"):
            if parse_blob_id(listed.name) == blob_id:
                yield listed.name

    async def _adopt_strays(self) -> int:
        strays: set[str] = set()
        for access in Access:
            seen: set[str] = set()
            async for listed in self.exposure.storage.list(access):
                blob_id = parse_blob_id(listed.name)
                if blob_id is not None and self.exposure.clock.now() - listed.stored_at > _JUST_MADE:
                    seen.add(blob_id)
                if len(seen) >= _BATCH:
                    strays |= await self._adopt(seen)
                    seen.clear()
            strays |= await self._adopt(seen)
        return len(strays)

    async def _adopt(self, ids: set[str]) -> set[str]:
        async with self.exposure.database.transaction() as connection:
            known = set(await connection.column(str, Q.find_known, {"ids": sorted(ids)}))
            fresh = ids - known
            at = self.exposure.clock.now()
            await connection.run_many(Q.adopt_blob, [{"id": blob_id, "at": at} for blob_id in sorted(fresh)])
        return fresh
