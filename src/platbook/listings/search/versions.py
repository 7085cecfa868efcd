"""What is known of answered searches, so that asking again for an unchanged page costs next to nothing.

Two equal snapshots of PostgreSQL see the same rows: no transaction began or ended between them. So while the snapshot
stays, and no listing's days on market have grown, a page's version stands, without looking at one row.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from platbook.db import ReadConnection, load_queries
from platbook.listings.search.filters import ListingSearch
from platbook.listings.search.find import Listings

Q = load_queries(__package__ or "platbook.listings.search")

_MOST = 10_000


@dataclass(frozen=True, slots=True)
class _Known:
    version: str
    snapshot: str
    fresh_until: datetime


class KnownVersions:
    """One process's memory of versions; the least lately used are forgotten."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._known: OrderedDict[ListingSearch, _Known] = OrderedDict()

    def remember(self, search: ListingSearch, listings: Listings) -> None:
        """Note what a search found."""
        if listings.snapshot is None:
            return
        self._known[search] = _Known(listings.version, listings.snapshot, listings.fresh_until)
        self._known.move_to_end(search)
        if len(self._known) > self._most:
            self._known.popitem(last=False)

    async def get_standing(self, connection: ReadConnection, search: ListingSearch, now: datetime) -> str | None:
        """The version a search's page certainly still has; None: nobody knows, ask again."""
        known = self._known.get(search)
        if known is None or now >= known.fresh_until:
            return None
        snapshot = await connection.value(str, Q.get_snapshot)
        if snapshot != known.snapshot:
            return None
        self._known.move_to_end(search)
        return known.version
