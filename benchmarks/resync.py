"""A full re-sync against the first load, through the same path: raw record, hash, what differs, commit."""

from contextlib import closing
from dataclasses import replace

from benchmarks import feed
from benchmarks.ground import fresh_database, settle, tell
from benchmarks.spool import Spool
from platbook.connectors.contract import RawRecord
from platbook.db import Database
from platbook.sync.page import store_page
from platbook.sync.resources.property import PropertyStore
from platbook.sync.runs.run import RunLease

PAGE = 20_000
UNCHANGED_BAR = 5
CHANGED_BAR = 4
ONE_IN = 100


async def run(rows: int) -> None:
    """Print the rates and their ratios to the first load."""
    with closing(Spool[list[RawRecord]]()) as same, closing(Spool[list[RawRecord]]()) as changed:
        for said in feed.records(rows, PAGE):
            same.add(said)
            changed.add([_touch(record) if index % ONE_IN == 0 else record for index, record in enumerate(said)])
        async with fresh_database() as url, Database.open(url) as database:
            properties, lease = feed.property_store(), await feed.take_lease(database)
            took: list[float] = []
            for pages in (same, same, changed):
                took.append(await pages.time(lambda page: _sync(database, properties, lease, page)))
                settle(url, "properties", "listing_changes")
    first, unchanged, touched = (rows / seconds for seconds in took)
    tell("first load, rows/s", f"{first:,.0f}")
    tell("nothing changed, rows/s", f"{unchanged:,.0f}")
    tell("1 % changed, rows/s", f"{touched:,.0f}")
    tell("nothing changed, ratio", f"{unchanged / first:.1f}", f"bar {UNCHANGED_BAR}")
    tell("1 % changed, ratio", f"{touched / first:.1f}", f"bar {CHANGED_BAR}")


async def _sync(database: Database, properties: PropertyStore, lease: RunLease, page: list[RawRecord]) -> None:
    async with database.transaction() as connection:
        await store_page(connection, properties, feed.RULES, lease, page, [], feed.START)
    properties.settle(committed=True)


def _touch(record: RawRecord) -> RawRecord:
    moment = "2026-06-01T00:00:00Z"
    fields = {**record.fields, "ListPrice": 123_456, "ModificationTimestamp": moment}
    return replace(record, fields=fields, modified=moment)
