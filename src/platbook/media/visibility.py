"""Access control of stored pictures: moves objects between public access and access by signed URL.

A picture is public while some photo of it is: its listing is public, and the photo's permission allows it. Triggers
queue a check for whatever may change that (`media_checks`; migrations 0014 and 0029), and here each queued picture is
checked against the rows as they are now (`placement`). A picture that no photo uses any more is made private at once;
it is deleted after a grace period, or at once where its listing was erased or the provider's retention demands it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from platbook.base.clock import Clock
from platbook.base.errors import StorageRefused, StorageUnavailable
from platbook.base.log import get_log
from platbook.db import Database, WriteConnection, load_queries
from platbook.listings.rebuild import rebuild_listings
from platbook.media.placement import IDLE_LIMIT, Placement, StorageFailure
from platbook.providers.rule_versions import lock_rules
from platbook.storage import Cdn, Storage

Q = load_queries(__package__ or "platbook.media")
log = get_log("media")

_BATCH = 100
_FAILURES_IN_A_ROW = 3
"""After so many objects that a store did not respond for, the others wait for the next attempt."""
_INVALIDATION_BATCH = 1000


@dataclass(frozen=True, slots=True)
class _Check:
    id: int
    property_id: UUID | None
    blob_id: str | None
    moved: bool
    at_once: bool


@dataclass(frozen=True, slots=True)
class MediaVisibility:
    """Processes the queued checks of pictures."""

    database: Database
    storage: Storage
    clock: Clock
    cdn: Cdn | None = None

    @property
    def placement(self) -> Placement:
        """What moves and deletes single pictures."""
        return Placement(self.database, self.storage, self.clock, self.cdn)

    async def process_checks(self) -> int:
        """Process all queued checks and return how many. Safe to run concurrently, and again after a crash.

        An object that the store does not move or delete is noted and tried again later. StorageUnavailable where the
        store does not respond at all.
        """
        processed = 0
        while count := await self._process_batch():
            processed += count
        await self._retry_stuck()
        await self._invalidate_copies()
        return processed

    async def settle_listing(self, property_id: UUID, removed: Iterable[str] = ()) -> None:
        """Settle the pictures of one listing now, and those `removed` from it; what fails is left to the workers."""
        async with self.database.read() as connection:
            misplaced = await connection.column(str, Q.find_misplaced, {"property_id": property_id})
        blobs = dict.fromkeys([*misplaced, *removed], False)
        left, _ = await self._settle_each(blobs)
        if left:
            async with self.database.transaction() as connection:
                await self._queue_checks(connection, left)
        if misplaced:
            await self._rebuild([property_id])
        await self._invalidate_copies()

    async def _process_batch(self) -> int:
        async with self.database.transaction(idle=IDLE_LIMIT) as connection:
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
            left, failure = await self._settle_each(blobs)
            await self._queue_checks(connection, left)
            await connection.run(Q.delete_checks, {"ids": [one.id for one in checks]})
        if failure is not None:
            raise failure
        return len(checks)

    async def _settle_each(self, blobs: Mapping[str, bool]) -> tuple[dict[str, bool], StorageFailure | None]:
        """Settle pictures one by one; those that were not tried since the store does not respond, and its failure."""
        failures = 0
        left = dict(sorted(blobs.items()))
        for blob_id, at_once in list(left.items()):
            del left[blob_id]
            error = await self.placement.settle(blob_id, at_once=at_once)
            failures = failures + 1 if isinstance(error, StorageUnavailable) else 0
            if failures >= _FAILURES_IN_A_ROW:
                return left, error
        return {}, None

    async def _queue_checks(self, connection: WriteConnection, blobs: Mapping[str, bool]) -> None:
        await connection.run_many(Q.add_blob_check, [{"id": one, "at_once": now} for one, now in blobs.items()])

    async def _retry_stuck(self) -> None:
        """Try the pictures again whose time has come."""
        tried: list[str] = []
        while True:
            params = {"at": self.clock.now(), "tried": tried, "limit": _BATCH}
            async with self.database.read() as connection:
                due = await connection.column(str, Q.find_retries, params)
            if not due:
                return
            tried += due
            _, failure = await self._settle_each(dict.fromkeys(due, False))
            if failure is not None:
                raise failure

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
        async with self.database.transaction(idle=IDLE_LIMIT) as connection:
            requests = await connection.tuples(Q.claim_invalidations, {"limit": _INVALIDATION_BATCH})
            if requests:
                await cdn.invalidate([self.storage.public_url(cast("str", name)) for _, name in requests])
                await connection.run(Q.delete_invalidations, {"ids": [number for number, _ in requests]})
        return len(requests)

    async def _rebuild(self, ids: Sequence[UUID]) -> None:
        if not ids:
            return
        now = self.clock.now()
        async with self.database.transaction() as connection:
            by_provider = await connection.tuples(Q.find_providers_of, {"ids": list(ids)})
        for provider_id, listings in by_provider:
            async with self.database.transaction() as connection:
                rules = await lock_rules(connection, cast("str", provider_id))
                await rebuild_listings(connection, cast("str", provider_id), cast("list[UUID]", listings), rules, now)
