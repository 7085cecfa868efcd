"""Who may see a stored picture, kept true: moved between what everybody may read and what takes a signature.

A picture is public while some photo of it is: its listing is shown in public, and the photo's permission allows it. The
database notes whatever may change that (see the triggers of migration 0014), and here each noted picture is looked at.
A picture nobody shows any more is private at once; it is deleted after a time of grace, or at once where its listing
was erased or its provider demands that.
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
from platbook.listings.rebuild import hold_display, rebuild_listings
from platbook.media.blobs import to_object_names
from platbook.storage import Access, Cdn, Storage

Q = load_queries(__package__ or "platbook.media")
log = get_log("media")

_BATCH = 100
_PATIENCE = timedelta(minutes=10)
"""How long a transaction may be idle while the store or the CDN is asked."""
_MOST_RECALLED = 1000


@dataclass(frozen=True, slots=True)
class _Check:
    id: int
    property_id: UUID | None
    blob_id: str | None
    moved: bool
    at_once: bool


@dataclass(frozen=True, slots=True)
class HeldBlob:
    """A picture's row while it is moved or deleted."""

    id: str
    state: str
    is_public: bool
    variants: dict[str, dict[str, object]]
    original: str | None

    @property
    def names(self) -> list[str]:
        """The names of its variants' objects."""
        return to_object_names(self.variants)


@dataclass(frozen=True, slots=True)
class _Use:
    photos: int
    is_public: bool
    is_undecided: bool


@dataclass(frozen=True, slots=True)
class MediaVisibility:
    """Looks at noted pictures."""

    database: Database
    storage: Storage
    clock: Clock
    cdn: Cdn | None = None

    async def settle(self) -> int:
        """Look at all that is noted now; how many notes. May be done by several at once, and again after a crash."""
        settled = 0
        while count := await self._settle_some():
            settled += count
        await self._recall()
        return settled

    async def _settle_some(self) -> int:
        async with self.database.transaction(idle=_PATIENCE) as connection:
            checks = await connection.all(_Check, Q.claim_checks, {"limit": _BATCH})
            moved = [one.property_id for one in checks if one.moved and one.property_id]
            await self._rebuild(moved)
            blobs = {one.blob_id: one.at_once for one in checks if one.blob_id}
            listings = [one.property_id for one in checks if one.property_id and not one.moved]
            for blob_id in await connection.column(str, Q.find_blobs_of, {"ids": listings}) if listings else ():
                blobs.setdefault(blob_id, False)
            for blob_id, at_once in sorted(blobs.items()):
                await self._look_at(blob_id, at_once=at_once)
            await connection.run(Q.end_checks, {"ids": [one.id for one in checks]})
        return len(checks)

    async def _look_at(self, blob_id: str, *, at_once: bool) -> None:
        async with self.database.transaction(idle=_PATIENCE) as connection:
            blob = await connection.first(HeldBlob, Q.hold_blob, {"id": blob_id})
            if blob is None or blob.state == "deleting":
                return
            use = await connection.one(_Use, Q.find_use, {"id": blob_id})
            if not use.photos:
                await self._note_unused(connection, blob, at_once=at_once)
            elif use.is_public != blob.is_public and (use.is_public or not use.is_undecided):
                await self._move(connection, blob, is_public=use.is_public)
        if not use.photos and at_once:
            await self.delete(blob)

    async def _note_unused(self, connection: WriteConnection, blob: HeldBlob, *, at_once: bool) -> None:
        if at_once:
            await connection.run(Q.mark_deleting, {"id": blob.id})
            return
        await connection.run(Q.mark_unused, {"id": blob.id, "at": self.clock.now()})
        if blob.is_public and blob.state == "stored":
            await self._move(connection, blob, is_public=False)

    async def _move(self, connection: WriteConnection, blob: HeldBlob, *, is_public: bool) -> None:
        for name in blob.names:
            try:
                await self.storage.move(name, to=Access.PUBLIC if is_public else Access.PRIVATE)
            except NotFound:
                log.warning("an object is missing from the store", name=name)
        if not is_public:
            await self._note_recalls(connection, blob)
        await connection.run(Q.place_blob, {"id": blob.id, "is_public": is_public})

    async def delete(self, blob: HeldBlob) -> None:
        """Remove a picture that is marked as being deleted: its objects, wherever they lie, then its row."""
        for access in Access:
            await self.storage.delete([*blob.names, *([blob.original] if blob.original else [])], access)
        async with self.database.transaction() as connection:
            if blob.is_public:
                await self._note_recalls(connection, blob)
            await connection.run(Q.delete_blob, {"id": blob.id})

    async def _note_recalls(self, connection: WriteConnection, blob: HeldBlob) -> None:
        if self.cdn is not None and self.cdn.can_invalidate:
            at = self.clock.now()
            await connection.run_many(Q.add_recall, [{"name": name, "at": at} for name in blob.names])

    async def _recall(self) -> None:
        """Have the CDN forget its copies of what is not public any more. One that cannot now is asked again later."""
        if self.cdn is None or not self.cdn.can_invalidate:
            return
        try:
            while await self._recall_some(self.cdn):
                pass
        except (StorageUnavailable, StorageRefused) as error:
            log.warning("copies at the CDN wait to be taken back", reason=str(error))

    async def _recall_some(self, cdn: Cdn) -> int:
        async with self.database.transaction(idle=_PATIENCE) as connection:
            recalls = await connection.tuples(Q.claim_recalls, {"limit": _MOST_RECALLED})
            if recalls:
                await cdn.invalidate([self.storage.address(cast("str", name)) for _, name in recalls])
                await connection.run(Q.end_recalls, {"ids": [number for number, _ in recalls]})
        return len(recalls)

    async def _rebuild(self, ids: Sequence[UUID]) -> None:
        if not ids:
            return
        async with self.database.transaction() as connection:
            found = await connection.tuples(Q.find_providers_of, {"ids": list(ids)})
        for provider_id, listings in found:
            async with self.database.transaction() as connection:
                display = await hold_display(connection, cast("str", provider_id))
                await rebuild_listings(connection, cast("str", provider_id), cast("list[UUID]", listings), display)
