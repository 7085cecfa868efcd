"""Puts one stored picture where it should be: public, private, or nowhere. Each picture settles by itself.

A move copies the objects, records where the picture is from then on, and deletes the copies that are left in a
transaction of its own. So what the store does not delete delays nobody else, and its picture is shown meanwhile. What
fails is noted at the picture and tried again with backoff; a finding reports it to an operator.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from platbook.base.clock import Clock
from platbook.base.errors import NotFound, StorageRefused, StorageUnavailable
from platbook.base.log import get_log
from platbook.connectors.contract import Resource
from platbook.db import Database, WriteConnection, load_queries
from platbook.media.blobs import parse_blob_id, parse_place, to_folder, to_object_names, to_place
from platbook.media.outcome import RETRY_DELAYS
from platbook.providers.finding import FindingChange, FindingKind, to_finding
from platbook.providers.findings import record_findings
from platbook.storage import Access, Cdn, Storage

Q = load_queries(__package__ or "platbook.media")
log = get_log("media")

IDLE_LIMIT = timedelta(minutes=10)
"""How long a transaction may be idle while it waits for the store or the CDN."""

_ATTEMPTS_BEFORE_FINDING = 3
"""Attempts before a store that fails is a finding; one that refuses is at once."""
_FINDING = to_finding(FindingKind.OBJECT_STUCK, "Media", "the store does not move or delete it")

StorageFailure = StorageUnavailable | StorageRefused


@dataclass(frozen=True, slots=True)
class LockedBlob:
    """A picture's row, locked while its objects are moved or deleted. `leftovers`: where copies are to be deleted."""

    id: str
    state: str
    store_id: int
    is_public: bool
    variants: dict[str, dict[str, object]]
    original: str | None
    leftovers: list[str]
    attempts: int
    retry_at: datetime | None
    reason: str | None
    finding_provider: str | None

    @property
    def names(self) -> list[str]:
        """The names of the variants' objects."""
        return to_object_names(self.variants)

    @property
    def access(self) -> Access:
        """Who may read the variants' objects."""
        return Access.PUBLIC if self.is_public else Access.PRIVATE

    @property
    def has_public_leftover(self) -> bool:
        """Whether a copy that everybody can read is to be deleted."""
        return any(parse_place(place)[1] is Access.PUBLIC for place in self.leftovers)

    def is_kept_until(self, now: datetime) -> bool:
        """Whether the copies in a store that was left are kept yet, for those who still have their URLs."""
        is_early = self.retry_at is not None and self.retry_at > now and not self.attempts
        return is_early and (self.is_public or not self.has_public_leftover)


@dataclass(frozen=True, slots=True)
class _BlobUse:
    photos: int
    is_public: bool
    is_undecided: bool


@dataclass(frozen=True, slots=True)
class Placement:
    """Moves and deletes the objects of single pictures."""

    database: Database
    storage: Storage
    clock: Clock
    cdn: Cdn | None = None

    async def settle(self, blob_id: str, *, at_once: bool = False) -> StorageFailure | None:
        """Put a picture where its photos allow it; the store's failure, noted at the picture, or None.

        `at_once`: delete a picture that no photo uses now, not after the grace period.
        """
        try:
            await self._place(blob_id, at_once=at_once)
            await self._delete_leftovers(blob_id)
        except (StorageUnavailable, StorageRefused) as error:
            await self.note_failure(blob_id, error)
            return error
        return None

    async def _place(self, blob_id: str, *, at_once: bool) -> None:
        async with self.database.transaction(idle=IDLE_LIMIT) as connection:
            blob = await connection.first(LockedBlob, Q.lock_blob, {"id": blob_id})
            if blob is None or blob.state == "deleting":
                return
            use = await connection.one(_BlobUse, Q.get_blob_use, {"id": blob_id})
            if not use.photos and at_once:
                await connection.run(Q.mark_deleting, {"id": blob.id})
                return
            if not use.photos:
                await connection.run(Q.mark_unused, {"id": blob.id, "at": self.clock.now()})
            is_public = bool(use.photos) and use.is_public
            is_decided = is_public or not use.is_undecided
            if is_public != blob.is_public and is_decided and (use.photos or blob.state == "stored"):
                await self._copy(connection, blob, is_public=is_public)

    async def _copy(self, connection: WriteConnection, blob: LockedBlob, *, is_public: bool) -> None:
        target, source = (Access.PUBLIC, Access.PRIVATE) if is_public else (Access.PRIVATE, Access.PUBLIC)
        storage = await self.storage.at(blob.store_id)
        for name in blob.names:
            try:
                await storage.copy(name, to=target)
            except NotFound:
                log.warning("an object is missing from the store", name=name)
        leftovers = {*blob.leftovers, to_place(blob.store_id, source)} - {to_place(blob.store_id, target)}
        params = {"id": blob.id, "is_public": is_public, "leftovers": sorted(leftovers)}
        await connection.run(Q.set_blob_access, params)

    async def _delete_leftovers(self, blob_id: str) -> None:
        async with self.database.transaction(idle=IDLE_LIMIT) as connection:
            blob = await connection.first(LockedBlob, Q.lock_blob, {"id": blob_id})
            if blob is None or blob.state == "making":
                return
            if blob.state == "deleting":
                await self._delete(connection, blob)
            elif (blob.leftovers or blob.attempts) and not blob.is_kept_until(self.clock.now()):
                for place in blob.leftovers:
                    await self._delete_leftover(blob, *parse_place(place))
                if blob.has_public_leftover and not blob.is_public:
                    await self._request_invalidation(connection, blob)
                await connection.run(Q.mark_settled, {"id": blob.id})
            else:
                return
            self.close_finding(connection, blob)

    async def _delete(self, connection: WriteConnection, blob: LockedBlob) -> None:
        names = [*blob.names, *([blob.original] if blob.original else [])]
        for store_id in sorted({blob.store_id, *(parse_place(place)[0] for place in blob.leftovers)}):
            storage = await self.storage.at(store_id)
            for access in Access:
                # An unfinished picture has no names stored: they are found by listing its folder.
                found = names or await _find_objects(storage, blob.id, access)
                await storage.delete(found, access)
        if blob.is_public or blob.has_public_leftover:
            await self._request_invalidation(connection, blob)
        await connection.run(Q.delete_blob, {"id": blob.id})

    async def _delete_leftover(self, blob: LockedBlob, store_id: int, access: Access) -> None:
        is_left = store_id != blob.store_id and access is Access.PRIVATE and blob.original
        names = [*blob.names, *([blob.original] if is_left and blob.original else [])]
        await (await self.storage.at(store_id)).delete(names, access)

    async def _request_invalidation(self, connection: WriteConnection, blob: LockedBlob) -> None:
        if self.cdn is not None and self.cdn.can_invalidate:
            at = self.clock.now()
            await connection.run_many(Q.add_invalidation, [{"name": name, "at": at} for name in blob.names])

    async def note_failure(self, blob_id: str, error: StorageFailure) -> None:
        """Note why a picture could not be settled, and when it is tried again."""
        now = self.clock.now()
        async with self.database.transaction() as connection:
            blob = await connection.first(LockedBlob, Q.lock_blob, {"id": blob_id})
            if blob is None:
                return
            delay = RETRY_DELAYS[min(blob.attempts, len(RETRY_DELAYS) - 1)]
            provider_id = blob.finding_provider
            is_reported = isinstance(error, StorageRefused) or blob.attempts + 1 >= _ATTEMPTS_BEFORE_FINDING
            if provider_id is None and is_reported:
                provider_id = await connection.value(str, Q.find_blob_provider, {"id": blob_id})
                if provider_id is not None:
                    opened = [FindingChange(_FINDING, 1)]
                    record_findings(connection, provider_id, Resource.PROPERTY, opened, now)
            values = {
                "id": blob_id, "retry_at": now + delay, "reason": str(error), "finding_provider": provider_id,
            }  # fmt: skip
            await connection.run(Q.mark_stuck, values)
        log.warning("a picture is stuck in the store", picture=blob_id, reason=str(error), next_attempt=now + delay)

    def close_finding(self, connection: WriteConnection, blob: LockedBlob) -> None:
        """Count a picture's finding no more, if it has one."""
        if blob.finding_provider is not None:
            closed = [FindingChange(_FINDING, -1)]
            record_findings(connection, blob.finding_provider, Resource.PROPERTY, closed, self.clock.now())


async def _find_objects(storage: Storage, blob_id: str, access: Access) -> list[str]:
    listed = storage.list(access, folder=to_folder(blob_id))
    return [one.name async for one in listed if parse_blob_id(one.name) == blob_id]
