"""A cache of page versions (ETags), so that a conditional request for an unchanged page costs one round trip.

Two equal snapshots of PostgreSQL see the same rows: no transaction began or ended between them. So while the snapshot
stays, no listing's days on market have grown, and none ceased to be public with the clock, a page's version holds,
without reading a row.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from platbook.db import ReadConnection, load_queries
from platbook.listings.search.filters import ListingSearch
from platbook.listings.search.find import Listings

Q = load_queries(__package__ or "platbook.listings.search")

_MAX_ENTRIES = 10_000


@dataclass(frozen=True, slots=True)
class _CachedVersion:
    version: str
    snapshot: str
    read_at: datetime
    fresh_until: datetime


class VersionCache:
    """The versions of one process's searches; the least recently used are evicted."""

    def __init__(self, max_entries: int = _MAX_ENTRIES) -> None:
        self._max_entries = max_entries
        self._entries: OrderedDict[ListingSearch, _CachedVersion] = OrderedDict()

    def store(self, search: ListingSearch, listings: Listings, now: datetime) -> None:
        """Store the version of a search's page, as it was read."""
        if listings.snapshot is None:
            return
        self._entries[search] = _CachedVersion(listings.version, listings.snapshot, now, listings.fresh_until)
        self._entries.move_to_end(search)
        if len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)

    async def get_current(self, connection: ReadConnection, search: ListingSearch, now: datetime) -> str | None:
        """The version a search's page certainly still has; None: unknown, search again."""
        cached = self._entries.get(search)
        if cached is None or now >= cached.fresh_until:
            return None
        snapshot = await connection.value(str, Q.get_snapshot, {"since": cached.read_at, "now": now})
        if snapshot != cached.snapshot:
            return None
        self._entries.move_to_end(search)
        return cached.version
