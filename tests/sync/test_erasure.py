"""Under `erase`, nothing is left of a removed listing but its tombstone: not of today's, nor of former versions."""

from dataclasses import replace
from uuid import UUID

from platbook.base.actor import Actor, Role
from platbook.base.errors import SourceBrokeProtocol
from platbook.base.ids import new_id
from platbook.connectors.contract import Cursor, Page, RawRecord, RecordProblem
from platbook.db import Query
from platbook.listings.listing import Origin
from platbook.listings.store import erase_listings
from platbook.providers.configuration import Configuration
from platbook.sync import setup
from platbook.sync.erasure import erase_removed
from platbook.sync.runs.run import SyncType
from tests.fakes.scripted_source import Source, all_keys, listing, one_page
from tests.sync.conftest import MakeSyncRig, SyncRig

ADA = Actor("ada@example.com", role=Role.ADMIN)
LONG = "Quixotic" * 6


def _gone(key: str) -> RawRecord:
    return replace(listing(key), visible=False)


async def _replace(rig: SyncRig, **said: object) -> None:
    given = {"providerId": "board", "providerName": "The Board", "providerType": "SCRIPTED", **said}
    configuration = Configuration.model_validate(given)
    async with rig.database.transaction() as connection:
        await setup.replace_provider(connection, rig.engine.box, configuration, ADA, rig.clock.now())


async def test_erase_leaves_only_a_tombstone_anywhere(sync_rig: MakeSyncRig) -> None:
    secret = listing("2", PublicRemarks="Xylophone turret", PrivateRemarks="Quixotic seller", City="Zzyzx")
    rig = await sync_rig(Source(one_page(listing("1"), secret), all_keys("1", "2")), retention="erase")
    await rig.sync()
    rig.source.pages = one_page(replace(secret, fields={**secret.fields, "ListPrice": "xylophone"}))
    await rig.sync(SyncType.INCREMENTAL)
    rig.source.pages = [SourceBrokeProtocol("the reply is garbage", sample=b"Xylophone turret of Zzyzx")]
    await rig.sync(SyncType.INCREMENTAL)
    problem = RecordProblem(None, "ListingKey", "the row has no key", "Quixotic Zzyzx")
    unread = Page([], problems=[problem], complete=True)
    rig.source.pages = [unread]
    await rig.sync(SyncType.INCREMENTAL)
    rig.source.pages = one_page(replace(secret, visible=False))
    await rig.sync(SyncType.INCREMENTAL)
    assert await rig.tables_with("xylophone|turret|quixotic|zzyzx") == []
    (row,) = await rig.rows("SELECT * FROM properties WHERE listing_key = '2'")
    assert row["erased_at"] is not None
    assert row["list_price"] is None


async def test_terms_of_former_versions_are_erased_too(sync_rig: MakeSyncRig) -> None:
    said = {"PublicRemarks": f"Xylophone turret {LONG}", "City": "Zzyzx", "SubdivisionName": "Turret Mews"}
    rig = await sync_rig(Source(one_page(listing("1"), listing("2", **said)), all_keys("1", "2")), retention="erase")
    await rig.sync()
    rig.source.pages = one_page(
        listing("2", "2026-01-02T00:00:00Z", UnparsedAddress="7 Vortigern Way", PostalCode="Q9Q")
    )
    await rig.sync(SyncType.INCREMENTAL)
    rig.source.pages = one_page(listing("2", "2026-01-03T00:00:00Z"))
    await rig.sync(SyncType.INCREMENTAL)
    assert "listing_terms" in await rig.tables_with("zzyzx")
    rig.source.pages = one_page(_gone("2"))
    await rig.sync(SyncType.INCREMENTAL)
    assert await rig.tables_with("xylophone|turret|quixotic|zzyzx|vortigern|q9q") == []
    assert {"kind": "city", "term": "Alder Falls"} in await rig.rows("SELECT kind, term FROM listing_terms")


async def test_rejections_of_gone_records_are_erased_by_a_complete_sweep(sync_rig: MakeSyncRig) -> None:
    refused = {"StandardStatus": "xylophone", "PublicRemarks": "Turret"}
    rig = await sync_rig(Source(one_page(listing("1"), *(listing(key, **refused) for key in "23"))), retention="erase")
    rig.source.key_pages = all_keys("1", "2", "3")
    await rig.sync()
    rig.source.key_pages = [SourceBrokeProtocol("cut")]
    await rig.sync(SyncType.SWEEP)
    assert len(await rig.rows("SELECT FROM mls_sync_errors WHERE raw IS NOT NULL")) == 2, "nothing was proved"
    rig.source.key_pages = all_keys("1", "3")
    await rig.sync(SyncType.SWEEP)
    assert await rig.rows(
        "SELECT listing_key, reason = 'erased' AS erased, raw IS NULL AS bare, retry FROM mls_sync_errors "
        "WHERE listing_key IS NOT NULL ORDER BY 1"
    ) == [
        {"listing_key": "2", "erased": True, "bare": True, "retry": "abandoned"},
        {"listing_key": "3", "erased": False, "bare": False, "retry": "pending"},
    ]


async def test_a_provider_changed_to_erase_loses_removed_listings(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1"), listing("2", PublicRemarks="Xylophone turret"), listing("3"))))
    rig.source.key_pages = all_keys("1", "2", "3")
    await rig.sync()
    rig.source.pages = one_page(listing("2", "2026-01-02T00:00:00Z", StandardStatus="xylophone", PublicRemarks="Zzyzx"))
    await rig.sync(SyncType.INCREMENTAL)
    rig.source.pages = [SourceBrokeProtocol("the reply is garbage", sample=b"Quixotic turret")]
    await rig.sync(SyncType.INCREMENTAL)
    rig.source.pages = [*one_page(_gone("2"))]
    await rig.sync(SyncType.INCREMENTAL)
    (kept,) = await rig.rows("SELECT id FROM properties WHERE removed_at IS NOT NULL")
    interest = await _note_interest(rig, UUID(str(kept["id"])))
    assert await erase_removed(rig.database, rig.clock) == 0, "it still keeps"
    await _replace(rig, retention="erase")
    assert await erase_removed(rig.database, rig.clock) == 1
    assert await erase_removed(rig.database, rig.clock) == 0
    assert await rig.tables_with("xylophone|turret|quixotic|zzyzx") == []
    assert await rig.keys() == ["1", "3"]
    assert await rig.timeline("2") == ["listed", "removed", "erased"]
    linked = "SELECT p.listing_key FROM interactions i JOIN properties p ON p.id = i.property_id WHERE i.id = %(id)s"
    assert await rig.rows(linked, id=interest) == [{"listing_key": "2"}], (
        "whoever was interested still leads to the tombstone"
    )


async def _note_interest(rig: SyncRig, property_id: UUID) -> UUID:
    lead_id, interaction_id = new_id(), new_id()
    await rig.run_sql(
        "INSERT INTO leads (id, created_at, updated_at, last_activity_at) VALUES (%(id)s, now(), now(), now())",
        id=lead_id,
    )
    await rig.run_sql(
        "INSERT INTO interactions (id, lead_id, type, interaction_date, actor, property_id, created_at) "
        "VALUES (%(id)s, %(lead_id)s, 'Showing', now(), 'ada', %(property_id)s, now())",
        id=interaction_id,
        lead_id=lead_id,
        property_id=property_id,
    )
    return interaction_id


async def _cities(rig: SyncRig) -> list[object]:
    return [row["term"] for row in await rig.rows("SELECT term FROM listing_terms WHERE kind = 'city' ORDER BY 1")]


async def test_a_term_an_erasure_deleted_is_stored_again_by_the_next_run(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(
        Source(one_page(listing("1", City="Zzyzx"), listing("2")), all_keys("1", "2")), retention="erase"
    )
    await rig.sync()
    async with rig.database.transaction() as connection:  # another process does it
        ids = await connection.tuples(Query("ids", "A test.", "SELECT id FROM properties WHERE listing_key = '1'"))
        await erase_listings(connection, [UUID(str(ids[0][0]))], Origin("board", "another", rig.clock.now()))
    assert await _cities(rig) == ["Alder Falls"]
    rig.source.pages = one_page(listing("3", City="Zzyzx"))
    await rig.sync(SyncType.INCREMENTAL)
    assert await _cities(rig) == ["Alder Falls", "Zzyzx"]


async def test_a_term_an_erasure_deleted_is_stored_again_by_the_same_run(sync_rig: MakeSyncRig) -> None:
    steps = [[listing("1", City="Zzyzx")], [_gone("1")], [listing("2", City="Zzyzx")]]
    pages = [Page(step, checkpoint=Cursor(str(number)), complete=number == 3) for number, step in enumerate(steps, 1)]
    rig = await sync_rig(Source(pages, all_keys("2")), retention="erase")
    await rig.sync()
    assert await _cities(rig) == ["Zzyzx"]
