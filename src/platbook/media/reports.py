"""Photo status: photos by state, failures with their reasons, and what the store holds."""

from typing import cast

from platbook.base.views import UtcDatetime, View
from platbook.db import ReadConnection, load_queries
from platbook.providers.local import LOCAL
from platbook.providers.providers import find_providers, get_provider
from platbook.storage import COPY_LIFETIME, find_stores

Q = load_queries(__package__ or "platbook.media")


class PhotoFailure(View):
    """A photo that could not be fetched; `retryAt` null: it was given up."""

    listing_key: str
    media_key: str
    state: str
    attempts: int
    reason: str
    at: UtcDatetime
    retry_at: UtcDatetime | None


class PhotoCounts(View):
    """A provider's photos by state; `listings` have pending photo work, `atWork` of them now, `putOff` later."""

    provider_id: str
    waiting: int
    stored: int
    failed: int
    linked: int
    listings: int
    at_work: int
    put_off: int


class PhotoStatus(PhotoCounts):
    """A provider's photos by state, with the latest failures.

    `listings` have pending photo work: `atWork` of them now, `putOff` later. `copiesLiveSeconds` is how long a CDN may
    go on showing a photo that was withdrawn; 0 where its copies are invalidated.
    """

    copies_live_seconds: int
    failures: list[PhotoFailure]


class StuckObject(View):
    """A stored picture that the store does not move or delete; it is tried again at `retryAt`.

    `listingKey` is of a listing that uses it, null where none does any more.
    """

    picture: str
    listing_key: str | None
    state: str
    attempts: int
    reason: str
    retry_at: UtcDatetime


class StoreStatus(View):
    """The store: pictures and files (videos, documents), of both public and unused (to be deleted), and all bytes.

    `recalls` are withdrawn objects whose copies at the CDN are still to be invalidated, `stuck` the pictures that the
    store does not move or delete.
    """

    pictures: int
    files: int
    public: int
    unused: int
    bytes: int
    recalls: int
    stuck: int


class StorePictures(View):
    """A store and how many pictures it holds; `leaving`: they are being moved to the store of the settings."""

    store: str
    pictures: int
    leaving: bool


class PhotoStatusList(View):
    """Photos of every provider that is not archived and of local listings, the stores, and their stuck objects."""

    providers: list[PhotoCounts]
    store: StoreStatus
    stores: list[StorePictures]
    stuck_objects: list[StuckObject]


async def count_photos(connection: ReadConnection, provider_id: str) -> PhotoCounts:
    """A provider's photos by state; NotFound."""
    if provider_id != LOCAL:
        await get_provider(connection, provider_id)
    return await _count_photos(connection, provider_id)


async def get_photo_status(
    connection: ReadConnection, provider_id: str, *, limit: int, can_invalidate: bool
) -> PhotoStatus:
    """A provider's photos by state, with at most `limit` failures; NotFound.

    `can_invalidate`: whether a withdrawn photo's copies at the CDN are invalidated; if not, they expire.
    """
    counts = await count_photos(connection, provider_id)
    return PhotoStatus(
        **dict(counts),
        copies_live_seconds=0 if can_invalidate else int(COPY_LIFETIME.total_seconds()),
        failures=await find_photo_failures(connection, provider_id, limit),
    )


async def find_photo_statuses(connection: ReadConnection, *, limit: int = 20) -> PhotoStatusList:
    """Photos of every provider and of local listings, and the store with at most `limit` of its stuck objects."""
    provider_ids = [one.provider_id for one in await find_providers(connection)] + [LOCAL]
    return PhotoStatusList(
        providers=[await _count_photos(connection, one) for one in provider_ids],
        store=await get_store_status(connection),
        stores=await count_by_store(connection),
        stuck_objects=await connection.all(StuckObject, Q.find_stuck_blobs, {"limit": limit}),
    )


async def get_store_status(connection: ReadConnection) -> StoreStatus:
    """The store's totals."""
    return await connection.one(StoreStatus, Q.sum_blobs)


async def count_by_store(connection: ReadConnection) -> list[StorePictures]:
    """The stores that are or were configured, with their pictures."""
    stores = await find_stores(connection)
    rows = await connection.tuples(Q.count_blobs_by_store)
    counts = {cast("int", store_id): cast("int", pictures) for store_id, pictures in rows}
    return [
        StorePictures(store=one.address.name, pictures=counts.get(one.id, 0), leaving=one.leaving) for one in stores
    ]


async def find_photo_failures(connection: ReadConnection, provider_id: str, limit: int) -> list[PhotoFailure]:
    """A provider's photos that could not be fetched, the latest first."""
    return await connection.all(PhotoFailure, Q.find_failures, {"provider_id": provider_id, "limit": limit})


async def _count_photos(connection: ReadConnection, provider_id: str) -> PhotoCounts:
    return await connection.one(PhotoCounts, Q.count_photos, {"provider_id": provider_id})
