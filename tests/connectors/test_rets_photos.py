"""GetObject over HTTP: whatever the manners of the server, the same photos to the byte."""

from hashlib import sha256

import pytest
import pytest_asyncio

from platbook.base.errors import SourceBrokeProtocol
from platbook.connectors.contract import MediaRef, Resource
from tests.fakes.rets_market import RetsMarket, rets_market
from tests.fakes.rets_replay import LOGIN, Answer, RetsReplay
from tests.fakes.rets_rows import rows_session

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


def _parts(*parts: tuple[int, bytes, str]) -> Answer:
    """A multipart reply of photos: number, bytes, and a further header or none."""
    body = b""
    for number, content, more in parts:
        lines = ["--b", "Content-Type: image/jpeg", "Content-ID: K1", f"Object-ID: {number}", *([more] if more else [])]
        body += "\r\n".join([*lines, "", ""]).encode() + content + b"\r\n"
    return Answer(body + b"--b--", headers=["Content-Type: multipart/parallel; boundary=b"])


async def _fetch(answer: Answer, **settings: object) -> list[MediaRef]:
    login = LOGIN.replace(b"Search=", b"GetObject=/rets/search\nSearch=")
    async with rows_session(RetsReplay([answer], login=login), **settings) as session:
        return [ref async for _, ref in session.media(["K1"])]


async def test_photos_that_are_numbered_from_zero_all_come() -> None:
    found = await _fetch(_parts(*((number, b"photo %d" % number, f"Description: no {number}") for number in range(6))))
    assert [(one.media_key, one.order, one.content, one.caption) for one in found] == [
        (str(number + 1), number + 1, b"photo %d" % number, f"no {number}") for number in range(6)
    ]


async def test_photo_zero_is_left_out_where_it_is_another_photo_once_more() -> None:
    alias = _parts((0, b"two", ""), (1, b"one", ""), (2, b"two", "Preferred: 1"))
    assert [(one.media_key, one.content) for one in await _fetch(alias)] == [("2", b"two"), ("1", b"one")]
    address = "Location: http://photos.example.com/"
    located = _parts((0, b"", f"{address}1"), (1, b"", f"{address}1"), (2, b"", f"{address}2"))
    found = await _fetch(located, photoLocation=True)
    assert [(one.media_key, one.content) for one in found] == [
        ("1", "http://photos.example.com/1"),
        ("2", "http://photos.example.com/2"),
    ]
    assert [(one.media_key, one.content) for one in await _fetch(_parts((0, b"only", "")))] == [("1", b"only")]


async def test_a_preferred_photo_stays_first_where_a_source_numbers_from_zero() -> None:
    found = await _fetch(_parts((0, b"a", ""), (1, b"b", ""), (2, b"c", "Preferred: 1")))
    assert [(one.media_key, one.content) for one in found] == [("3", b"c"), ("1", b"a"), ("2", b"b")]


async def test_a_reply_that_is_cut_in_its_last_photo_is_an_error() -> None:
    whole = _parts((1, b"\xff\xd8 one \xff\xd9", ""), (2, b"\xff\xd8 two \xff\xd9", ""))
    with pytest.raises(SourceBrokeProtocol, match="cut in its last part"):
        await _fetch(Answer(whole.body[:-12], headers=whole.headers))
