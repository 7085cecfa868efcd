"""The queue of photo work (`media_work`): claimed under a lease, locked while it is recorded, completed or released.

The lease is `due_at`, the time a row may be claimed again. Claiming moves it into the future, so that the work of a
worker that died is claimed by the next one once the lease has expired, without any detection of the death.
`holder` is the fencing token: whoever records must still be the holder.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from platbook.db import ReadConnection, WriteConnection, load_queries
from platbook.providers.display_rules import ProviderRules, RuleSubject
from platbook.providers.finding import Finding
from platbook.providers.media import MediaSettings
from platbook.transport import CacheValidators

Q = load_queries(__package__ or "platbook.listings")

_NO_DELAY = timedelta(0)


@dataclass(frozen=True, slots=True)
class PhotoClaim:
    """A listing whose photos the holder is to fetch. `is_public`: it has a public document.

    `rank` 0: its first photo is missing and urgent. `newest` is the time by which claims of one rank are ordered.
    `photos_count` and `photos_change_timestamp` are the source's values. `shows_address`: its address may be shown.
    `originating_system`, `licences` and `offices` (keys and MLS ids) decide which display rules hold for it.
    """

    property_id: UUID
    listing_key: str
    rank: int
    version: int
    attempts: int
    sync_id: UUID | None
    standard_status: str | None
    photos_count: int | None
    photos_change_timestamp: datetime | None
    is_public: bool
    shows_address: bool
    originating_system: str | None
    licences: list[str] | None
    offices: list[str]
    newest: datetime

    def to_subject(self, rules: ProviderRules) -> RuleSubject:
        """What of the listing decides which display rules hold for it."""
        return rules.to_subject(self.originating_system, self.licences or (), self.offices)


@dataclass(frozen=True, slots=True)
class WaitingPhoto:
    """A photo to be fetched. `is_stored`: an older version is; `is_deferred`: its next attempt is not due yet.

    `finding_key` is the finding of one that was given up before.
    """

    property_id: UUID
    media_key: str
    modified: str | None
    attempts: int
    etag: str | None
    last_modified: str | None
    is_stored: bool
    is_deferred: bool
    finding_key: str | None

    @property
    def validators(self) -> CacheValidators:
        """ETag and Last-Modified of the stored version, for a conditional request."""
        return CacheValidators(self.etag, self.last_modified) if self.is_stored else CacheValidators()


@dataclass(frozen=True, slots=True)
class PhotoVersion:
    """One photo of one listing, in the version that was fetched."""

    property_id: UUID
    media_key: str
    modified: str | None


async def claim_work(
    connection: WriteConnection, provider_id: str, holder: UUID, *, limit: int, lease: timedelta
) -> list[PhotoClaim]:
    """Claim the most urgent work of a provider: first photos before others, new listings before old."""
    params = {"provider_id": provider_id, "holder": holder, "limit": limit, "lease": lease}
    claims = await connection.all(PhotoClaim, Q.claim_photo_work, params)
    return sorted(claims, key=lambda claim: (claim.rank, -claim.newest.timestamp()))


async def renew_work(connection: WriteConnection, holder: UUID, ids: Sequence[UUID], lease: timedelta) -> None:
    """Renew the leases of listings that are still being worked on."""
    await connection.run(Q.renew_photo_work, {"holder": holder, "ids": list(ids), "lease": lease})


async def lock_work(connection: WriteConnection, claim: PhotoClaim, holder: UUID) -> bool:
    """Lock a claimed row until the transaction ends; False where the lease was lost to another holder."""
    params = {"property_id": claim.property_id, "holder": holder}
    return await connection.value(int, Q.lock_photo_work, params) is not None


async def complete_work(connection: WriteConnection, claim: PhotoClaim, holder: UUID) -> None:
    """Delete a listing's work, or release what is left of it until its next photo is due."""
    params = {"property_id": claim.property_id, "holder": holder, "version": claim.version}
    if not await connection.run(Q.delete_finished_photo_work, params):
        await connection.run(Q.reschedule_photo_work, params)


async def release_work(
    connection: WriteConnection, ids: Sequence[UUID], holder: UUID, *, delay: timedelta = _NO_DELAY, failures: int = 0
) -> None:
    """Release claims without completing them, due again after `delay`; `failures` is added to the attempts."""
    params = {"ids": list(ids), "holder": holder, "delay": delay, "failures": failures}
    await connection.run(Q.release_photo_work, params)


async def delete_provider_work(connection: WriteConnection, provider_id: str) -> None:
    """Delete the unclaimed work of a provider whose photos are not to be fetched."""
    await connection.run(Q.delete_provider_photo_work, {"provider_id": provider_id})


async def delete_work(connection: WriteConnection, ids: Sequence[UUID]) -> None:
    """Delete the work of some listings: none of their photos is to be fetched."""
    await connection.run(Q.delete_photo_work, {"ids": list(ids)})


async def find_waiting_photos(connection: ReadConnection, ids: Sequence[UUID]) -> list[WaitingPhoto]:
    """The photos of some listings that are to be fetched."""
    return await connection.all(WaitingPhoto, Q.find_waiting_photos, {"ids": list(ids)})


async def mark_stored(
    connection: WriteConnection, photo: PhotoVersion, blob_id: str | None, validators: CacheValidators, at: datetime
) -> None:
    """Record that a photo is stored; `blob_id` None: the stored bytes are still current (not modified)."""
    params = {
        **_key(photo),
        "blob_id": blob_id,
        "etag": validators.etag,
        "last_modified": validators.last_modified,
        "at": at,
    }
    await connection.run(Q.mark_photo_stored, params)


async def mark_failed(
    connection: WriteConnection, photo: PhotoVersion, reason: str, retry_in: timedelta, at: datetime
) -> None:
    """Record a failed attempt and its reason; the photo is tried again after `retry_in`."""
    params = {**_key(photo), "reason": reason, "retry_in": retry_in, "finding_key": None, "at": at}
    await connection.run(Q.mark_photo_failed, params)


async def give_up_photo(
    connection: WriteConnection, photo: PhotoVersion, reason: str, finding: Finding, at: datetime
) -> bool:
    """Record a photo's last attempt and its finding; False where the source has another version by now."""
    params = {**_key(photo), "reason": reason, "retry_in": None, "finding_key": finding.key, "at": at}
    return bool(await connection.run(Q.mark_photo_failed, params))


async def mark_linked(connection: WriteConnection, photo: PhotoVersion, reason: str, at: datetime) -> None:
    """Record that a video, document or tour is linked to, since its bytes are not stored, for a reason."""
    await connection.run(Q.mark_media_linked, {**_key(photo), "reason": reason, "at": at})


async def note_failure(
    connection: WriteConnection, property_id: UUID, media_key: str, reason: str, at: datetime
) -> None:
    """Record why a photo that keeps waiting was not fetched, where its listing is tried again as a whole."""
    params = {"property_id": property_id, "media_key": media_key, "reason": reason, "at": at}
    await connection.run(Q.note_photo_failure, params)


async def relink_photos(connection: WriteConnection, property_id: UUID, old: str, new: str) -> None:
    """Replace one stored picture by another in all photos of a listing."""
    await connection.run(Q.relink_photos, {"property_id": property_id, "old": old, "new": new})


async def retry_failed_photos(connection: WriteConnection, provider_id: str, at: datetime) -> int:
    """Schedule a provider's failed photos for another attempt, now; returns how many."""
    return await _mark_waiting(connection, provider_id, ["failed", "waiting"], at, failed_only=True)


async def refetch_stored_photos(
    connection: WriteConnection, provider_id: str, at: datetime, property_ids: Sequence[UUID]
) -> int:
    """Schedule the stored photos of some listings of a provider to be fetched again, now; returns how many."""
    return await _mark_waiting(connection, provider_id, ["stored"], at, property_ids=property_ids)


async def _mark_waiting(
    connection: WriteConnection,
    provider_id: str,
    states: Sequence[str],
    at: datetime,
    *,
    failed_only: bool = False,
    property_ids: Sequence[UUID] | None = None,
) -> int:
    params = {
        "provider_id": provider_id,
        "states": list(states),
        "failed_only": failed_only,
        "property_ids": None if property_ids is None else list(property_ids),
        "at": at,
    }
    ids = await connection.column(UUID, Q.mark_photos_waiting, params)
    await connection.run(Q.add_photo_work_for, {"ids": list(set(ids))})
    return len(ids)


def _key(photo: PhotoVersion) -> dict[str, object]:
    return {"property_id": photo.property_id, "media_key": photo.media_key, "modified": photo.modified}


async def set_fetching(connection: WriteConnection, provider_id: str, rules: MediaSettings) -> set[UUID]:
    """Queue what is linked and fetched by the rules, and link what waits and is not; the listings that this changes."""
    photos, files = rules.fetched
    params = {"provider_id": provider_id, "photos": photos, "files": files}
    linked = set(await connection.column(UUID, Q.link_waiting_photos, params))
    if not rules.fetch:
        await delete_provider_work(connection, provider_id)
        return linked
    waiting = set(await connection.column(UUID, Q.fetch_linked_photos, params))
    unknown = await connection.column(UUID, Q.find_without_photos, params)
    await connection.run(Q.add_photo_work_for, {"ids": list(waiting | set(unknown))})
    return waiting | linked
