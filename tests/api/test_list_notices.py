"""What MLSs want displayed with every list is in `meta`, ready to be shown, and an ETag includes it."""

from collections.abc import AsyncGenerator
from typing import cast

import pytest

from platbook.base.actor import COMMAND_LINE
from platbook.db import Database, SecretBox
from platbook.providers.display_rules import RuleKey, RuleSettings
from platbook.sync.setup import add_provider, read_configuration
from platbook.sync.setup.display_rules import replace_display_rules
from tests.api.listings_client import ListingsClient, ReadResponse, open_listings_client
from tests.listings.listing_rig import NOW, make_listing

_DISPLAYS: dict[str, dict[str, object]] = {
    "board": {"mls": "The Board", "excludedNotice": "Some are left out."},
    "other": {},
}


@pytest.fixture
async def client(database: Database) -> AsyncGenerator[ListingsClient]:
    async with open_listings_client(database) as opened:
        await opened.add_public_key()
        async with database.transaction() as connection:
            for provider, display in _DISPLAYS.items():
                given = {"providerId": provider, "providerName": provider, "providerType": "MOCK", "display": display}
                await add_provider(connection, SecretBox(b"k" * 32), read_configuration(given), COMMAND_LINE, NOW)
        await opened.listing_rig.put(make_listing("1"), featured=True)
        yield opened


def _notices(answer: ReadResponse) -> list[dict[str, object]]:
    meta = cast("dict[str, list[dict[str, object]]]", answer.data["meta"])
    return [{name: value for name, value in one.items() if value is not None} for one in meta["notices"]]


async def test_lists_carry_the_notices_of_the_providers_they_ask_for(client: ListingsClient) -> None:
    notice = {"providerId": "board", "mls": "The Board", "excludedNotice": "Some are left out."}
    for path, expected in (
        ("", [notice]),
        ("/search?limit=1", [notice]),
        ("/featured", [notice]),
        ("?providerId=board", [notice]),
        ("?providerId=other", []),
    ):
        for headers in ({}, {"accept_encoding": "gzip"}):
            answer = await client.get(path, "public", **headers)
            assert _notices(answer) == expected, path


async def test_another_notice_is_another_version_of_the_list(client: ListingsClient) -> None:
    tag = (await client.get("", "public")).headers["etag"]
    async with client.listing_rig.database.transaction() as connection:
        rules = [(RuleKey("board"), RuleSettings(mls="The New Board"))]
        await replace_display_rules(connection, "board", rules, COMMAND_LINE, NOW)

    answer = await client.get("", "public", if_none_match=tag)

    assert answer.status == 200
    assert _notices(answer) == [{"providerId": "board", "mls": "The New Board"}]
