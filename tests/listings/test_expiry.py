"""What the clock alone hides: a sold listing whose time is over is in no public answer, and is withdrawn then."""

from collections.abc import AsyncGenerator
from datetime import UTC, date, datetime, timedelta

import pytest

from platbook.base.clock import SetClock
from platbook.db import Database, Query
from platbook.listings.rebuild.expiry import withdraw_expired
from platbook.providers.display_rules import RuleSettings
from tests.api.listings_client import ListingsClient, open_listings_client
from tests.listings.listing_rig import make_listing

_SOLD = date(2026, 10, 1)
_END = datetime(2026, 10, 31, tzinfo=UTC)
_RULE = RuleSettings.model_validate({"soldWithin": "P30D"})
_STORED = Query(
    "stored", "What is stored.", "SELECT listing_key, public_document IS NULL FROM properties ORDER BY listing_key"
)


@pytest.fixture
async def client(database: Database) -> AsyncGenerator[ListingsClient]:
    before = _END - timedelta(seconds=1)
    async with open_listings_client(database, before) as opened:
        await opened.add_public_key()
        sold = make_listing("sold", StandardStatus="Closed", CloseDate=_SOLD)
        await opened.listing_rig.put(sold, make_listing("active"), stored_at=before, rule=_RULE)
        yield opened


async def test_a_sold_listing_is_in_every_public_answer_until_its_time_is_over_and_in_none_then(
    client: ListingsClient,
) -> None:
    paths = ["", "?city=Austin", "?search=austin", "/search?status=Closed,Active"]
    one = f"/{client.listing_rig.ids['sold']}"
    tags: dict[str, str] = {}
    for path in paths:
        answer = await client.get(path, "public")
        assert set(answer.keys) == {"sold", "active"}, path
        tags[path] = answer.headers["etag"]
        assert (await client.get(path, "public", if_none_match=tags[path])).status == 304
    assert (await client.get(one, "public")).status == 200

    client.clock.advance(timedelta(seconds=1))

    for path in paths:
        answer = await client.get(path, "public", if_none_match=tags[path])
        assert (answer.status, answer.keys) == (200, ["active"]), path
        assert set((await client.get(path)).keys) == {"sold", "active"}, path
    for path in (one, f"{one}/media", f"{one}/timeline"):
        assert (await client.get(path, "public")).status == 404
        assert (await client.get(path)).status == 200


async def test_what_the_clock_hid_is_withdrawn_once(client: ListingsClient) -> None:
    database = client.listing_rig.database
    assert await withdraw_expired(database, client.clock) == 0
    assert await withdraw_expired(database, SetClock(_END)) == 1
    assert await withdraw_expired(database, SetClock(_END)) == 0
    async with database.read() as connection:
        assert await connection.tuples(_STORED) == [("active", False), ("sold", True)]
