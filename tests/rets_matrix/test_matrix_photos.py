"""GetObject's bytes are the source's, photo by photo, under every quirk of photos and many at once."""

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
from platbook.simulate.rets.quirks import QUIRKS, Area, Kind, Quirk
from tests.rets_matrix.rets_rig import RetsRig
from tests.rets_matrix.test_sync import SEEDED
from tests.simulate.served import AT

pytestmark = pytest.mark.asyncio(loop_scope="session")

LISTINGS = 8
MANNERS = [quirk for quirk, about in QUIRKS.items() if about.kind is Kind.MANNER and about.area is Area.PHOTOS]
Photos = dict[tuple[str, int], str]
"""The hash of each photo by its listing's key and its order."""


@cache
def draw(market: Market, key: str) -> list[bytes]:
    """A listing's photos as the market draws them."""
    listing = market.listing(key, AT)
    assert listing is not None
    return [draw_photo(listing, photo.order) for photo in listing.photos]


def state(rets_rig: RetsRig, keys: Collection[str], quirks: Collection[Quirk]) -> Photos:
    """What photos there are under the quirks."""
    images = {
        (key, order): image + (b"\r\n" if Quirk.CRLF_IN_IMAGES in quirks else b"")
        for key in keys
        for order, image in enumerate(draw(rets_rig.market, key), 1)
        if not (Quirk.ABSENT_PHOTOS in quirks and int(key) % 5 == 0 and order == 2)
    }
    return {place: hashlib.sha256(image).hexdigest() for place, image in images.items()}


async def fetch(
    rets_rig: RetsRig, keys: Collection[str], found: Photos, *, located: bool = False, version: str = "RETS/1.7.2"
) -> Photos:
    """Fetch photos through the connector and note them; those that come as addresses, from there."""
    settings = RetsSettings(
        login_url=rets_rig.served.login_url,
        classes=("Residential",),
        photo_location=located,
        photos_per_request=3,
        rets_version=version,
    )
    credentials = RetsCredentials(username="demo", password=SecretStr("demo"))
    http = rets_rig.transport.for_provider(rets_rig.any_provider)
    async with RetsConnector().connect(
        settings, credentials, scope=Scope(), http=http, clock=rets_rig.clock
    ) as session:
        async for key, photo in session.media(list(keys)):
            assert (key, photo.order) not in found
            content = photo.content
            if isinstance(content, str):
                async with httpx.AsyncClient(verify=False) as plain:
                    content = (await plain.get(content)).raise_for_status().content
            found[key, photo.order] = hashlib.sha256(content).hexdigest()
    return found


async def compare(rets_rig: RetsRig, quirks: Collection[Quirk], version: str = "RETS/1.7.2") -> None:
    """Fetch as bytes and as addresses, and compare both with the market's own."""
    rets_rig.behave(*quirks)
    rets_rig.move(AT)
    keys = rets_rig.market.keys(AT)[:LISTINGS]
    expected = state(rets_rig, keys, quirks)
    for located in (False, True):
        assert await fetch(rets_rig, keys, {}, located=located, version=version) == expected


@pytest.mark.parametrize("version", ["RETS/1.5", "RETS/1.7.2", "RETS/1.8"])
async def test_each_version_gives_the_same_photos(rets_rig: RetsRig, version: str) -> None:
    await compare(rets_rig, (), version)


@pytest.mark.parametrize("quirk", MANNERS)
async def test_under_a_manner_all_photos_are_the_sources(rets_rig: RetsRig, quirk: Quirk) -> None:
    await compare(rets_rig, (quirk,))


def settle(quirks: set[Quirk]) -> set[Quirk]:
    """Leave out what nobody could meet: where no boundary follows, a CR LF at the end may or may not be the image's."""
    return quirks - {Quirk.CRLF_IN_IMAGES} if Quirk.NO_END_BOUNDARY in quirks else quirks


@SEEDED
@given(quirks=st.sets(st.sampled_from(MANNERS), min_size=2, max_size=8).map(settle))
async def test_under_many_manners_at_once_all_photos_are_the_sources(rets_rig: RetsRig, quirks: set[Quirk]) -> None:
    await compare(rets_rig, quirks)


FAULTS = [Quirk.CUT_PHOTOS, Quirk.HTML_PAGE, Quirk.EMPTY_BODY, Quirk.HTTP_503]


@pytest.mark.parametrize("fault", FAULTS)
async def test_under_a_fault_now_and_then_all_photos_are_the_sources(rets_rig: RetsRig, fault: Quirk) -> None:
    rets_rig.behave(fault)
    rets_rig.move(AT)
    keys = rets_rig.market.keys(AT)[:LISTINGS]
    expected = state(rets_rig, keys, ())
    strikes, whole = rets_rig.served.server.statistics.strikes, 0
    for _ in range(30):  # as photo work does: what failed is asked for again
        given_out: Photos = {}
        with suppress(PlatbookError):
            whole += await fetch(rets_rig, keys, given_out) == expected
        assert given_out.items() <= expected.items()
        if whole and strikes.get(fault):
            return
    raise AssertionError(f"{whole} of thirty fetches were whole, {strikes} struck")


@pytest.mark.parametrize("fault", FAULTS)
async def test_under_a_fault_each_time_no_photo_is_given_out_damaged(rets_rig: RetsRig, fault: Quirk) -> None:
    rets_rig.behave()
    rets_rig.move(AT)
    keys = rets_rig.market.keys(AT)[:LISTINGS]
    expected = state(rets_rig, keys, ())
    rets_rig.behave(f"{fault}=always")
    given_out: Photos = {}
    with pytest.raises(PlatbookError):
        await fetch(rets_rig, keys, given_out)
    assert given_out.items() <= expected.items()
    rets_rig.behave()
    assert await fetch(rets_rig, keys, {}) == expected


@pytest.mark.soak
async def test_every_photo_of_every_listing_is_the_sources(rets_rig: RetsRig) -> None:
    rets_rig.behave()
    rets_rig.move(AT)
    keys = rets_rig.market.keys(AT)
    assert await fetch(rets_rig, keys, {}) == state(rets_rig, keys, ())
