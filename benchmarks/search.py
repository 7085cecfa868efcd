"""The hot searches at ten times the listings: each first page, with its total as the API gives it.

Once where the filter matches as many rows at both sizes, once where it matches ten times as many.
"""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from benchmarks.ground import fill, fresh_database, median_time, tell
from platbook.base.clock import SetClock
from platbook.db import Database, ReadConnection, load_queries
from platbook.listings.search import Box, ListingSearch, Range, find_listings

NOW = datetime(2026, 11, 1, tzinfo=UTC)
TIMES = 10
BAR = 2.0
SQL = Path(__file__).with_name("market.sql")
SYNC = load_queries("platbook.sync.runs")

_CITY = ListingSearch(city=("Town 7",), limit=50)
_PRICED = replace(_CITY, sort="listPrice", descending=False, price=Range(Decimal(200_000), Decimal(700_000)))
_AREA = ListingSearch(city=("Area 3",), limit=50)
AS_MANY = {
    "list of a city": _CITY,
    "city and price": _PRICED,
    "box": ListingSearch(box=Box(-100.0, 30.0, -99.9, 30.1), limit=50),
    "keyword": ListingSearch(keyword="seldom77", limit=50),
}
TEN_TIMES = {
    "list of all": ListingSearch(limit=50),
    "city and price": replace(_PRICED, city=("Area 3",)),
    "list of a city": _AREA,
    "box": ListingSearch(box=Box(-106.0, 26.0, -100.0, 31.0), limit=50),
    "keyword": ListingSearch(keyword="garden", limit=50),
    "keyword of one in a hundred": ListingSearch(keyword="often7", limit=50),
}


async def run(rows: int) -> None:
    """Print each search's time at both sizes and the ratio."""
    small, large = rows // 2, rows // 2 * TIMES
    times: dict[int, dict[str, float]] = {}
    for size in (small, large):
        async with fresh_database() as url:
            fill(url, SQL, size)
            async with Database.open(url) as database, database.read() as connection:
                times[size] = await _measure(connection)
    for name in times[small]:
        one, other = times[small][name], times[large][name]
        tell(f"{name}, ms", f"{one:.2f} {other:.2f}", f"ratio {other / one:.2f}, bar {BAR}")


async def _measure(connection: ReadConnection) -> dict[str, float]:
    times: dict[str, float] = {}
    for kind, searches in (("as many", AS_MANY), ("ten times", TEN_TIMES)):
        for name, search in searches.items():
            times[f"{kind}: {name}"] = await median_time(lambda search=search: find_listings(connection, search, NOW))
    first = await find_listings(connection, ListingSearch(limit=50), NOW)
    deep = ListingSearch(limit=50, cursor=first.next_cursor)
    times["ten times: keyset page"] = await median_time(lambda: find_listings(connection, deep, NOW))
    clock = SetClock(NOW)
    times["due providers"] = await median_time(
        lambda: connection.column(str, SYNC.find_due_providers, {"at": clock.now()})
    )
    return times
