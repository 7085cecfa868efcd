"""Nothing of a provider is public while its copy is older than its display rules allow; nothing stored changes."""

from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest

from platbook.base.durations import parse_duration
from platbook.db import Database, Query
from platbook.providers.display_rules import RuleSettings
from tests.api.listings_client import ListingsClient, open_listings_client
from tests.listings.listing_rig import NOW, make_listing

_READ = Query(
    "read",
    "The source was read at a moment.",
    "INSERT INTO mls_copy_ages (provider_id, resource, removals_by, changes_as_of, removals_as_of) "
    "VALUES ('board', 'Property', 'sweep', %(at)s, %(at)s) ON CONFLICT (provider_id, resource) DO UPDATE "
    "SET changes_as_of = excluded.changes_as_of, removals_as_of = excluded.removals_as_of",
)
_VERSIONS = Query("versions", "Every row's version.", "SELECT xmin::text FROM properties ORDER BY id")


@pytest.fixture
async def client(database: Database) -> AsyncGenerator[ListingsClient]:
    async with open_listings_client(database) as opened:
        await opened.add_public_key()
        listing = make_listing("1", ListingId="X100", UnparsedAddress="1 Oak St")
        await opened.listing_rig.put(listing, rule=RuleSettings(hide_when_stale=parse_duration("PT12H")))
        await opened.listing_rig.put(make_listing("2", City="Reno"), provider="other")
        async with database.transaction() as connection:
            await connection.run(_READ, {"at": NOW})
        yield opened


async def test_a_stale_provider_is_in_no_public_answer_and_back_once_it_was_read(client: ListingsClient) -> None:
    database = client.listing_rig.database
    lists = {"": ["1", "2"], "?city=Austin": ["1"], "?search=austin": ["1"], "/search?status=Active": ["1", "2"]}
    one = f"/{client.listing_rig.ids['1']}"
    async with database.read() as connection:
        before = await connection.tuples(_VERSIONS)

    for hours, is_public in ((12, True), (13, False), (1, True)):
        if hours == 1:
            async with database.transaction() as connection:
                await connection.run(_READ, {"at": client.clock.now()})
            client.clock.advance(timedelta(hours=1))
        else:
            client.clock.at = NOW + timedelta(hours=hours)
        for path, keys in lists.items():
            answer = await client.get(path, "public")
            assert sorted(map(str, answer.keys)) == [key for key in keys if is_public or key != "1"], (hours, path)
            assert (await client.get(path, "public", if_none_match=answer.headers["etag"])).status == 304
        for path in (one, f"{one}/media", f"{one}/timeline", "/by-key?providerId=board&listingKey=1"):
            status = (await client.get(path, "public")).status
            assert status == (200 if is_public else 404), (hours, path)
        suggested = (await client.get("/suggest?q=X100", "public")).data["suggestions"]
        assert bool(suggested) is is_public
        assert (await client.get("/stats?city=Austin", "public")).data["total"] == int(is_public)

    async with database.read() as connection:
        assert await connection.tuples(_VERSIONS) == before


async def test_a_known_version_of_a_list_does_not_outlast_the_allowed_age(client: ListingsClient) -> None:
    tag = (await client.get("", "public")).headers["etag"]
    client.clock.advance(timedelta(hours=12, seconds=1))

    answer = await client.get("", "public", if_none_match=tag)

    assert (answer.status, answer.keys) == (200, ["2"])
