"""Lists that are joined from compressed documents are, decompressed, what they are without."""

import gzip
from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest

from platbook.db import Database, Query
from tests.api.listings_client import ListingsClient, ReadResponse, open_listings_client
from tests.listings.listing_rig import day, make_listing, price

PUBLIC_PHOTO = '[{"url":"/media/public/aa/b.webp"}]'
LISTS = ("", "?sortBy=listPrice&limit=1", "?near=31.5,-97.1&radiusMiles=5", "?facets=city,status", "/featured")
PRIVATE_PHOTO = '[{"url":"/media/private/aa/b.webp"}]'


@pytest.fixture
async def client(database: Database) -> AsyncGenerator[ListingsClient]:
    async with open_listings_client(
        database, platbook_access_token_minutes=1440, platbook_url="https://homes.example.com"
    ) as opened:
        await opened.listing_rig.put(
            make_listing("1", City="Waco", ListPrice=price(1), OnMarketDate=day("2026-10-22")),
            make_listing("2", City="Waco", ListPrice=price(2), Latitude=31.5, Longitude=-97.1),
            make_listing("3", City="Cañon", ListPrice=price(3), PublicRemarks='Zoë\'s "home"\n' * 30),
        )
        yield opened


SET_MEDIA = Query(
    "set_media",
    "Let a listing have photos, by its documents alone.",
    """UPDATE properties SET
        internal_document = regexp_replace(internal_document, '"media":\\[.*\\],"fields"', %(media)s),
        public_document = regexp_replace(public_document, '"media":\\[.*\\],"fields"', %(media)s)
    WHERE listing_key = %(key)s""",
)


async def set_media(client: ListingsClient, key: str, media: str) -> None:
    async with client.listing_rig.database.transaction() as connection:
        assert await connection.run(SET_MEDIA, {"media": f'"media":{media},"fields"', "key": key}) == 1


async def read_twice(client: ListingsClient, path: str, caller: str = "admin") -> ReadResponse:
    """A list in gzip, after it was held against the same one as it is."""
    plain = await client.get(path, caller, accept_encoding="identity")
    coded = await client.get(path, caller, accept_encoding="gzip")
    again = await client.get(path, caller, accept_encoding="gzip")
    assert plain.status == coded.status == 200
    assert "content-encoding" not in plain.headers
    assert coded.headers["content-encoding"] == again.headers["content-encoding"] == "gzip"
    assert coded.content == again.content == plain.content
    assert coded.headers.get("etag") == plain.headers.get("etag")
    return coded


async def test_a_compressed_list_is_what_it_is_without(client: ListingsClient) -> None:
    await client.add_public_key()
    await client.listing_rig.put(make_listing("4", City="Waco"), featured=True)
    await set_media(client, "2", PUBLIC_PHOTO)
    for caller in ("admin", "public"):
        for path in LISTS:
            answer = await read_twice(client, path, caller)
            photo = b'"url":"https://homes.example.com/media/public/aa/b.webp"'
            assert (photo in answer.content) == ("2" in answer.keys), path


async def test_a_search_by_body_is_compressed_alike(client: ListingsClient) -> None:
    body = {"city": "Waco"}
    answers = [
        await client.request("POST", "/search", body, accept_encoding=accepted)
        for accepted in ("gzip", "identity", "zstd", "gzip;q=0.1, zstd")
    ]

    assert [answer.headers.get("content-encoding") for answer in answers] == ["gzip", None, "zstd", "zstd"]
    assert len({answer.content for answer in answers}) == 1


async def test_a_changed_listing_is_shown_at_once(client: ListingsClient) -> None:
    await read_twice(client, "?city=Waco")
    await set_media(client, "1", PUBLIC_PHOTO)
    assert b"/media/public/aa/b.webp" in (await read_twice(client, "?city=Waco")).content

    client.clock.advance(timedelta(hours=13))

    assert [row["daysOnMarket"] for row in (await read_twice(client, "?city=Waco&sortBy=listPrice")).rows] == [11, None]


async def test_signed_urls_are_signed_anew_in_each_window(client: ListingsClient) -> None:
    await set_media(client, "1", PRIVATE_PHOTO)
    first = await read_twice(client, "?city=Waco")
    client.clock.advance(timedelta(hours=1))
    second = await read_twice(client, "?city=Waco")

    assert b"https://homes.example.com/media/private/aa/b.webp?expires=" in first.content
    assert first.content != second.content
    assert first.headers["etag"] != second.headers["etag"]


async def test_head_has_the_headers_of_the_list_in_every_coding(client: ListingsClient) -> None:
    names = ("content-encoding", "content-length", "content-type", "etag", "vary", "cache-control")
    for accepted in ("gzip", "zstd", "identity"):
        whole = await client.get("", accept_encoding=accepted)
        look = await client.request("HEAD", "", accept_encoding=accepted)
        assert look.content == b""
        assert {name: look.headers.get(name) for name in names} == {name: whole.headers.get(name) for name in names}
        assert whole.headers["vary"] == "Authorization, Accept-Encoding, Origin"


async def test_one_tag_stands_for_a_list_in_every_coding(client: ListingsClient) -> None:
    tag = (await client.get("", accept_encoding="gzip")).headers["etag"]

    for accepted in ("gzip", "zstd", "identity"):
        again = await client.get("", accept_encoding=accepted, if_none_match=tag)
        assert (again.status, again.content, again.headers["etag"]) == (304, b"", tag)
        assert again.headers["vary"] == "Authorization, Accept-Encoding, Origin"
        assert "content-encoding" not in again.headers


async def test_a_list_is_one_gzip_member(client: ListingsClient) -> None:
    sent = {"authorization": f"Bearer {client.tokens['admin']}", "accept-encoding": "gzip"}
    async with client.client.stream("GET", "/api/v1/properties", headers=sent) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])

    assert len(raw) == int(answer.headers["content-length"])
    assert gzip.decompress(raw) == (await client.get("")).content
    assert raw.count(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff") == 1


async def test_a_single_listing_is_compressed_whole(client: ListingsClient) -> None:
    path = f"/{client.listing_rig.ids['3']}"
    plain = await client.get(path, accept_encoding="identity")

    for accepted, coding in (("gzip, deflate, br, zstd", "zstd"), ("gzip", "gzip")):
        coded = await client.get(path, accept_encoding=accepted)
        assert (coded.headers["content-encoding"], coded.content) == (coding, plain.content)
        assert coded.headers["etag"] == plain.headers["etag"]
        assert coded.headers["vary"] == "Authorization, Accept-Encoding, Origin"
