"""Featured listings."""

from dataclasses import replace
from datetime import datetime

from platbook.base.actor import Surface
from platbook.db import ReadConnection
from platbook.db.lists import Count
from platbook.listings.search.filters import ListingSearch
from platbook.listings.search.find import Listings, find_listings
from platbook.listings.search.sorting import NEWEST_ON_MARKET


async def find_featured(connection: ReadConnection, surface: Surface, limit: int, now: datetime) -> Listings:
    """Those marked featured, then the newest on the market with photos; `limit` at most, without a total."""
    flagged = ListingSearch(surface=surface, featured=True, limit=limit, count=Count.NONE)
    featured = await find_listings(connection, flagged, now)
    missing = limit - len(featured.rows)
    if not missing:
        return replace(featured, next_cursor=None)
    newest = ListingSearch(
        surface=surface, featured=False, has_photos=True, status=("Active",), sort=NEWEST_ON_MARKET, limit=missing,
        count=Count.NONE,
    )  # fmt: skip
    rest = await find_listings(connection, newest, now)
    return replace(
        featured,
        rows=featured.rows + rest.rows,
        next_cursor=None,
        version=featured.version + rest.version,
        fresh_until=min(featured.fresh_until, rest.fresh_until),
    )
