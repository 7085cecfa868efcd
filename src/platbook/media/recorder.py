"""Writes down what came of a listing's photos, in one transaction with its documents."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from platbook.base.clock import Clock
from platbook.db import Database, WriteConnection, load_queries
from platbook.listings.history import ListingEvent, add_events
from platbook.listings.listing import Origin
from platbook.listings.photo_work import (
    PhotoVersion,
    find_fetchable,
    hold_work,
    mark_stored,
    mark_tried,
    put_back_work,
    settle_work,
)
from platbook.listings.photos import limit_photos, plan_media, upsert_media
from platbook.listings.rebuild import hold_display, rebuild_listings
from platbook.listings.store import find_photos
from platbook.media.blobs import add_checks, hold_blobs
from platbook.media.outcome import PAUSES, PhotoFailed, PhotoNotTried, PhotoStored, plan_retry
from platbook.media.photo_download import ListingPhotos

Q = load_queries(__package__ or "platbook.media")


@dataclass(frozen=True, slots=True)
class PhotoRecorder:
    """Records albums for one holder of their work."""

    database: Database
    clock: Clock
    provider_id: str
    holder: UUID

    async def record(self, album: ListingPhotos, *, cut_short: bool = False) -> Sequence[str]:
        """Record an album and settle its work; the keys of the photos stored. Empty where another took the work over.

        `cut_short`: the source was not asked to the end, through no fault of the listing's; the work stays as it is.

        A photo whose picture was removed in the meantime is left as it was, to be fetched again.
        """
        now = self.clock.now()
        async with self.database.transaction() as connection:
            display = await hold_display(connection, self.provider_id)
            if not await hold_work(connection, album.claim, self.holder):
                return ()
            if _knows_nothing(album):
                if not cut_short:
                    await self._put_off(connection, album)
                return ()
            await connection.run(Q.lock_listing, {"id": album.property_id})
            if album.elsewhere:
                await self._take_over(connection, album, now)
            stored = await self._mark(connection, album, now)
            await rebuild_listings(connection, self.provider_id, [album.property_id], display)
            await add_checks(connection, album.property_id)
            if cut_short:
                return stored
            if album.elsewhere and album.unasked:
                await self._put_off(connection, album)
            else:
                await settle_work(connection, album.claim, self.holder)
        return stored

    async def _put_off(self, connection: WriteConnection, album: ListingPhotos) -> None:
        if album.claim.attempts >= len(PAUSES):
            await settle_work(connection, album.claim, self.holder)
            return
        after = PAUSES[album.claim.attempts]
        await put_back_work(connection, [album.property_id], self.holder, after=after, failures=1)

    async def _take_over(self, connection: WriteConnection, album: ListingPhotos, now: datetime) -> None:
        """The source's list of photos becomes ours, where only asking told it."""
        before = (await find_photos(connection, [album.property_id])).get(album.property_id, [])
        plan = plan_media(album.property_id, before, limit_photos(album.refs, album.most), album.changed_at)
        if album.unasked:
            plan = replace(plan, remove=())
        origin = Origin(self.provider_id, "photos", now, album.claim.sync_id)
        await upsert_media(connection, [plan], origin)
        if before and plan.changed:
            at = album.claim.photos_change_timestamp or now
            await add_events(connection, [ListingEvent(album.property_id, "media_changed", at)], origin)

    async def _mark(self, connection: WriteConnection, album: ListingPhotos, now: datetime) -> Sequence[str]:
        waiting = {photo.media_key: photo for photo in await find_fetchable(connection, [album.property_id])}
        wanted = [one.blob_id for one in album.outcomes.values() if isinstance(one, PhotoStored) and one.blob_id]
        present = await hold_blobs(connection, wanted)
        stored: list[str] = []
        for key, outcome in album.outcomes.items():
            if key not in waiting or isinstance(outcome, PhotoNotTried):
                continue
            # The version that was asked for, so that a newer one that came meanwhile still waits.
            asked = waiting[key] if album.elsewhere else album.waiting.get(key, waiting[key])
            photo = PhotoVersion(album.property_id, key, asked.modified)
            if isinstance(outcome, PhotoFailed):
                pause = plan_retry(outcome, waiting[key].attempts)
                await mark_tried(connection, photo, outcome.reason, pause, now)
            elif outcome.blob_id is None or outcome.blob_id in present:
                await mark_stored(connection, photo, outcome.blob_id, outcome.known, now)
                stored.append(key)
        return stored


def _knows_nothing(album: ListingPhotos) -> bool:
    """Whether a source that says there are photos sent none, or could not be asked: nothing is concluded from that."""
    return album.elsewhere and not album.refs and (album.unasked or bool(album.claim.photos_count))
