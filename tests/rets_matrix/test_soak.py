"""As `test_sync`, with 20,000 listings under each behavior and fault, and with 500 under fifty sets of behaviors.

`make soak` runs it. Tests share one server, since building its market takes longest; each quirk has its own temporary
database.
"""

from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from hypothesis import given, settings

from platbook.db.embedded import EmbeddedPostgres
from platbook.market import Market
from platbook.simulate.rets.application import SimulatorSettings
from platbook.simulate.rets.quirks import QUIRKS, Quirk, QuirkKind
from platbook.simulate.rets.source import STARTED
from tests.fresh_database import fresh_database
from tests.rets_matrix.conftest import open_environment
from tests.rets_matrix.rets_rig import RetsEnvironment
from tests.rets_matrix.test_sync import BEHAVIORS, SEEDED, SETS, check_full_cycle, check_full_cycle_with_retries
from tests.simulate.served import AT, ServedRets, served_rets

pytestmark = [pytest.mark.soak, pytest.mark.asyncio(loop_scope="session")]

LARGE, SMALL = 20_000, 500
PAGE = 2000
FAULTS = [quirk for quirk, info in QUIRKS.items() if info.kind is QuirkKind.FAULT]


@dataclass
class LargeMarket:
    """A server, and the market it serves."""

    served: ServedRets
    market: Market


@pytest.fixture(scope="module")
def large() -> Generator[LargeMarket]:
    with served_rets(SimulatorSettings(listings=LARGE, at=AT)) as served:
        yield LargeMarket(served, Market(1, LARGE, STARTED))


@pytest_asyncio.fixture(loop_scope="session")
async def large_environment(
    postgres: EmbeddedPostgres, template: str, large: LargeMarket
) -> AsyncGenerator[RetsEnvironment]:
    with fresh_database(postgres, template) as url:
        async with open_environment(large.served, large.market, url) as environment:
            environment.cap = 1000
            yield environment


@pytest.mark.parametrize("quirk", BEHAVIORS)
async def test_20000_listings_end_equal_under_each_behavior(large_environment: RetsEnvironment, quirk: Quirk) -> None:
    await check_full_cycle(await large_environment.add_rig(quirk, page_size=PAGE))


@pytest.mark.parametrize("fault", FAULTS)
async def test_20000_listings_end_equal_under_each_occasional_fault(
    large_environment: RetsEnvironment, fault: Quirk
) -> None:
    fault_counts = await check_full_cycle_with_retries(await large_environment.add_rig(fault, page_size=PAGE))
    assert fault_counts.get(fault, 0) > 0 or fault is Quirk.CUT_PHOTOS, "this one affects only photos"


@settings(SEEDED, max_examples=50)
@given(quirks=SETS)
async def test_500_listings_end_equal_under_fifty_sets(
    postgres: EmbeddedPostgres, template: str, quirks: list[Quirk]
) -> None:
    with fresh_database(postgres, template) as url, served_rets(SimulatorSettings(listings=SMALL, at=AT)) as served:
        async with open_environment(served, Market(1, SMALL, STARTED), url) as environment:
            await check_full_cycle(await environment.add_rig(*quirks))
