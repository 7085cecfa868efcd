"""As `test_sync`, at 20,000 listings under each manner and fault, and at 500 under fifty sets of manners.

`make soak` runs it. One server stands for all that have its size, since its market takes longest to make; each quirk
has a database of its own, which goes with it.
"""

from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from hypothesis import given, settings

from platbook.db.embedded import EmbeddedPostgres
from platbook.market import Market
from platbook.simulate.rets.application import RetsSettings
from platbook.simulate.rets.quirks import QUIRKS, Kind, Quirk
from platbook.simulate.rets.source import STARTED
from tests.fresh_database import fresh_database
from tests.rets_matrix.conftest import open_rets_rig
from tests.rets_matrix.rets_rig import RetsRig
from tests.rets_matrix.test_sync import MANNERS, SEEDED, SETS, follow, follow_through
from tests.simulate.served import AT, ServedRets, served_rets

pytestmark = [pytest.mark.soak, pytest.mark.asyncio(loop_scope="session")]

LARGE, SMALL = 20_000, 500
PAGE = 2000
FAULTS = [quirk for quirk, about in QUIRKS.items() if about.kind is Kind.FAULT]


@dataclass
class Market20000:
    """A server, and the market it serves."""

    served: ServedRets
    market: Market


@pytest.fixture(scope="module")
def large() -> Generator[Market20000]:
    with served_rets(RetsSettings(listings=LARGE, at=AT)) as served:
        yield Market20000(served, Market(1, LARGE, STARTED))


@pytest_asyncio.fixture(loop_scope="session")
async def large_boards(postgres: EmbeddedPostgres, template: str, large: Market20000) -> AsyncGenerator[RetsRig]:
    with fresh_database(postgres, template) as url:
        async with open_rets_rig(large.served, large.market, url) as rets_rig:
            rets_rig.cap = 1000
            yield rets_rig


@pytest.mark.parametrize("quirk", MANNERS)
async def test_20000_listings_end_equal_under_each_manner(large_boards: RetsRig, quirk: Quirk) -> None:
    await follow(await large_boards.open(quirk, page_size=PAGE))


@pytest.mark.parametrize("fault", FAULTS)
async def test_20000_listings_end_equal_under_each_fault_now_and_then(large_boards: RetsRig, fault: Quirk) -> None:
    strikes = await follow_through(await large_boards.open(fault, page_size=PAGE))
    assert strikes.get(fault, 0) > 0 or fault is Quirk.CUT_PHOTOS, "this one strikes photos alone"


@settings(SEEDED, max_examples=50)
@given(quirks=SETS)
async def test_500_listings_end_equal_under_fifty_sets(
    postgres: EmbeddedPostgres, template: str, quirks: list[Quirk]
) -> None:
    with fresh_database(postgres, template) as url, served_rets(RetsSettings(listings=SMALL, at=AT)) as served:
        async with open_rets_rig(served, Market(1, SMALL, STARTED), url) as rets_rig:
            await follow(await rets_rig.open(*quirks))
