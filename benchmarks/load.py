"""A first load against a bare binary COPY of the very same rows into the same indexed tables."""

import time
from collections.abc import Sequence
from contextlib import closing
from statistics import median

from benchmarks import feed
from benchmarks.ground import fresh_database, settle, tell
from benchmarks.spool import Spool
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
Tables = dict[str, Rows]


class _Catcher(WriteConnection):
    """Stands in for a connection and keeps what would be copied: the very rows, made by the very code."""

    def __init__(self) -> None:
        self.tables: Tables = {}

    async def copy_in(self, table: str, columns: Sequence[str], types: Sequence[str], rows: object) -> None:
        del columns, types
        self.tables.setdefault(table, []).extend(rows)  # pyright: ignore[reportArgumentType] - an iterable of rows


async def run(rows: int) -> None:
    """Print both rates and their ratio, then the whole path by stage."""
    origin = Origin(feed.PROVIDER, "sync", feed.START)
    with closing(Spool[list[store.IncomingListing]]()) as incoming, closing(Spool[Tables]()) as caught:
        for said in feed.records(rows, PAGE):
            page = feed.normalised(said)
            catcher = _Catcher()
            await store.insert_listings(catcher, page, origin, feed.DISPLAY_RULES)
            incoming.add(page)
            caught.add(catcher.tables)
        await _compare(rows, incoming, caught, origin)
    async with fresh_database() as url, Database.open(url) as database:
        await _whole_path(database, rows)


async def _compare(
    rows: int, incoming: Spool[list[store.IncomingListing]], caught: Spool[Tables], origin: Origin
) -> None:
    ours: list[float] = []
    bare: list[float] = []
    async with fresh_database() as url, Database.open(url) as database:

        async def store_all() -> None:
            settle(url, *TABLES, empty=True)
            ours.append(rows / await incoming.time(lambda page: _store(database, page, origin)))

        async def copy_all() -> None:
            settle(url, *TABLES, empty=True)
            bare.append(rows / await caught.time(lambda page: _copy(database, page)))

        # Not counted: the first pass also pays for making the files of the log, which all later ones use again.
        await copy_all()
        bare.clear()
        for turn in range(ROUNDS):
            passes = (store_all, copy_all)
            for one in passes if turn % 2 else reversed(passes):
                await one()
    tell("bare COPY, rows/s", f"{median(bare):,.0f}")
    tell("hash first, then COPY, rows/s", f"{median(ours):,.0f}")
    tell("ratio", f"{median(ours) / median(bare):.2f}", f"bar {BAR}")


async def _store(database: Database, page: list[store.IncomingListing], origin: Origin) -> None:
    async with database.transaction() as connection:
        hashes = {one.listing.listing_key: one.content_hash for one in page}
        known = await store.find_differing(connection, feed.PROVIDER, hashes)
        fresh = [one for one in page if known[one.listing.listing_key].id is None]
        await store.insert_listings(connection, fresh, origin, feed.DISPLAY_RULES)


async def _copy(database: Database, tables: Tables) -> None:
    async with database.transaction() as connection:
        await connection.copy_in("properties", store.ROW_COLUMNS, store.ROW_TYPES, tables["properties"])
        told = tables["listing_changes"]
        await connection.copy_in("listing_changes", history.EVENT_COLUMNS, history.EVENT_TYPES, told)


async def _whole_path(database: Database, rows: int) -> None:
    """Raw record to committed row at pages of 1,000, no bar."""
    properties, lease = feed.property_store(), await feed.take_lease(database)
    made = took = prepared = 0.0
    began = time.perf_counter()
    for said in feed.records(rows, SMALL_PAGE):
        made += time.perf_counter() - began
        began = time.perf_counter()
        async with database.transaction() as connection:
            await store_page(connection, properties, feed.RULES, lease, said, [], feed.START)
        properties.settle(committed=True)
        took += time.perf_counter() - began
        began = time.perf_counter()
        feed.normalised(said)
        prepared += time.perf_counter() - began
        began = time.perf_counter()
    tell("raw record to committed row, pages of 1,000, rows/s", f"{rows / took:,.0f}")
    tell("  of which hash, normalise, raw JSON, us/row", f"{prepared / rows * 1e6:,.0f}")
    tell("  of which documents, COPY, timeline, words, us/row", f"{(took - prepared) / rows * 1e6:,.0f}")
    tell("  beside it: the market inventing the record, us/row", f"{made / rows * 1e6:,.0f}")
