"""Garbage collection of stored pictures, in two steps with a grace period between them (mark, then sweep).

First a picture that no photo uses is marked as unused and made private; whoever uses it again removes the mark. Only
what has been unused for the whole grace period is deleted. Orphaned objects, which the database does not know (a backup
was restored, somebody copied files), are adopted as unused pictures first.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from platbook.db import load_queries
from platbook.media.blobs import parse_blob_id
from platbook.media.placement import LockedBlob
from platbook.media.visibility import MediaVisibility
from platbook.storage import Access

Q = load_queries(__package__ or "platbook.media")

_BATCH = 500
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_RECENT = timedelta(days=2)
_MINIMUM_AGE = timedelta(hours=1)
"""What is younger may still be about to be recorded, or finished."""


@dataclass(frozen=True, slots=True)
class CleanupResult:
    """What a clean-up did: orphaned objects adopted, pictures marked as unused, pictures deleted.

    `unfinished`: partially written files of killed workers, deleted.
    """

    strays: int
    unused: int
    deleted: int
    unfinished: int


@dataclass(frozen=True, slots=True)
class Cleanup:
    """Collects the garbage of the store that `visibility` works on, after the `grace` period."""

    visibility: MediaVisibility
    grace: timedelta

    async def run(self, *, scan_store: bool = False) -> CleanupResult:
        """Both steps. What becomes unused is marked as it happens; this finds what was stored and never recorded.

        `scan_store`: look for that among all pictures, list the whole store for orphaned objects, and delete partially
        written files of killed workers.
        """
        deleted = await self._delete_removable()
        orphans = await self._adopt_orphans() if scan_store else 0
        unused = await self._mark_unused(_BEGINNING if scan_store else self.visibility.clock.now() - _RECENT)
        before = self.visibility.clock.now() - max(self.grace, _MINIMUM_AGE)
        unfinished = await self.visibility.storage.clear_unfinished(before) if scan_store else 0
        return CleanupResult(orphans, unused, deleted, unfinished)

    async def _mark_unused(self, since: datetime) -> int:
        before, after, marked = self.visibility.clock.now() - _MINIMUM_AGE, "", 0
        while True:
            params = {"since": since, "before": before, "after": after, "limit": _BATCH}
            async with self.visibility.database.transaction() as connection:
                ids = await connection.column(str, Q.find_unused, params)
                await connection.run_many(Q.add_blob_check, [{"id": blob_id, "at_once": False} for blob_id in ids])
            if not ids:
                break
            after, marked = ids[-1], marked + len(ids)
        await self.visibility.process_checks()
        return marked

    async def _delete_removable(self) -> int:
        before, after, deleted = self.visibility.clock.now() - self.grace, "", 0
        while True:
            params = {"before": before, "after": after, "limit": _BATCH}
            async with self.visibility.database.read() as connection:
                ids = await connection.column(str, Q.find_deletable, params)
            if not ids:
                return deleted
            for blob_id in ids:
                deleted += await self._delete(blob_id)
            after = ids[-1]

    async def _delete(self, blob_id: str) -> bool:
        before = self.visibility.clock.now() - self.grace
        async with self.visibility.database.transaction() as connection:
            blob = await connection.first(LockedBlob, Q.lock_blob, {"id": blob_id})
            if blob is None or not await connection.value(bool, Q.is_removable, {"id": blob_id, "before": before}):
                return False
            await connection.run(Q.mark_deleting, {"id": blob_id})
        return await self.visibility.placement.settle(blob_id) is None

    async def _adopt_orphans(self) -> int:
        orphans: set[str] = set()
        for access in Access:
            seen: set[str] = set()
            async for listed in self.visibility.storage.list(access):
                blob_id = parse_blob_id(listed.name)
                if blob_id is not None and self.visibility.clock.now() - listed.stored_at > _MINIMUM_AGE:
                    seen.add(blob_id)
                if len(seen) >= _BATCH:
                    orphans |= await self._adopt(seen)
                    seen.clear()
            orphans |= await self._adopt(seen)
        return len(orphans)

    async def _adopt(self, ids: set[str]) -> set[str]:
        async with self.visibility.database.transaction() as connection:
            orphans = ids - set(await connection.column(str, Q.find_existing_blobs, {"ids": sorted(ids)}))
            at = self.visibility.clock.now()
            store_id = self.visibility.storage.store_id
            rows = [{"id": blob_id, "at": at, "store_id": store_id} for blob_id in sorted(orphans)]
            await connection.run_many(Q.adopt_blob, rows)
        return orphans
