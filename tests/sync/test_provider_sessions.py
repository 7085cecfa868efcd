"""What a connection test shows of a record is what a sync stores of it, however the source writes its times."""

import re
from datetime import datetime, timedelta
from typing import cast

import pytest

from platbook.base.actor import COMMAND_LINE
from platbook.db import Database
from platbook.simulate.rets.quirks import QUIRKS, Quirk
from platbook.sync.runs.lifecycle import request_run
from platbook.sync.runs.run import RunRequest, SyncType
from platbook.sync.setup.connection_test import ConnectionTester
from tests.fakes.rets_market import RetsMarket, rets_market
from tests.sync.rets_engine import add_rets_provider, rets_engine, stored

TIME_QUIRKS = sorted(quirk for quirk in QUIRKS if re.search("time|date|zone", quirk))


async def _test_and_sync(
    database: Database, market: RetsMarket, time_zone: str, provider_id: str = "board"
) -> tuple[object, object]:
    """A record's modification time as the connection test shows it, and as a sync stores it."""
    async with rets_engine(database) as engine:
        await add_rets_provider(engine, provider_id, market.url, timeZone=time_zone)
        sample = (
            await ConnectionTester(database, engine.transport, engine.box, engine.clock).probe(provider_id)
        ).sample
        assert sample is not None
        assert sample.rejected is None
        async with database.transaction() as connection:
            await request_run(connection, RunRequest(provider_id, SyncType.FULL), COMMAND_LINE, engine.clock.now())
        await engine.run_next(provider_id)
        row = (await stored(database, provider_id))[sample.listing_key]
    return sample.values["ModificationTimestamp"], cast("dict[str, object]", row)["modification_timestamp"]


@pytest.mark.parametrize("time_zone", ["UTC", "America/Denver"])
@pytest.mark.parametrize("quirks", [(), *((quirk,) for quirk in TIME_QUIRKS), tuple(TIME_QUIRKS)])
async def test_a_connection_test_and_a_sync_give_the_same_timestamp(
    database: Database, quirks: tuple[Quirk, ...], time_zone: str
) -> None:
    async with rets_market(*quirks, listings=12) as market:
        shown, stored_time = await _test_and_sync(database, market, time_zone)
    assert shown == stored_time


async def test_a_time_without_an_offset_is_read_in_the_providers_zone(database: Database) -> None:
    async with rets_market(Quirk.ZONELESS_TIMESTAMPS, listings=12) as market:
        utc, _ = await _test_and_sync(database, market, "UTC")
        local, stored_time = await _test_and_sync(database, market, "Etc/GMT+7", "denver")
    assert local == stored_time
    assert isinstance(local, datetime)
    assert isinstance(utc, datetime)
    assert local - utc == timedelta(hours=7)
