"""A first load against a bare binary COPY of the very same rows into the same indexed tables."""

import gc
import time
from collections.abc import Awaitable, Sequence
from statistics import median

from benchmarks import feed
from benchmarks.ground import fresh_database, settle, tell
from platbook.db import Database, WriteConnection
from platbook.listings import history, store
from platbook.listings.listing import Origin
from platbook.sync.page import store_page

PAGE = 20_000
SMALL_PAGE = 1_000
ROUNDS = 2
BAR = 0.8
TABLES = ("properties", "listing_changes")

Rows = list[tuple[object, ...]]


class _Catcher(WriteConnection):
    """Stands in for a connection and keeps what would be copied: the very rows, made by the very code."""

    def __init__(self) -> None:
        self.tables: dict[str, Rows] = {}

    async def copy_in(self, table: str, columns: Sequence[str], types: Sequence[str], rows: object) -> None:
        del columns, types
        self.tables.setdefault(table, []).extend(rows)  # pyright: ignore[reportArgumentType] - an iterable of rows


async def run(rows: int) -> None:
    """Print both rates and their ratio, then the whole path by stage."""
    said = feed.records(rows)
    incoming = feed.normalised(said)
    origin = Origin(feed.PROVIDER, "sync", feed.START)
    catcher = _Catcher()
    await store.insert_listings(catcher, incoming, origin, feed.DISPLAY)
    gc.collect()
    gc.freeze()  # a sync never holds a whole market; looking through this one for garbage is the benchmark's affair
    ours: list[float] = []
    bare: list[float] = []
    async with fresh_database() as url, Database.open(url) as database:
        # Not counted: the first pass also pays for making the files of the log, which all later ones use again.
        await _fresh(url, _copy(database, catcher.tables))
        for turn in range(ROUNDS):
            passes = [(ours, _store(database, incoming, origin)), (bare, _copy(database, catcher.tables))]
            for rates, work in passes if turn % 2 else reversed(passes):
                rates.append(rows / await _fresh(url, work))
        tell("bare COPY, rows/s", f"{median(bare):,.0f}")
        tell("hash first, then COPY, rows/s", f"{median(ours):,.0f}")
        tell("ratio", f"{median(ours) / median(bare):.2f}", f"bar {BAR}")
        settle(url, *TABLES, "listing_terms", empty=True)
        await _whole_path(database, rows)


async def _fresh(url: str, work: Awaitable[float]) -> float:
    settle(url, *TABLES, empty=True)
    return await work


async def _store(database: Database, incoming: list[store.Incoming], origin: Origin) -> float:
    began = time.perf_counter()
    for page in feed.pages(incoming, PAGE):
        async with database.transaction() as connection:
            hashes = {one.listing.listing_key: one.content_hash for one in page}
            known = await store.find_differing(connection, feed.PROVIDER, hashes)
            fresh = [one for one in page if known[one.listing.listing_key].id is None]
            await store.insert_listings(connection, fresh, origin, feed.DISPLAY)
    return time.perf_counter() - began


async def _copy(database: Database, tables: dict[str, Rows]) -> float:
    listings, events = tables["properties"], tables["listing_changes"]
    began = time.perf_counter()
    for some, told in zip(feed.pages(listings, PAGE), feed.pages(events, PAGE), strict=True):
        async with database.transaction() as connection:
            await connection.copy_in("properties", store.ROW_COLUMNS, store.ROW_TYPES, some)
            await connection.copy_in("listing_changes", history.EVENT_COLUMNS, history.EVENT_TYPES, told)
    return time.perf_counter() - began


async def _whole_path(database: Database, rows: int) -> None:
    """Raw record to committed row at pages of 1,000, no bar."""
    began = time.perf_counter()
    said = feed.records(rows)
    made = time.perf_counter() - began
    rules, lease = feed.rules(), await feed.take_lease(database)
    began = time.perf_counter()
    for page in feed.pages(said, SMALL_PAGE):
        async with database.transaction() as connection:
            stored = await store_page(connection, rules, lease, page, [], feed.START)
        rules.terms.remember(stored.terms)
    took = time.perf_counter() - began
    began = time.perf_counter()
    feed.normalised(said)
    prepared = time.perf_counter() - began
    tell("raw record to committed row, pages of 1,000, rows/s", f"{rows / took:,.0f}")
    tell("  of which hash, normalise, raw JSON, us/row", f"{prepared / rows * 1e6:,.0f}")
    tell("  of which documents, COPY, timeline, words, us/row", f"{(took - prepared) / rows * 1e6:,.0f}")
    tell("  beside it: the market inventing the record, us/row", f"{made / rows * 1e6:,.0f}")
