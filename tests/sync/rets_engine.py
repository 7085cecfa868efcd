"""RETS providers over an engine with real transport and database."""

import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from platbook.base.clock import SetClock
from platbook.db import Database, Query, SecretBox
from platbook.providers.configuration import parse_configuration
from platbook.providers.providers import add_provider
from platbook.sync.engine import SyncEngine
from platbook.transport import TimeSource, Transport
from tests.fakes.rets_market import CLASSES


async def _no_pause(seconds: float) -> None:
    del seconds


@asynccontextmanager
async def rets_engine(database: Database) -> AsyncGenerator[SyncEngine]:
    """An engine that does not wait before it tries again."""
    clock = SetClock(datetime(2026, 3, 2, tzinfo=UTC))
    async with Transport.open(database, clock, time_source=TimeSource(sleep=_no_pause)) as transport:
        yield SyncEngine(database, transport, SecretBox(os.urandom(32)), clock)


async def add_rets_provider(
    engine: SyncEngine, provider_id: str, login_url: str, *, classes: Sequence[str] | None = CLASSES, **settings: object
) -> None:
    """Add a provider with the simulator's login; without classes where these are to be found out."""
    said = {
        "providerId": provider_id,
        "providerName": provider_id,
        "providerType": "RETS",
        "loginUrl": login_url,
        "credentials": {"username": "demo", "password": "demo"},
        "settings": {**settings, **({"classes": list(classes)} if classes else {})},
    }
    async with engine.database.transaction() as connection:
        await add_provider(connection, engine.box, parse_configuration(said), engine.clock.now())


async def stored(database: Database, provider_id: str) -> dict[object, object]:
    """What is stored of a provider's listings, less what names the row and the provider."""
    sql = (
        "SELECT listing_key, listing_id, standard_status, mls_status, property_type, list_price, unparsed_address, "
        "city, bedrooms_total, living_area, year_built, modification_timestamp, photos_count, public_remarks, latitude "
        "FROM properties WHERE provider_id = %(id)s"
    )
    async with database.read() as connection:
        rows = await connection.dicts(Query("stored", "A test's query.", sql), {"id": provider_id})
    return {row["listing_key"]: row for row in rows}
