"""Photos fetched by GetObject equal the source's, under every photo quirk and many at once."""

import hashlib
from collections.abc import Collection
from contextlib import suppress
from functools import cache

import httpx2 as httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from platbook.base.errors import PlatbookError
from platbook.connectors.contract import Scope
from platbook.connectors.rets import RetsConnector
from platbook.connectors.rets.settings import RetsCredentials, RetsSettings
from platbook.market import Market, draw_photo
from platbook.simulate.rets.quirks import QUIRKS, Quirk, QuirkArea, QuirkKind
from tests.rets_matrix.rets_rig import RetsEnvironment
from tests.rets_matrix.test_sync import SEEDED
from tests.simulate.served import AT

pytestmark = pytest.mark.asyncio(loop_scope="session")

LISTINGS = 8
BEHAVIORS = [
    quirk for quirk, info in QUIRKS.items() if info.kind is QuirkKind.BEHAVIOR and info.area is QuirkArea.PHOTOS
]
Photos = dict[tuple[str, int], str]
"""The hash of each photo by its listing's key and its order."""


@cache
def draw(market: Market, key: str) -> list[bytes]:
    """The photos of a listing as drawn by the market."""
    listing = market.listing(key, AT)
    assert listing is not None
    return [draw_photo(listing, photo.order) for photo in listing.photos]


def expected_photos(environment: RetsEnvironment, keys: Collection[str], quirks: Collection[Quirk]) -> Photos:
    """The expected photos under the quirks."""
    images = {
        (key, order): image + (b"\r\n" if Quirk.CRLF_IN_IMAGES in quirks else b"")
        for key in keys
        for order, image in enumerate(draw(environment.market, key), 1)
        if not (Quirk.ABSENT_PHOTOS in quirks and int(key) % 5 == 0 and order == 2)
    }
    return {position: hashlib.sha256(image).hexdigest() for position, image in images.items()}


async def fetch(
    environment: RetsEnvironment,
    keys: Collection[str],
    hashes: Photos,
    *,
    as_urls: bool = False,
    version: str = "RETS/1.7.2",
) -> Photos:
    """Fetch photos through the connector and add their hashes; photos given as URLs are downloaded."""
    settings = RetsSettings(
        login_url=environment.served.login_url,
        classes=("Residential",),
        photo_location=as_urls,
        photos_per_request=3,
        rets_version=version,
    )
    credentials = RetsCredentials(username="demo", password=SecretStr("demo"))
    http = environment.transport.for_provider(environment.any_provider)
    async with RetsConnector().connect(
        settings, credentials, scope=Scope(), http=http, clock=environment.clock
    ) as session:
        async for key, photo in session.media(list(keys)):
            assert (key, photo.order) not in hashes
            content = photo.content
            if isinstance(content, str):
                async with httpx.AsyncClient(verify=False) as plain:
                    content = (await plain.get(content)).raise_for_status().content
            hashes[key, photo.order] = hashlib.sha256(content).hexdigest()
    return hashes


async def compare(environment: RetsEnvironment, quirks: Collection[Quirk], version: str = "RETS/1.7.2") -> None:
    """Fetch as bytes and as URLs, and compare both with the market's photos."""
    environment.apply_quirks(*quirks)
    environment.set_time(AT)
    keys = environment.market.keys(AT)[:LISTINGS]
    expected = expected_photos(environment, keys, quirks)
    for as_urls in (False, True):
        assert await fetch(environment, keys, {}, as_urls=as_urls, version=version) == expected


@pytest.mark.parametrize("version", ["RETS/1.5", "RETS/1.7.2", "RETS/1.8"])
async def test_each_version_gives_the_same_photos(environment: RetsEnvironment, version: str) -> None:
    await compare(environment, (), version)


@pytest.mark.parametrize("quirk", BEHAVIORS)
async def test_photos_are_equal_under_a_behavior(environment: RetsEnvironment, quirk: Quirk) -> None:
    await compare(environment, (quirk,))


def drop_contradictions(quirks: set[Quirk]) -> set[Quirk]:
    """Drop an ambiguous combination: without a closing boundary, a CRLF at the end may or may not be the image's."""
    return quirks - {Quirk.CRLF_IN_IMAGES} if Quirk.NO_END_BOUNDARY in quirks else quirks


@SEEDED
@given(quirks=st.sets(st.sampled_from(BEHAVIORS), min_size=2, max_size=8).map(drop_contradictions))
async def test_photos_are_equal_under_many_behaviors(environment: RetsEnvironment, quirks: set[Quirk]) -> None:
    await compare(environment, quirks)


FAULTS = [Quirk.CUT_PHOTOS, Quirk.HTML_PAGE, Quirk.EMPTY_BODY, Quirk.HTTP_503]


@pytest.mark.parametrize("fault", FAULTS)
async def test_photos_are_equal_after_retries_under_an_occasional_fault(
    environment: RetsEnvironment, fault: Quirk
) -> None:
    environment.apply_quirks(fault)
    environment.set_time(AT)
    keys = environment.market.keys(AT)[:LISTINGS]
    expected = expected_photos(environment, keys, ())
    fault_counts, complete = environment.served.server.request_log.faults, 0
    for _ in range(30):  # like the photo worker: retry what failed
        delivered: Photos = {}
        with suppress(PlatbookError):
            complete += await fetch(environment, keys, delivered) == expected
        assert delivered.items() <= expected.items()
        if complete and fault_counts.get(fault):
            return
    raise AssertionError(f"{complete} of thirty fetches were complete, faults: {fault_counts}")


@pytest.mark.parametrize("fault", FAULTS)
async def test_no_damaged_photo_is_delivered_under_a_permanent_fault(
    environment: RetsEnvironment, fault: Quirk
) -> None:
    environment.apply_quirks()
    environment.set_time(AT)
    keys = environment.market.keys(AT)[:LISTINGS]
    expected = expected_photos(environment, keys, ())
    environment.apply_quirks(f"{fault}=always")
    delivered: Photos = {}
    with pytest.raises(PlatbookError):
        await fetch(environment, keys, delivered)
    assert delivered.items() <= expected.items()
    environment.apply_quirks()
    assert await fetch(environment, keys, {}) == expected


@pytest.mark.soak
async def test_every_photo_of_every_listing_is_equal(environment: RetsEnvironment) -> None:
    environment.apply_quirks()
    environment.set_time(AT)
    keys = environment.market.keys(AT)
    assert await fetch(environment, keys, {}) == expected_photos(environment, keys, ())
