"""Access control of stored pictures: moves objects between public access and access by signed URL.

A picture is public while some photo of it is: its listing is public, and the photo's permission allows it. Triggers
queue a check for whatever may change that (`media_checks`; migrations 0014 and 0029), and here each queued picture is
checked against the rows as they are now. A picture that no photo uses any more is made private at once; it is deleted
after a grace period, or at once where its listing was erased or the provider's retention demands it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import cast
from uuid import UUID

from platbook.base.clock import Clock
from platbook.base.errors import NotFound, StorageRefused, StorageUnavailable
from platbook.base.log import get_log
from platbook.db import Database, WriteConnection, load_queries
from platbook.listings.rebuild import lock_display, rebuild_listings
from platbook.media.blobs import to_object_names
from platbook.storage import Access, Cdn, Storage

Q = load_queries(__package__ or "platbook.media")
log = get_log("media")

_BATCH = 100
_IDLE_LIMIT = timedelta(minutes=10)
"""How long a transaction may be idle while it waits for the store or the CDN."""
_INVALIDATION_BATCH = 1000


@dataclass(frozen=True, slots=True)
class _Check:
    id: int
    property_id: UUID | None
    blob_id: str | None
    moved: bool
    at_once: bool


@dataclass(frozen=True, slots=True)
class LockedBlob:
    """A picture's row, locked while its objects are moved or deleted."""

    id: str
    state: str
    is_public: bool
    variants: dict[str, dict[str, object]]
    original: str | None

    @property
    def names(self) -> list[str]:
        """The names of the variants' objects."""
        return to_object_names(self.variants)


@dataclass(frozen=True, slots=True)
class _BlobUse:
    photos: int
    is_public: bool
    is_undecided: bool


@dataclass(frozen=True, slots=True)
class MediaVisibility:
    """Processes the queued checks of pictures."""

    database: Database
    storage: Storage
    clock: Clock
    cdn: Cdn | None = None

    async def process_checks(self) -> int:
        """Process all queued checks and return how many. Safe to run concurrently, and again after a crash."""
        processed = 0
        while count := await self._process_batch():
            processed += count
        await self._invalidate_copies()
        return processed

    async def _process_batch(self) -> int:
        async with self.database.transaction(idle=_IDLE_LIMIT) as connection:
            checks = await connection.all(_Check, Q.claim_checks, {"limit": _BATCH})
            moved = [one.property_id for one in checks if one.moved and one.property_id]
            await self._rebuild(moved)
            blobs: dict[str, bool] = {}
            for one in checks:
                if one.blob_id:
                    blobs[one.blob_id] = one.at_once or blobs.get(one.blob_id, False)
            listings = [one.property_id for one in checks if one.property_id and not one.moved]
            for blob_id in await connection.column(str, Q.find_blobs_of, {"ids": listings}) if listings else ():
                blobs.setdefault(blob_id, False)
            for blob_id, at_once in sorted(blobs.items()):
                await self._check(blob_id, at_once=at_once)
            await connection.run(Q.delete_checks, {"ids": [one.id for one in checks]})
        return len(checks)

    async def _check(self, blob_id: str, *, at_once: bool) -> None:
        async with self.database.transaction(idle=_IDLE_LIMIT) as connection:
            blob = await connection.first(LockedBlob, Q.lock_blob, {"id": blob_id})
            if blob is None or blob.state == "deleting":
                return
            use = await connection.one(_BlobUse, Q.get_blob_use, {"id": blob_id})
            if not use.photos:
                await self._mark_unused(connection, blob, at_once=at_once)
            elif use.is_public != blob.is_public and (use.is_public or not use.is_undecided):
                await self._move(connection, blob, is_public=use.is_public)
        if not use.photos and at_once:
            await self.delete(blob)

    async def _mark_unused(self, connection: WriteConnection, blob: LockedBlob, *, at_once: bool) -> None:
        if at_once:
            await connection.run(Q.mark_deleting, {"id": blob.id})
            return
        await connection.run(Q.mark_unused, {"id": blob.id, "at": self.clock.now()})
        if blob.is_public and blob.state == "stored":
            await self._move(connection, blob, is_public=False)

    async def _move(self, connection: WriteConnection, blob: LockedBlob, *, is_public: bool) -> None:
        for name in blob.names:
            try:
                await self.storage.move(name, to=Access.PUBLIC if is_public else Access.PRIVATE)
            except NotFound:
                log.warning("an object is missing from the store", name=name)
        if not is_public:
            await self._request_invalidation(connection, blob)
        await connection.run(Q.set_blob_access, {"id": blob.id, "is_public": is_public})

    async def delete(self, blob: LockedBlob) -> None:
        """Delete a picture that is marked as being deleted: its objects, public or private, then its row."""
        for access in Access:
            await self.storage.delete([*blob.names, *([blob.original] if blob.original else [])], access)
        async with self.database.transaction() as connection:
            if blob.is_public:
                await self._request_invalidation(connection, blob)
            await connection.run(Q.delete_blob, {"id": blob.id})

    async def _request_invalidation(self, connection: WriteConnection, blob: LockedBlob) -> None:
        if self.cdn is not None and self.cdn.can_invalidate:
            at = self.clock.now()
            await connection.run_many(Q.add_invalidation, [{"name": name, "at": at} for name in blob.names])

    async def _invalidate_copies(self) -> None:
        """Invalidate the CDN's copies of what is no longer public. What fails is retried at the next call."""
        if self.cdn is None or not self.cdn.can_invalidate:
            return
        try:
            while await self._invalidate_batch(self.cdn):
                pass
        except (StorageUnavailable, StorageRefused) as error:
            log.warning("copies at the CDN are not invalidated yet", reason=str(error))

    async def _invalidate_batch(self, cdn: Cdn) -> int:
        async with self.database.transaction(idle=_IDLE_LIMIT) as connection:
            requests = await connection.tuples(Q.claim_invalidations, {"limit": _INVALIDATION_BATCH})
            if requests:
                await cdn.invalidate([self.storage.public_url(cast("str", name)) for _, name in requests])
                await connection.run(Q.delete_invalidations, {"ids": [number for number, _ in requests]})
        return len(requests)

    async def _rebuild(self, ids: Sequence[UUID]) -> None:
        if not ids:
            return
        async with self.database.transaction() as connection:
            by_provider = await connection.tuples(Q.find_providers_of, {"ids": list(ids)})
        for provider_id, listings in by_provider:
            async with self.database.transaction() as connection:
                display = await lock_display(connection, cast("str", provider_id))
                await rebuild_listings(connection, cast("str", provider_id), cast("list[UUID]", listings), display)
