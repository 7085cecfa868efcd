"""Records the outcomes of a listing's photos, in one transaction with its rebuilt documents."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from platbook.base.clock import Clock
from platbook.connectors.contract import Resource
from platbook.db import Database, WriteConnection, load_queries
from platbook.listings.history import ListingEvent, add_events, photo_differences
from platbook.listings.listing import Origin
from platbook.listings.photo_work import (
    PhotoVersion,
    WaitingPhoto,
    complete_work,
    find_waiting_photos,
    give_up_photo,
    lock_work,
    mark_failed,
    mark_linked,
    mark_stored,
    note_failure,
    release_work,
)
from platbook.listings.photos import compare_photo_findings, limit_photos, plan_media, upsert_media
from platbook.listings.rebuild import rebuild_listings
from platbook.listings.store import find_photos
from platbook.media.blobs import add_checks, lock_blobs
from platbook.media.outcome import (
    RETRY_DELAYS,
    PhotoFailed,
    PhotoLinked,
    PhotoNotTried,
    PhotoStored,
    plan_retry,
    to_stuck_finding,
)
from platbook.media.photo_download import ListingPhotos
from platbook.providers.finding import Finding, FindingChange, ValueFinding, compare_findings
from platbook.providers.findings import record_findings
from platbook.providers.rule_versions import lock_rules

Q = load_queries(__package__ or "platbook.media")


@dataclass(frozen=True, slots=True)
class PhotoRecorder:
    """Records listings' photos for one holder of their work; nothing where the lease was lost (fencing)."""

    database: Database
    clock: Clock
    provider_id: str
    holder: UUID

    async def record(self, photos: ListingPhotos, *, interrupted: bool = False) -> Sequence[str]:
        """Record the outcomes and complete the work; returns the keys of the photos stored.

        Empty where another holder took the work over. `interrupted`: the fetch was cut short through no fault of the
        listing's, so the work stays claimed. A photo whose picture was deleted meanwhile keeps waiting.
        """
        now = self.clock.now()
        async with self.database.transaction() as connection:
            rules = await lock_rules(connection, self.provider_id)
            if not await lock_work(connection, photos.claim, self.holder):
                return ()
            inconclusive = _is_inconclusive(photos)
            if inconclusive and interrupted:
                return ()
            is_counted = bool(await connection.value(bool, Q.lock_listing, {"id": photos.property_id}))
            findings: list[FindingChange] = []
            stored: Sequence[str] = ()
            if inconclusive:
                await self._note_failures(connection, photos, now)
            else:
                if photos.listed_by_source:
                    findings += await self._apply_source_list(connection, photos, now)
                stored = await self._mark(connection, photos, now, findings)
            must_defer = inconclusive or (photos.listed_by_source and photos.incomplete)
            if must_defer and not interrupted and _is_last_attempt(photos):
                findings += await self._give_up(connection, photos, now)
            await rebuild_listings(connection, self.provider_id, [photos.property_id], rules, now)
            await add_checks(connection, photos.property_id)
            if is_counted:
                record_findings(connection, self.provider_id, Resource.PROPERTY, findings, now)
            if not interrupted:
                await self._release(connection, photos, must_defer=must_defer)
        return stored

    async def _note_failures(self, connection: WriteConnection, photos: ListingPhotos, now: datetime) -> None:
        for key, outcome in photos.outcomes.items():
            if isinstance(outcome, PhotoFailed):
                await note_failure(connection, photos.property_id, key, outcome.reason, now)

    async def _give_up(self, connection: WriteConnection, photos: ListingPhotos, now: datetime) -> list[FindingChange]:
        """Give up the photos that the source's last reply did not contain."""
        findings: list[FindingChange] = []
        listed = {ref.media_key for ref in photos.refs}
        for photo in await find_waiting_photos(connection, [photos.property_id]):
            outcome = photos.outcomes.get(photo.media_key)
            if photo.is_deferred or (photo.media_key in listed and not isinstance(outcome, PhotoFailed)):
                continue
            failed = outcome if isinstance(outcome, PhotoFailed) else PhotoFailed("the source did not send this photo")
            findings += await _give_up_one(connection, photo, photo.modified, failed, now)
        return findings

    async def _release(self, connection: WriteConnection, photos: ListingPhotos, *, must_defer: bool) -> None:
        if must_defer and not _is_last_attempt(photos):
            delay = RETRY_DELAYS[photos.claim.attempts]
            await release_work(connection, [photos.property_id], self.holder, delay=delay, failures=1)
        else:
            await complete_work(connection, photos.claim, self.holder)

    async def _apply_source_list(
        self, connection: WriteConnection, photos: ListingPhotos, now: datetime
    ) -> list[FindingChange]:
        """Store the source's list of photos, where it is only known once the photos are requested."""
        before = (await find_photos(connection, [photos.property_id])).get(photos.property_id, [])
        listed = limit_photos(photos.refs, photos.limit)
        plan = plan_media(photos.property_id, before, listed, photos.changed_at, photos.rules)
        if photos.incomplete:
            plan = replace(plan, remove=())
        origin = Origin(self.provider_id, "photos", now, photos.claim.sync_id)
        await upsert_media(connection, [plan], origin)
        if before and plan.changed:
            at = min(photos.claim.photos_change_timestamp or now, now)
            event = ListingEvent(photos.property_id, "media_changed", at, photo_differences(before, plan))
            await add_events(connection, [event], origin)
        return compare_photo_findings(before, plan)

    async def _mark(
        self, connection: WriteConnection, photos: ListingPhotos, now: datetime, findings: list[FindingChange]
    ) -> Sequence[str]:
        """Mark the photos that were attempted and add what that changes to `findings`; the keys of those stored."""
        waiting = {photo.media_key: photo for photo in await find_waiting_photos(connection, [photos.property_id])}
        blob_ids = [one.blob_id for one in photos.outcomes.values() if isinstance(one, PhotoStored) and one.blob_id]
        locked = await lock_blobs(connection, blob_ids)
        stored: list[str] = []
        for key, outcome in photos.outcomes.items():
            if key not in waiting or isinstance(outcome, PhotoNotTried):
                continue
            # The version that was requested, so that a newer one that came meanwhile still waits.
            requested = waiting[key] if photos.listed_by_source else photos.waiting.get(key, waiting[key])
            photo = PhotoVersion(photos.property_id, key, requested.modified)
            if isinstance(outcome, PhotoFailed):
                delay = plan_retry(outcome, waiting[key].attempts)
                if delay is None:
                    findings += await _give_up_one(connection, waiting[key], requested.modified, outcome, now)
                else:
                    await mark_failed(connection, photo, outcome.reason, delay, now)
            elif isinstance(outcome, PhotoLinked):
                await mark_linked(connection, photo, outcome.reason, now)
                findings += compare_findings(_finding_of(waiting[key]), ())
            elif outcome.blob_id is None or outcome.blob_id in locked:
                await mark_stored(connection, photo, outcome.blob_id, outcome.validators, now)
                findings += compare_findings(_finding_of(waiting[key]), ())
                stored.append(key)
        return stored


async def _give_up_one(
    connection: WriteConnection, photo: WaitingPhoto, requested: str | None, failed: PhotoFailed, now: datetime
) -> list[FindingChange]:
    finding = to_stuck_finding(failed)
    version = PhotoVersion(photo.property_id, photo.media_key, requested)
    if not await give_up_photo(connection, version, failed.reason, finding, now):
        return []
    return compare_findings(_finding_of(photo), [ValueFinding(finding)])


def _finding_of(photo: WaitingPhoto) -> list[Finding]:
    return [] if photo.finding_key is None else [Finding.parse(photo.finding_key)]


def _is_last_attempt(photos: ListingPhotos) -> bool:
    return photos.claim.attempts >= len(RETRY_DELAYS)


def _is_inconclusive(photos: ListingPhotos) -> bool:
    """Whether the source sent no photos though it counts some, or was not read to the end: that proves nothing."""
    return photos.listed_by_source and not photos.refs and (photos.incomplete or bool(photos.claim.photos_count))
