"""Photo work as workers take it: claimed by lease, held while it is recorded, settled or put back.

A lease is the moment a row is due again. Who claims work moves it on, so that what a dead worker held is taken by the
next one without anybody having to notice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from platbook.db import ReadConnection, WriteConnection, load_queries
from platbook.transport import CacheValidators

Q = load_queries(__package__ or "platbook.listings")

_NOW = timedelta(0)


@dataclass(frozen=True, slots=True)
class Claim:
    """A listing whose photos a holder is to fetch. `is_public`: it has a public document.

    `rank` 0: its first photo is the urgent one. `photos_count` and `photos_change_timestamp` are the source's words.
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
    newest: datetime


@dataclass(frozen=True, slots=True)
class Fetchable:
    """A photo that waits. `is_held`: an older version is stored; `is_put_off`: it is to be tried again later."""

    property_id: UUID
    media_key: str
    modified: str | None
    attempts: int
    etag: str | None
    last_modified: str | None
    is_held: bool
    is_put_off: bool

    @property
    def known(self) -> CacheValidators:
        """What the server told of the bytes we hold."""
        return CacheValidators(self.etag, self.last_modified) if self.is_held else CacheValidators()


@dataclass(frozen=True, slots=True)
class PhotoVersion:
    """One photo of one listing, in the version that was fetched."""

    property_id: UUID
    media_key: str
    modified: str | None


async def claim_work(
    connection: WriteConnection, provider_id: str, holder: UUID, *, limit: int, lease: timedelta
) -> list[Claim]:
    """Take the most urgent work of a provider, first photos before others, new listings before old."""
    params = {"provider_id": provider_id, "holder": holder, "limit": limit, "lease": lease}
    claims = await connection.all(Claim, Q.claim_photo_work, params)
    return sorted(claims, key=lambda claim: (claim.rank, -claim.newest.timestamp()))


async def renew_work(connection: WriteConnection, holder: UUID, ids: Sequence[UUID], lease: timedelta) -> None:
    """Keep what is still being worked on."""
    await connection.run(Q.renew_photo_work, {"holder": holder, "ids": list(ids), "lease": lease})


async def hold_work(connection: WriteConnection, claim: Claim, holder: UUID) -> bool:
    """Whether the claim still stands; it then stands until the transaction ends."""
    params = {"property_id": claim.property_id, "holder": holder}
    return await connection.value(int, Q.hold_photo_work, params) is not None


async def settle_work(connection: WriteConnection, claim: Claim, holder: UUID) -> None:
    """End the work of a listing, or leave what is left of it for its time."""
    params = {"property_id": claim.property_id, "holder": holder, "version": claim.version}
    if not await connection.run(Q.end_photo_work, params):
        await connection.run(Q.settle_photo_work, params)


async def put_back_work(
    connection: WriteConnection, ids: Sequence[UUID], holder: UUID, *, after: timedelta = _NOW, failures: int = 0
) -> None:
    """Give work back undone; `failures` counts what was tried in vain."""
    params = {"ids": list(ids), "holder": holder, "after": after, "failures": failures}
    await connection.run(Q.put_back_photo_work, params)


async def drop_work(connection: WriteConnection, provider_id: str) -> None:
    """Forget the work of a provider whose photos are not to be fetched."""
    await connection.run(Q.drop_photo_work, {"provider_id": provider_id})


async def forget_work(connection: WriteConnection, ids: Sequence[UUID]) -> None:
    """Nothing of these listings is to be fetched."""
    await connection.run(Q.erase_photo_work, {"ids": list(ids)})


async def find_fetchable(connection: ReadConnection, ids: Sequence[UUID]) -> list[Fetchable]:
    """The photos of some listings that wait."""
    return await connection.all(Fetchable, Q.find_fetchable, {"ids": list(ids)})


async def mark_stored(
    connection: WriteConnection, photo: PhotoVersion, blob_id: str | None, known: CacheValidators, at: datetime
) -> None:
    """A photo's bytes are stored under a blob; None: those held already are still right."""
    params = {**_key(photo), "blob_id": blob_id, "etag": known.etag, "last_modified": known.last_modified, "at": at}
    await connection.run(Q.mark_photo_stored, params)


async def mark_tried(
    connection: WriteConnection, photo: PhotoVersion, reason: str, retry_in: timedelta | None, at: datetime
) -> None:
    """A photo could not be had, and why; `retry_in` None: it is given up."""
    await connection.run(Q.mark_photo_tried, {**_key(photo), "reason": reason, "retry_in": retry_in, "at": at})


async def relink_photos(connection: WriteConnection, property_id: UUID, old: str, new: str) -> None:
    """Let a listing's photos that show one stored picture show another."""
    await connection.run(Q.relink_photos, {"property_id": property_id, "old": old, "new": new})


async def want_failed_again(connection: WriteConnection, provider_id: str, at: datetime) -> int:
    """Let a provider's photos that were tried in vain be tried again, now; how many."""
    return await _want_again(connection, provider_id, ["failed", "waiting"], at, in_vain=True)


async def want_stored_again(
    connection: WriteConnection, provider_id: str, at: datetime, property_ids: Sequence[UUID]
) -> int:
    """Let the stored photos of some listings of a provider be fetched anew, now; how many."""
    return await _want_again(connection, provider_id, ["stored"], at, property_ids=property_ids)


async def _want_again(
    connection: WriteConnection,
    provider_id: str,
    states: Sequence[str],
    at: datetime,
    *,
    in_vain: bool = False,
    property_ids: Sequence[UUID] | None = None,
) -> int:
    params = {
        "provider_id": provider_id,
        "states": list(states),
        "in_vain": in_vain,
        "property_ids": None if property_ids is None else list(property_ids),
        "at": at,
    }
    ids = await connection.column(UUID, Q.mark_photos_waiting, params)
    await connection.run(Q.add_photo_work_for, {"ids": list(set(ids))})
    return len(ids)


def _key(photo: PhotoVersion) -> dict[str, object]:
    return {"property_id": photo.property_id, "media_key": photo.media_key, "modified": photo.modified}
