"""Counts of pending photos, for a provider's status. They read small indexes, however many photos there are."""

from platbook.base.views import View
from platbook.db import ReadConnection, load_queries

Q = load_queries(__package__ or "platbook.media")


class PendingPhotos(View):
    """Listings whose photos are still to be fetched, and photos that failed for good."""

    listings_waiting: int
    failed: int


async def count_pending_photos(connection: ReadConnection, provider_id: str) -> PendingPhotos:
    """A provider's pending and failed photos."""
    return await connection.one(PendingPhotos, Q.count_pending_photos, {"provider_id": provider_id})
