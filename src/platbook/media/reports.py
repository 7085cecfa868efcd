"""How photos stand: what is owed, what failed and why, what is stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from platbook.db import ReadConnection, load_queries
from platbook.providers.providers import LOCAL, find_providers, get_provider

Q = load_queries(__package__ or "platbook.media")


@dataclass(frozen=True, slots=True)
class PendingPhotos:
    """Listings whose photos are to be fetched, and photos given up; cheap however many photos there are."""

    listings_waiting: int
    failed: int


@dataclass(frozen=True, slots=True)
class PhotoFailure:
    """A photo that could not be had: given up (`failed`), or tried again at `retry_at` (`waiting`)."""

    listing_key: str
    media_key: str
    state: str
    attempts: int
    reason: str
    at: datetime
    retry_at: datetime | None


@dataclass(frozen=True, slots=True)
class PhotoStatus:
    """A provider's photos by state, and its listings with photo work: waiting, of them in hand, of them put off."""

    provider_id: str
    waiting: int
    stored: int
    failed: int
    linked: int
    listings: int
    at_work: int
    put_off: int


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """What is stored: pictures, of them public, of them to be cleared away, and the bytes of all variants.

    `recalls`: objects that were withdrawn and that the CDN has not been told of yet.
    """

    pictures: int
    public: int
    unused: int
    bytes: int
    recalls: int


async def get_owed(connection: ReadConnection, provider_id: str) -> PendingPhotos:
    """What a provider's photos owe."""
    return await connection.one(PendingPhotos, Q.count_owed, {"provider_id": provider_id})


async def find_photo_statuses(connection: ReadConnection, provider_id: str | None = None) -> list[PhotoStatus]:
    """How photos stand, of one provider or of all; NotFound."""
    if provider_id is None:
        known = [one.provider_id for one in await find_providers(connection)] + [LOCAL]
    else:
        known = [provider_id if provider_id == LOCAL else (await get_provider(connection, provider_id)).provider_id]
    return [await connection.one(PhotoStatus, Q.count_photos, {"provider_id": one}) for one in known]


async def get_store_status(connection: ReadConnection) -> StoreStatus:
    """What is stored in all."""
    return await connection.one(StoreStatus, Q.sum_blobs)


async def find_photo_failures(connection: ReadConnection, provider_id: str, limit: int) -> Sequence[PhotoFailure]:
    """A provider's photos that could not be had, the last first."""
    return await connection.all(PhotoFailure, Q.find_failures, {"provider_id": provider_id, "limit": limit})
