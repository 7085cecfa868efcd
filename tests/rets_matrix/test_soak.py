"""As `test_sync`, at 20,000 listings under each manner and at 500 under fifty sets of them. `make soak` runs it."""

import pytest
from hypothesis import given, settings

from platbook.db.embedded import EmbeddedPostgres
from platbook.market import Market
from platbook.simulate.rets.application import RetsSettings
from platbook.simulate.rets.quirks import Quirk
from platbook.simulate.rets.source import STARTED
from tests.fresh_database import fresh_database
from tests.rets_matrix.conftest import opened_boards
from tests.rets_matrix.test_sync import MANNERS, SEEDED, SETS, follow
from tests.simulate.served import AT, served_rets

pytestmark = [pytest.mark.soak, pytest.mark.asyncio(loop_scope="session")]

LARGE, SMALL = 20_000, 500


@pytest.mark.parametrize("quirk", MANNERS)
async def test_20000_listings_end_equal_under_each_manner(
    postgres: EmbeddedPostgres, template: str, quirk: Quirk
) -> None:
    with fresh_database(postgres, template) as url, served_rets(RetsSettings(listings=LARGE, at=AT)) as served:
        async with opened_boards(served, Market(1, LARGE, STARTED), url) as boards:
            boards.cap = 1000
            await follow(await boards.open(quirk, page_size=2000))


@settings(SEEDED, max_examples=50)
@given(quirks=SETS)
async def test_500_listings_end_equal_under_fifty_sets(
    postgres: EmbeddedPostgres, template: str, quirks: list[Quirk]
) -> None:
    with fresh_database(postgres, template) as url, served_rets(RetsSettings(listings=SMALL, at=AT)) as served:
        async with opened_boards(served, Market(1, SMALL, STARTED), url) as boards:
            await follow(await boards.open(*quirks))
