"""The job that rebuilds documents: a provider whose rules are being changed holds up no other."""

from platbook.base.clock import SetClock
from platbook.db import Database, Query, SessionLimits
from platbook.listings.rebuild.jobs import to_rebuild_job
from platbook.providers.rule_versions import lock_rules_to_change
from tests.listings.listing_rig import NOW, ListingRig, make_listing

_OUTDATE = Query("outdate", "All documents are to be rebuilt.", "UPDATE properties SET document_version = 'outdated'")
_OUTDATED = Query(
    "outdated", "What is to be rebuilt.", "SELECT provider_id FROM properties WHERE document_version = 'outdated'"
)


async def test_a_provider_whose_rules_are_being_changed_holds_up_no_other(
    listing_rig: ListingRig, database_url: str
) -> None:
    for provider in ("first", "second"):
        await listing_rig.put(make_listing(provider), provider=provider)
    async with listing_rig.database.transaction() as connection:
        await connection.run(_OUTDATE)

    async with Database.open(database_url, limits=SessionLimits(lock=0.2)) as impatient:
        job = to_rebuild_job(impatient, SetClock(NOW))
        async with listing_rig.database.transaction() as connection:
            await lock_rules_to_change(connection, "first")
            await job.handler({})
        async with impatient.read() as connection:
            left = await connection.column(str, _OUTDATED)
        await job.handler({})
        async with impatient.read() as connection:
            assert (left, await connection.column(str, _OUTDATED)) == (["first"], [])
