"""GetObject over HTTP: whatever the manners of the server, the same photos to the byte."""

from hashlib import sha256

import pytest
import pytest_asyncio

from platbook.connectors.contract import Resource
from tests.fakes.rets_market import RetsMarket, rets_market

Photos = dict[tuple[str, str], tuple[int, str]]


async def _photos(market: RetsMarket, keys: list[str] | None = None, **settings: object) -> Photos:
    """The photos of the first six listings by key and number: their order, and a hash of their bytes."""
    async with market.session(**settings) as session:
        if keys is None:
            found = [key async for page in session.keys(Resource.PROPERTY) for key in page.keys]
            keys = sorted(found)[:6]
        return {(key, ref.media_key): (ref.order, _hash(ref.content)) async for key, ref in session.media(keys)}


def _hash(content: str | bytes) -> str:
    return content if isinstance(content, str) else sha256(content).hexdigest()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plain() -> Photos:
    async with rets_market(listings=12) as market:
        photos = await _photos(market)
    assert len(photos) > 12
    return photos


@pytest.mark.parametrize(
    "quirk",
    [
        "no-first-crlf",
        "no-end-boundary",
        "dashed-boundary",
        "spaced-boundary",
        "quoted-boundary",
        "boundary-charset",
        "tight-headers",
        "folded-description",
        "broken-description",
        "one-id-per-call",
        "no-object-id",
        "always-multipart",
        "post-only",
    ],
)
async def test_every_form_of_a_reply_holds_the_same_photos(plain: Photos, quirk: str) -> None:
    method = "POST" if quirk == "post-only" else "GET"
    async with rets_market(quirk, listings=12) as market:
        assert await _photos(market, method=method) == plain
        assert await _photos(market, method=method, photosPerRequest=1) == plain


@pytest.mark.parametrize(
    "quirk", ["bodyless-parts", "status-in-parts", "escaped-location", "no-first-crlf", "no-end-boundary"]
)
async def test_addresses_lead_to_the_same_photos(plain: Photos, quirk: str) -> None:
    async with rets_market(quirk, listings=12) as market:
        found = await _photos(market, photoLocation=True)
        assert found.keys() == plain.keys()
        some = list(found)[:3]
        for key in some:
            order, address = found[key]
            assert order == plain[key][0]
            async with market.http.send("GET", address) as reply:
                assert sha256(await reply.body()).hexdigest() == plain[key][1]


@pytest.mark.parametrize("quirk", ["location-ignored", "location-refused"])
async def test_a_source_that_gives_no_addresses_gives_bytes(plain: Photos, quirk: str) -> None:
    async with rets_market(quirk, listings=12) as market:
        assert await _photos(market, photoLocation=True) == plain


@pytest.mark.parametrize(
    "quirks", [("absent-photos",), ("absent-photos", "junk-after-error"), ("absent-photos", "plain-text-errors")]
)
async def test_what_is_not_there_is_left_out_and_the_rest_comes(plain: Photos, quirks: tuple[str, ...]) -> None:
    async with rets_market(*quirks, listings=12) as market:
        found = await _photos(market)
        assert found.items() < plain.items()
        assert {number for _, number in plain.keys() - found.keys()} == {"2"}


async def test_a_line_break_at_the_end_of_an_image_belongs_to_it(plain: Photos) -> None:
    async with rets_market("crlf-in-images", listings=12) as market:
        found = await _photos(market)
        assert found.keys() == plain.keys()
        assert not set(found.values()) & set(plain.values())
        assert await _photos(market, photosPerRequest=1) == found
    async with rets_market("crlf-in-images", "no-end-boundary", listings=12) as market:
        assert await _photos(market) == found


async def test_records_say_which_photos_they_have(plain: Photos) -> None:
    async with rets_market(listings=12) as market, market.session() as session:
        records = [record async for page in session.changes(Resource.PROPERTY, None, None) for record in page.records]
    keys = {key for key, _ in plain}
    planned = {
        (record.key, ref.media_key): ref.order for record in records if record.key in keys for ref in record.media or ()
    }
    assert planned == {place: order for place, (order, _) in plain.items()}
