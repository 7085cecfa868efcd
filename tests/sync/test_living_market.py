"""The engine over the simulated living market: what it holds in the end is what the market holds."""

import os
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import pytest

from platbook.base.actor import COMMAND_LINE
from platbook.base.clock import SetClock
from platbook.db import Database, Query, SecretBox
from platbook.market import Market
from platbook.market.people import AGENTS_PER_OFFICE, Directory
from platbook.providers.configuration import Configuration, parse_configuration
from platbook.providers.providers import add_provider
from platbook.sync.engine import SyncEngine
from platbook.sync.resources.registry import RESOURCES
from platbook.sync.runs.lifecycle import request_run
from platbook.sync.runs.run import RunRequest, SyncType
from platbook.transport import Transport
from tests.fakes.member_store import CREATE_TABLE, MEMBERS

START = datetime(2026, 1, 1, tzinfo=UTC)
SIZE = 300


class MarketRig:
    """A MOCK provider whose market is at the time of the clock."""

    def __init__(self, database: Database, engine: SyncEngine, clock: SetClock) -> None:
        self.database, self.engine, self.clock = database, engine, clock

    async def sync(self, sync_type: SyncType) -> dict[str, object]:
        async with self.database.transaction() as connection:
            sync_id = await request_run(connection, RunRequest("mock", sync_type), COMMAND_LINE, self.clock.now())
        await self.engine.run_next("mock")
        return (await self.rows("SELECT * FROM mls_sync_history WHERE sync_id = %(id)s", id=sync_id))[0]

    async def rows(self, sql: str, **params: object) -> list[dict[str, object]]:
        async with self.database.read() as connection:
            return await connection.dicts(Query("look", "A test's query.", sql), params)

    async def stored(self) -> dict[object, object]:
        rows = await self.rows("SELECT listing_key, raw FROM properties WHERE visible")
        return {row["listing_key"]: row["raw"] for row in rows}


@pytest.fixture
async def market_rig(database: Database) -> AsyncGenerator[MarketRig]:
    clock = SetClock(START + timedelta(hours=1))
    box = SecretBox(os.urandom(32))
    configuration: Configuration = parse_configuration(
        {
            "providerId": "mock",
            "providerName": "Mock",
            "providerType": "MOCK",
            "settings": {"seed": 7, "listings": SIZE, "started": START.isoformat(), "page_size": 64, "order": "key"},
            "display": {"listingDisplayWhenNull": True},
            "maxRemovalShare": 1,
        }
    )
    async with database.transaction() as connection:
        await add_provider(connection, box, configuration, clock.now())
    async with Transport.open(database, clock) as transport:
        yield MarketRig(database, SyncEngine(database, transport, box, clock), clock)


@pytest.mark.parametrize("hours", [6, 24 * 9])
async def test_an_incremental_run_applies_exactly_what_changed_and_tells_it(market_rig: MarketRig, hours: int) -> None:
    market = Market(7, SIZE, START)
    await market_rig.sync(SyncType.FULL)
    before = market_rig.clock.now()
    first = {one.key: one.record for one in market.listings(before)}
    assert await market_rig.stored() == first

    market_rig.clock.advance(timedelta(hours=hours))
    now = market_rig.clock.now()
    second = {one.key: one.record for one in market.listings(now)}
    run = await market_rig.sync(SyncType.INCREMENTAL)
    if hours < 12:  # not yet time for a sweep
        await market_rig.sync(SyncType.SWEEP)
    assert await market_rig.stored() == second

    fresh = second.keys() - first.keys()
    changed = {key for key in second.keys() & first.keys() if second[key] != first[key]}
    assert (run["added"], run["updated"]) == (len(fresh), len(changed))
    removed = await market_rig.rows("SELECT listing_key FROM properties WHERE removed_at IS NOT NULL")
    assert {row["listing_key"] for row in removed} == first.keys() - second.keys()
    prices = {key for key in changed if second[key]["ListPrice"] != first[key]["ListPrice"]}
    told = await market_rig.rows(
        "SELECT listing_key FROM listing_changes c JOIN properties p ON p.id = c.property_id "
        "WHERE kind = 'price_changed'"
    )
    assert {row["listing_key"] for row in told} == prices


async def test_photos_that_change_alone_are_seen_by_an_incremental_run(market_rig: MarketRig) -> None:
    async with market_rig.database.transaction() as connection:
        sql = """UPDATE mls_provider_configurations SET settings = settings || '{"photos_alone": true}'"""
        await connection.run(Query("set", "A test's setting.", sql))
    await market_rig.sync(SyncType.FULL)
    began = market_rig.clock.now()
    market_rig.clock.advance(timedelta(days=9))
    listings = list(Market(7, SIZE, START).listings(market_rig.clock.now()))
    alone = [one for one in listings if one.record_modified < began < one.modified]
    assert alone, "some listings' photos changed alone"
    await market_rig.sync(SyncType.INCREMENTAL)
    stored = await market_rig.stored()
    for one in alone:
        modified = f"{one.record_modified:%Y-%m-%dT%H:%M:%SZ}"
        assert stored[one.key] == {**one.record, "ModificationTimestamp": modified}


async def test_nothing_is_written_when_nothing_changed(market_rig: MarketRig) -> None:
    await market_rig.sync(SyncType.FULL)
    before = await market_rig.rows("SELECT id, xmin::text FROM properties ORDER BY id")
    run = await market_rig.sync(SyncType.FULL)
    assert (run["fetched"], run["unchanged"]) == (SIZE, SIZE)
    assert await market_rig.rows("SELECT id, xmin::text FROM properties ORDER BY id") == before


async def test_public_documents_hold_no_confidential_word(market_rig: MarketRig) -> None:
    await market_rig.sync(SyncType.FULL)
    rows = await market_rig.rows(
        "SELECT public_document, private_remarks, showing_instructions, street_name, unparsed_address, raw, "
        "internet_address_display_yn AS shown, standard_status FROM properties"
    )
    assert any(row["public_document"] for row in rows)
    for row in rows:
        document = str(row["public_document"] or "")
        for word in (row["private_remarks"], row["showing_instructions"]):
            assert not word or str(word) not in document
        if row["shown"] is not True:
            assert str(row["unparsed_address"]) not in document
        if row["standard_status"] in {"Expired", "Withdrawn"}:
            assert row["public_document"] is None


async def test_every_member_of_the_market_is_stored_by_a_store_of_its_own(market_rig: MarketRig) -> None:
    async with market_rig.database.transaction() as connection:
        await connection.run(Query("create", "A table of its own.", CREATE_TABLE))
    market_rig.engine.resources = {**RESOURCES, **MEMBERS}
    assert (await market_rig.sync(SyncType.FULL))["status"] == "success"
    directory = Directory(7, SIZE)
    agents = [directory.agent(number) for number in range(directory.offices * AGENTS_PER_OFFICE)]
    rows = await market_rig.rows("SELECT member_key, full_name, email, status FROM members")
    assert {tuple(row.values()) for row in rows} == {
        (agent.key, agent.full_name, agent.email, "Active") for agent in agents
    }
    assert len(await market_rig.stored()) > 0, "beside the listings"
    again = await market_rig.sync(SyncType.INCREMENTAL)
    assert (again["status"], again["added"], again["updated"], again["deleted"]) == ("success", 0, 0, 0)
