"""200 searches by keyword of a fixed stock, each with the listings it is to find."""

import asyncio
from collections.abc import Generator

import pytest

from platbook.base.actor import Surface
from platbook.db import Database
from platbook.db.embedded import EmbeddedPostgres
from platbook.listings.search import ListingSearch
from tests.fresh_database import fresh_database
from tests.listings.listing_rig import ListingRig, make_listing
from tests.listings.search_stock import QUERIES, STOCK


@pytest.fixture(scope="module")
def stock_url(postgres: EmbeddedPostgres, template: str) -> Generator[str]:
    """A database with the stock in it, for all tests of this file."""
    with fresh_database(postgres, template) as url:
        asyncio.run(_fill(url))
        yield url


async def _fill(url: str) -> None:
    listings = [make_listing(key, **values) for key, values in STOCK.items()]
    async with Database.open(url, size=1) as database:
        await ListingRig(database).put(*listings)


def test_the_table_is_large_enough_and_repeats_nothing() -> None:
    assert 60 <= len(STOCK) <= 100
    assert len({query for query, _ in QUERIES}) == len(QUERIES) >= 200
    assert {key for _, keys in QUERIES for key in keys.split()} <= set(STOCK)


@pytest.mark.parametrize("surface", Surface)
@pytest.mark.parametrize(("query", "keys"), QUERIES, ids=[query for query, _ in QUERIES])
async def test_a_search_finds_what_it_means_and_nothing_else(
    stock_url: str, query: str, keys: str, surface: Surface
) -> None:
    async with Database.open(stock_url, size=1) as database:
        found = await ListingRig(database).keys(ListingSearch(surface, keyword=query, limit=100))

    assert set(found) == set(keys.split())
