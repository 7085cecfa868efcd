"""By HTTP: what a rule hides of a provider's listings is learnt from no public route, also after the rule changed."""

from collections.abc import AsyncGenerator

import pytest

from platbook.base.actor import COMMAND_LINE
from platbook.db import Database
from platbook.listings.rebuild import rebuild_documents
from platbook.providers.display_rules import RuleKey, RuleSettings, ShownHistory
from platbook.sync.setup.display_rules import replace_display_rules
from tests.api.listings_client import ListingsClient, open_listings_client
from tests.listings.listing_rig import NOW, make_listing, price

_HIDING = RuleSettings(
    hide_fields=("ListPrice", "City"), show_days_on_market=False, show_history=ShownHistory.WHILE_PUBLIC
)
_ASKED = (
    "?maxPrice=500000", "?minPrice=1", "?city=Waco", "?search=waco&sortBy=listPrice", "?minDaysOnMarket=0",
)  # fmt: skip


@pytest.fixture
async def client(database: Database) -> AsyncGenerator[ListingsClient]:
    async with open_listings_client(database) as opened:
        await opened.add_public_key()
        values = {"ListPrice": price(400_000), "City": "Waco", "OriginalEntryTimestamp": NOW}
        await opened.listing_rig.put(make_listing("hiding", **values), provider="board")
        await opened.listing_rig.put(make_listing("open", **values), provider="other")
        yield opened


async def _set_rule(client: ListingsClient, settings: RuleSettings) -> None:
    database = client.listing_rig.database
    async with database.transaction() as connection:
        await replace_display_rules(connection, "board", [(RuleKey("board"), settings)], COMMAND_LINE, NOW)
    await rebuild_documents(database, client.clock, "board")


@pytest.mark.parametrize("path", _ASKED)
async def test_a_changed_rule_decides_at_once_what_a_search_finds(client: ListingsClient, path: str) -> None:
    before = await client.get(path, "public")
    tag = before.headers["etag"]

    await _set_rule(client, _HIDING)
    hidden = await client.get(path, "public", if_none_match=tag)
    staff = await client.get(path, "admin")
    await _set_rule(client, RuleSettings())
    again = await client.get(path, "public", if_none_match=hidden.headers["etag"])

    assert sorted(map(str, before.keys)) == ["hiding", "open"]
    assert (hidden.status, hidden.keys) == (200, ["open"])
    assert sorted(map(str, staff.keys)) == ["hiding", "open"]
    assert (again.status, sorted(map(str, again.keys))) == (200, ["hiding", "open"])


async def test_nothing_of_a_listing_tells_what_its_rule_hides(client: ListingsClient) -> None:
    await _set_rule(client, _HIDING)
    path = f"/{client.listing_rig.ids['hiding']}"

    listed = {str(row["listingKey"]): row["daysOnMarket"] for row in (await client.get("", "public")).rows}
    answers = [
        await client.get(asked, "public")
        for asked in (path, f"{path}/timeline", "?providerId=board&facets=city,status", "/stats?providerId=board")
    ]

    assert listed == {"hiding": None, "open": 0}
    for answer in answers:
        assert answer.status == 200
        assert b"Waco" not in answer.content
        assert b"400000" not in answer.content
    assert answers[1].data["timeline"] == []
    assert (await client.get("/suggest?q=wac", "public")).data["suggestions"] == [
        {"kind": "city", "text": "Waco", "count": 1, "filter": {"city": "Waco"}}
    ]
