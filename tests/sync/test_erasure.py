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
from platbook.sync.erasure import erase_kept
from platbook.sync.runs.lifecycle import SyncType
from tests.fakes.scripted_source import Source, all_keys, listing, one_page
from tests.sync.conftest import Desk, MakeDesk

ADA = Actor("ada@example.com", role=Role.ADMIN)
LONG = "Quixotic" * 6


def _gone(key: str) -> RawRecord:
    return replace(listing(key), visible=False)


async def _replace(at: Desk, **said: object) -> None:
    given = {"providerId": "board", "providerName": "The Board", "providerType": "SCRIPTED", **said}
    configuration = Configuration.model_validate(given)
    async with at.database.transaction() as connection:
        await setup.replace_provider(connection, at.engine.box, configuration, ADA, at.clock.now())


async def test_erase_leaves_only_a_tombstone_anywhere(desk: MakeDesk) -> None:
    secret = listing("2", PublicRemarks="Xylophone turret", PrivateRemarks="Quixotic seller", City="Zzyzx")
    at = await desk(Source(one_page(listing("1"), secret), all_keys("1", "2")), retention="erase")
    await at.sync()
    at.source.pages = one_page(replace(secret, fields={**secret.fields, "ListPrice": "xylophone"}))
    await at.sync(SyncType.INCREMENTAL)
    at.source.pages = [SourceBrokeProtocol("the reply is garbage", sample=b"Xylophone turret of Zzyzx")]
    await at.sync(SyncType.INCREMENTAL)
    unread = Page(
        [], problems=[RecordProblem(None, "ListingKey", "the row has no key", "Quixotic Zzyzx")], complete=True
    )
    at.source.pages = [unread]
    await at.sync(SyncType.INCREMENTAL)
    at.source.pages = one_page(replace(secret, visible=False))
    await at.sync(SyncType.INCREMENTAL)
    assert await at.tables_with("xylophone|turret|quixotic|zzyzx") == []
    (row,) = await at.rows("SELECT * FROM properties WHERE listing_key = '2'")
    assert row["erased_at"] is not None
    assert row["list_price"] is None


async def test_words_of_former_versions_are_erased_too(desk: MakeDesk) -> None:
    said = {"PublicRemarks": f"Xylophone turret {LONG}", "City": "Zzyzx", "SubdivisionName": "Turret Mews"}
    at = await desk(Source(one_page(listing("1"), listing("2", **said)), all_keys("1", "2")), retention="erase")
    await at.sync()
    at.source.pages = one_page(
        listing("2", "2026-01-02T00:00:00Z", UnparsedAddress="7 Vortigern Way", PostalCode="Q9Q")
    )
    await at.sync(SyncType.INCREMENTAL)
    at.source.pages = one_page(listing("2", "2026-01-03T00:00:00Z"))
    await at.sync(SyncType.INCREMENTAL)
    assert "listing_terms" in await at.tables_with("zzyzx")
    at.source.pages = one_page(_gone("2"))
    await at.sync(SyncType.INCREMENTAL)
    assert await at.tables_with("xylophone|turret|quixotic|zzyzx|vortigern|q9q") == []
    assert {"kind": "city", "term": "Alder Falls"} in await at.rows("SELECT kind, term FROM listing_terms")


async def test_what_was_rejected_and_has_gone_is_erased_by_a_whole_sweep(desk: MakeDesk) -> None:
    refused = {"ListPrice": "xylophone", "PublicRemarks": "Turret"}
    at = await desk(Source(one_page(listing("1"), *(listing(key, **refused) for key in "23"))), retention="erase")
    at.source.key_pages = all_keys("1", "2", "3")
    await at.sync()
    at.source.key_pages = [SourceBrokeProtocol("cut")]
    await at.sync(SyncType.SWEEP)
    assert len(await at.rows("SELECT FROM mls_sync_errors WHERE raw IS NOT NULL")) == 2, "nothing was proved"
    at.source.key_pages = all_keys("1", "3")
    await at.sync(SyncType.SWEEP)
    assert await at.rows(
        "SELECT listing_key, reason = 'erased' AS erased, raw IS NULL AS bare, retry FROM mls_sync_errors "
        "WHERE listing_key IS NOT NULL ORDER BY 1"
    ) == [
        {"listing_key": "2", "erased": True, "bare": True, "retry": "abandoned"},
        {"listing_key": "3", "erased": False, "bare": False, "retry": "pending"},
    ]


async def test_a_provider_that_shall_keep_nothing_any_more_loses_what_it_kept(desk: MakeDesk) -> None:
    at = await desk(Source(one_page(listing("1"), listing("2", PublicRemarks="Xylophone turret"), listing("3"))))
    at.source.key_pages = all_keys("1", "2", "3")
    await at.sync()
    at.source.pages = one_page(listing("2", "2026-01-02T00:00:00Z", ListPrice="xylophone", PublicRemarks="Zzyzx"))
    await at.sync(SyncType.INCREMENTAL)
    at.source.pages = [SourceBrokeProtocol("the reply is garbage", sample=b"Quixotic turret")]
    await at.sync(SyncType.INCREMENTAL)
    at.source.pages = [*one_page(_gone("2"))]
    await at.sync(SyncType.INCREMENTAL)
    (kept,) = await at.rows("SELECT id FROM properties WHERE removed_at IS NOT NULL")
    interest = await _note_interest(at, UUID(str(kept["id"])))
    assert await erase_kept(at.database, at.clock) == 0, "it still keeps"
    await _replace(at, retention="erase")
    assert await erase_kept(at.database, at.clock) == 1
    assert await erase_kept(at.database, at.clock) == 0
    assert await at.tables_with("xylophone|turret|quixotic|zzyzx") == []
    assert await at.keys() == ["1", "3"]
    assert await at.timeline("2") == ["listed", "removed", "erased"]
    linked = "SELECT p.listing_key FROM interactions i JOIN properties p ON p.id = i.property_id WHERE i.id = %(id)s"
    assert await at.rows(linked, id=interest) == [{"listing_key": "2"}], (
        "whoever was interested still leads to the tombstone"
    )


async def _note_interest(at: Desk, property_id: UUID) -> UUID:
    lead_id, interaction_id = new_id(), new_id()
    await at.run_sql(
        "INSERT INTO leads (id, created_at, updated_at, last_activity_at) VALUES (%(id)s, now(), now(), now())",
        id=lead_id,
    )
    await at.run_sql(
        "INSERT INTO interactions (id, lead_id, type, interaction_date, actor, property_id, created_at) "
        "VALUES (%(id)s, %(lead_id)s, 'Showing', now(), 'ada', %(property_id)s, now())",
        id=interaction_id,
        lead_id=lead_id,
        property_id=property_id,
    )
    return interaction_id


async def _cities(at: Desk) -> list[object]:
    return [row["term"] for row in await at.rows("SELECT term FROM listing_terms WHERE kind = 'city' ORDER BY 1")]


async def test_a_term_an_erasure_deleted_is_stored_again_by_the_next_run(desk: MakeDesk) -> None:
    at = await desk(Source(one_page(listing("1", City="Zzyzx"), listing("2")), all_keys("1", "2")), retention="erase")
    await at.sync()
    async with at.database.transaction() as connection:  # another process does it
        ids = await connection.tuples(Query("ids", "A test.", "SELECT id FROM properties WHERE listing_key = '1'"))
        await erase_listings(connection, [UUID(str(ids[0][0]))], Origin("board", "another", at.clock.now()))
    assert await _cities(at) == ["Alder Falls"]
    at.source.pages = one_page(listing("3", City="Zzyzx"))
    await at.sync(SyncType.INCREMENTAL)
    assert await _cities(at) == ["Alder Falls", "Zzyzx"]


async def test_a_term_an_erasure_deleted_is_stored_again_by_the_same_run(desk: MakeDesk) -> None:
    steps = [[listing("1", City="Zzyzx")], [_gone("1")], [listing("2", City="Zzyzx")]]
    pages = [Page(step, checkpoint=Cursor(str(number)), complete=number == 3) for number, step in enumerate(steps, 1)]
    at = await desk(Source(pages, all_keys("2")), retention="erase")
    await at.sync()
    assert await _cities(at) == ["Zzyzx"]
