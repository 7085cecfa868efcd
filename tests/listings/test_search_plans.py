"""The hot searches walk the indexes made for them, at a size where anything else would hurt."""

import os
from collections.abc import AsyncGenerator, Generator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import cast
from uuid import UUID

import psycopg
import pytest
from psycopg.sql import SQL as TEXT
from psycopg.sql import Identifier as Name

from platbook.base.actor import Surface
from platbook.db import Database, Query, ReadConnection, load_queries
from platbook.db.embedded import EmbeddedPostgres
from platbook.db.lists import COUNT_BOUND, CursorPosition, Paging, to_count_statement, to_page_statement
from platbook.listings.public_history import PublicHistory
from platbook.listings.search import Box, ListingSearch, Near, Polygon, Range, find_listings, suggest
from platbook.listings.search.columns import SearchView
from platbook.listings.search.query_words import split_keywords
from platbook.listings.search.sorting import NEWEST_ON_MARKET, to_order
from platbook.listings.search.statement import Window, to_conditions, to_page
from platbook.listings.search.stats import to_stats_statement
from platbook.listings.timeline import TIMELINE, to_timeline_conditions

ROWS = int(os.environ.get("PLATBOOK_TEST_ROWS", "200000"))
_NOW = datetime(2026, 11, 1, tzinfo=UTC)
_AFTER = CursorPosition(datetime(2026, 8, 1, tzinfo=UTC), UUID(int=7), _NOW)
_DEAR = CursorPosition(Decimal(500_000), UUID(int=7), _NOW)
_CITY = ListingSearch(city=("City 7",))
_PRICED = replace(_CITY, sort="listPrice", descending=False)
_BOX = ListingSearch(box=Box(-100, 30, -99.7, 30.3))
_LATELY = datetime(2026, 10, 31, 23, 50, tzinfo=UTC)
_SQUARE = Polygon(((-100, 30), (-99.7, 30), (-99.7, 30.3)), (((-99.8, 30.1), (-99.7, 30.1), (-99.7, 30.2)),))
_TWO = (_SQUARE, Polygon(((-104, 30), (-103.7, 30), (-103.7, 30.3))))
_WIDE = ListingSearch(box=Box(-106, 26, -95, 35))

_COUNT_SCANS = Query(
    "count_scans",
    "How often this transaction has read a whole table of listings.",
    "SELECT sum(seq_scan)::integer FROM pg_stat_xact_user_tables WHERE relname IN ('properties', 'listing_terms')",
)


@pytest.fixture(scope="module")
def market_url(postgres: EmbeddedPostgres, template: str) -> Generator[str]:
    """A database with a large market in it, for all tests of this file."""
    name = f"test_{os.getpid()}_market"
    statements = (Path(__file__).parent / "market.sql").read_text().replace("%(rows)s", str(ROWS)).split(";\n")
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute(TEXT("CREATE DATABASE {} TEMPLATE {}").format(Name(name), Name(template)))
        with psycopg.connect(postgres.url(name), autocommit=True) as connection:
            for statement in filter(str.strip, statements):
                connection.execute(statement.encode())
        yield postgres.url(name)
        admin.execute(TEXT("DROP DATABASE {} WITH (FORCE)").format(Name(name)))


@pytest.fixture
async def market(market_url: str) -> AsyncGenerator[ReadConnection]:
    async with Database.open(market_url, size=1) as database, database.read() as connection:
        yield connection


def page_of(
    search: ListingSearch, after: CursorPosition | None = None, *, dense: bool = False, count_bound: int | None = None
) -> tuple[Query, dict[str, object]]:
    words = split_keywords(search.keyword) if search.keyword else ()
    view = SearchView(search.surface, _NOW)
    conditions = to_conditions(search, view, words, dense=dense)
    order = to_order(search, view)
    window = Window(order, search.limit + 1, 0, after, dense=dense, count_bound=count_bound)
    return to_page(search, view, conditions, window)


def count_of(search: ListingSearch) -> tuple[Query, dict[str, object]]:
    words = split_keywords(search.keyword) if search.keyword else ()
    conditions = to_conditions(search, SearchView(search.surface, _NOW), words)
    return to_count_statement(conditions, COUNT_BOUND), conditions.params


PAGES = {
    "the default list": (page_of(ListingSearch()), "properties_modified"),
    "the next page by cursor": (page_of(ListingSearch(), _AFTER), "properties_modified"),
    "a city, newest first": (page_of(_CITY), "properties_city_modified"),
    "a city, newest first, by cursor": (page_of(_CITY, _AFTER), "properties_city_modified"),
    "a city and prices, cheapest first": (
        page_of(replace(_PRICED, price=Range(Decimal(200_000), Decimal(700_000)))),
        "properties_city_price",
    ),
    "a city, dearest first": (page_of(replace(_PRICED, descending=True)), "properties_city_price"),
    "a city by price, by cursor": (page_of(_PRICED, _DEAR), "properties_city_price"),
    "all by price": (page_of(ListingSearch(sort="listPrice", descending=True)), "properties_price"),
    "all by price, by cursor": (page_of(ListingSearch(sort="listPrice"), replace(_DEAR)), "properties_price"),
    "all by date of listing": (page_of(ListingSearch(sort="listedAt")), "properties_contract_date"),
    "the newest on the market": (page_of(ListingSearch(sort=NEWEST_ON_MARKET)), "properties_listed"),
    "stored lately": (page_of(ListingSearch(stored_since=_LATELY)), "properties_stored"),
    "stored lately, by cursor": (page_of(ListingSearch(stored_since=_LATELY), _AFTER), "properties_stored"),
    "a polygon across the antimeridian": (
        page_of(ListingSearch(polygon=(Polygon(((179.9, 30), (-179.9, 30), (-179.9, 31), (179.9, 31))),))),
        "properties_place",
    ),
    "a polygon with a hole, and another": (page_of(ListingSearch(polygon=_TWO)), "properties_place"),
    "a small box": (page_of(_BOX), "properties_place"),
    "a circle": (page_of(ListingSearch(near=Near(30, -99, 10))), "properties_place"),
    "a polygon": (
        page_of(ListingSearch(polygon=(Polygon(((-100, 30), (-99.7, 30), (-99.9, 30.3))),))),
        "properties_place",
    ),
    "a box over half of all": (page_of(_WIDE, dense=True), "properties_modified"),
    "rare words": (page_of(ListingSearch(keyword="garden rare123")), "properties_words"),
    "a common word": (page_of(ListingSearch(keyword="garden"), dense=True), "properties_modified"),
    "a street and its number": (page_of(ListingSearch(keyword="77 Street77 Street Unit 4-B")), "properties_words"),
    "a city with accents": (page_of(replace(_CITY, city=("Cíty 7",))), "properties_city_modified"),
    "a public street": (page_of(ListingSearch(Surface.PUBLIC, keyword="77 street77 st")), "properties_words"),
    "a postal code": (page_of(ListingSearch(postal_code=("70007",))), "properties_postal_code"),
    "an MLS number": (page_of(ListingSearch(mls_number=("ml-7",))), "properties_mls_number"),
    "a rare sub-type": (page_of(ListingSearch(property_sub_type=("Sub 7",))), "properties_sub_type"),
    "featured": (page_of(ListingSearch(featured=True)), "properties_featured"),
    "the public default list": (page_of(ListingSearch(surface=Surface.PUBLIC)), "properties_modified"),
    "a public city": (page_of(replace(_CITY, surface=Surface.PUBLIC)), "properties_city_modified"),
    "the default list and its count": (page_of(ListingSearch(), count_bound=COUNT_BOUND), "properties_modified"),
    "a city and its count": (page_of(_PRICED, count_bound=COUNT_BOUND), "properties_city_price"),
    "count of a city": (count_of(_CITY), "properties_city"),
    "count of a small box": (count_of(_BOX), "properties_place"),
    "count of rare words": (count_of(ListingSearch(keyword="rare123")), "properties_words"),
}


@pytest.mark.parametrize(("asked", "index"), PAGES.values(), ids=list(PAGES))
async def test_a_hot_search_walks_its_index(
    market: ReadConnection, asked: tuple[Query, dict[str, object]], index: str
) -> None:
    nodes = await explain(market, *asked)

    used = {str(node["Index Name"]) for node in nodes if "Index Name" in node}
    assert any(name.startswith(index) for name in used), nodes
    assert not [node for node in nodes if node["Node Type"] == "Seq Scan"]


@pytest.mark.parametrize("search", [_WIDE, _PRICED], ids=["a box over half of all", "a city"])
async def test_a_total_is_counted_without_a_look_at_the_rows(market: ReadConnection, search: ListingSearch) -> None:
    kinds = {str(node["Node Type"]) for node in await explain(market, *count_of(search))}

    assert "Index Only Scan" in kinds
    assert not kinds & {"Bitmap Heap Scan", "Seq Scan"}


_QUERIES = load_queries("platbook.listings.search")


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (_QUERIES.find_types, "properties_type"),
        (_QUERIES.find_sub_types, "properties_sub_type"),
        (_QUERIES.find_provider_ids, "properties_key"),
    ],
    ids=lambda value: value.name if isinstance(value, Query) else value,
)
async def test_stored_values_of_closed_lists_are_read_by_one_probe_each(
    market: ReadConnection, statement: Query, index: str
) -> None:
    nodes = await explain(market, statement, {})

    assert index in {str(node["Index Name"]) for node in nodes if "Index Name" in node}
    scanned = [node for node in nodes if node["Node Type"] == "Seq Scan"]
    assert "properties" not in {node.get("Relation Name") for node in scanned}


@pytest.mark.parametrize("name", ["stats_counts", "stats_prices", "stats_months"])
@pytest.mark.parametrize(
    ("search", "index"), [(_CITY, "properties_city"), (_BOX, "properties_place")], ids=["city", "box"]
)
async def test_statistics_of_few_matches_read_no_other_rows(
    market: ReadConnection, search: ListingSearch, index: str, name: str
) -> None:
    view = SearchView(search.surface, _NOW)
    conditions = to_conditions(search, view)
    nodes = await explain(market, to_stats_statement(name, conditions, view), conditions.params)

    assert any(str(node.get("Index Name", "")).startswith(index) for node in nodes)
    assert not [node for node in nodes if node["Node Type"] == "Seq Scan"]


@pytest.mark.parametrize("after", [None, CursorPosition(_LATELY, UUID(int=7))], ids=["first", "by cursor"])
@pytest.mark.parametrize("history", [None, PublicHistory(frozenset({"bedrooms"}))], ids=["staff", "public"])
async def test_a_page_of_a_timeline_walks_its_index(
    market: ReadConnection, history: PublicHistory | None, after: CursorPosition | None
) -> None:
    statement, params = to_page_statement(TIMELINE, to_timeline_conditions(UUID(int=7), history), Paging("at"), after)
    nodes = await explain(market, statement, params)

    assert {str(node["Index Name"]) for node in nodes if "Index Name" in node} == {"listing_changes_timeline"}


async def test_totals_above_the_bound_are_estimates_near_the_truth(market: ReadConnection) -> None:
    found = await find_listings(market, ListingSearch(status=("Active",)), _NOW)

    assert found.total_is_estimate
    assert found.total == pytest.approx(ROWS / 2, rel=0.1)


async def test_a_cursor_deep_inside_costs_no_more_than_the_first_page(market: ReadConnection) -> None:
    first, deep = [await cost(market, *page_of(ListingSearch(), after)) for after in (None, _AFTER)]

    assert deep < 2 * first


async def test_suggestions_look_at_few_rows(market: ReadConnection) -> None:
    found = [await suggest(market, typed, Surface.INTERNAL, _NOW) for typed in ("city 7", "7 stre", "ml-19", "street6")]

    assert [offers[0].kind for offers in found] == ["city", "address", "mlsNumber", "address"]


@pytest.mark.parametrize("surface", Surface)
async def test_suggestions_scan_no_table(market_url: str, surface: Surface) -> None:
    typed = ["cíty 7", "77 street77 street", "street77 stre", "saint l", "ml-19", "mls# 17777", "7 stret77", "17777"]
    async with Database.open(market_url, size=1) as database, database.transaction() as connection:
        for text in typed:
            await suggest(connection, text, surface, _NOW)
        scans = await connection.value(int, _COUNT_SCANS)

    assert scans == 0


async def explain(
    connection: ReadConnection, statement: Query, params: Mapping[str, object]
) -> list[dict[str, object]]:
    asked = Query(statement.name, "How it would be done.", f"EXPLAIN (FORMAT JSON) {statement.sql}")
    ((plans,),) = await connection.tuples(asked, params)
    return list(_nodes(cast("list[dict[str, dict[str, object]]]", plans)[0]["Plan"]))


async def cost(connection: ReadConnection, statement: Query, params: Mapping[str, object]) -> float:
    return float(cast("float", (await explain(connection, statement, params))[0]["Total Cost"]))


def _nodes(plan: dict[str, object]) -> Generator[dict[str, object]]:
    yield plan
    for child in cast("list[dict[str, object]]", plan.get("Plans", [])):
        yield from _nodes(child)
