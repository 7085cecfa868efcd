"""Indexes hold what a function made: a migration that changes the folding of texts makes them anew."""

import re

from platbook.db import Query, WriteConnection
from platbook.db.migrations import find_migrations
from tests.listings.listing_rig import ListingRig, make_listing

_BY_CITY = Query(
    "by_city",
    "Listings by their folded city, out of its index.",
    "SELECT listing_key FROM properties WHERE visible AND fold_text(city) = 'aero'",
)


async def run(connection: WriteConnection, sql: str) -> None:
    await connection.run(Query("part_of_upgrade", "A part of an upgrade.", sql))


async def test_a_city_that_folds_otherwise_is_found_after_the_upgrade(listing_rig: ListingRig) -> None:
    migrations = {migration.version[:4]: migration.sql for migration in find_migrations()}
    definition = re.search(r"CREATE FUNCTION fold_text.*?END;", migrations["0037"], re.DOTALL)
    assert definition is not None
    async with listing_rig.database.transaction() as connection:
        await run(connection, definition[0].replace("CREATE", "CREATE OR REPLACE", 1))
    await listing_rig.put(make_listing("1", City="Ǽrø"))

    async with listing_rig.database.transaction() as connection:
        await run(connection, migrations["0043"])
        await run(connection, "SET LOCAL enable_seqscan = off")
        found = await connection.column(str, _BY_CITY)

    assert found == ["1"]
