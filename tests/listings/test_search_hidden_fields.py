"""A field that a rule hides is seen by no public search on the rows that hide it, and by all on the others."""

import asyncio
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import cast
from uuid import UUID

import orjson
import pytest

from platbook.base.actor import Surface
from platbook.base.clock import SetClock
from platbook.base.errors import InvalidInput
from platbook.db import Database, Query, ReadConnection
from platbook.db.embedded import EmbeddedPostgres
from platbook.db.lists import COUNT_BOUND, CursorPosition, to_count_statement
from platbook.listings.rebuild import rebuild_documents
from platbook.listings.search import Box, ListingSearch, Near, Polygon, Range, find_listings, get_stats, suggest
from platbook.listings.search.columns import SearchView
from platbook.listings.search.facets import FACETS, to_facet_statement
from platbook.listings.search.filters import EXACT_FILTERS, RANGE_FILTERS
from platbook.listings.search.query_words import split_keywords
from platbook.listings.search.sorting import NEWEST_ON_MARKET, SORTS, to_order
from platbook.listings.search.statement import Window, to_conditions, to_page
from platbook.listings.search.stats import to_stats_statement
from platbook.listings.search.views import get_view
from platbook.listings.words import WORD_FIELDS
from platbook.providers.display_rules import DEFAULTS, HIDING_SETTINGS, RuleKey, RuleSettings
from platbook.providers.rule_versions import replace_rules
from platbook.reso.public_fields import DAYS_ON_MARKET, HIDEABLE_FIELDS
from tests.fresh_database import fresh_database
from tests.listings.listing_rig import NOW, ListingRig, day, make_listing, price

PUBLIC = ListingSearch(surface=Surface.PUBLIC, limit=100)
_STREET = "UnparsedAddress,StreetNumber,StreetName"
_UNIT = "UnparsedAddress,UnitNumber"
_VALUES: Mapping[str, object] = {
    "StandardStatus": "Closed",
    "PropertyType": "Residential",
    "PropertySubType": "Yurt",
    "City": "Zanzibar",
    "CountyOrParish": "Ocelot County",
    "StateOrProvince": "TX",
    "PostalCode": "78701",
    "SubdivisionName": "Kumquat Ridge",
    "ListingId": "ML-7777777",
    "ListAgentFullName": "Ada Quill",
    "ListAgentMlsId": "agent1",
    "ListOfficeName": "Quill Homes",
    "ListOfficeMlsId": "office1",
    "ListPrice": price(500_000),
    "ClosePrice": price(490_000),
    "CloseDate": day("2026-09-20"),
    "BedroomsTotal": 3,
    "BathroomsTotalInteger": 2,
    "LivingArea": price(1500),
    "LotSizeSquareFeet": price(9000),
    "YearBuilt": 1990,
    "Latitude": 30.0,
    "Longitude": -97.0,
    "UnparsedAddress": "8642 Quagga Ln",
    "StreetNumber": "8642",
    "StreetName": "Quagga",
    "UnitNumber": "9-Q",
    "PublicRemarks": "Marmalade porch",
    "ListingContractDate": day("2026-06-01"),
    "OnMarketDate": day("2026-06-01"),
}
_ONE_FIELD = (
    "StandardStatus", "PropertyType", "PropertySubType", "City", "CountyOrParish", "StateOrProvince", "PostalCode",
    "SubdivisionName", "ListingId", "ListAgentFullName", "ListAgentMlsId", "ListOfficeName", "ListOfficeMlsId",
    "ListPrice", "CloseDate", "BedroomsTotal", "BathroomsTotalInteger", "LivingArea", "LotSizeSquareFeet", "YearBuilt",
    "Latitude", "Longitude", "PublicRemarks", "ListingContractDate",
)  # fmt: skip
HIDING: Mapping[str, RuleSettings] = {
    "nothing": RuleSettings(),
    **{name: RuleSettings(hide_fields=(name,)) for name in _ONE_FIELD},
    **{names: RuleSettings(hide_fields=tuple(names.split(","))) for names in (_STREET, _UNIT)},
    "ClosePrice": RuleSettings(show_close_price=False),
    DAYS_ON_MARKET: RuleSettings(show_days_on_market=False),
    "nothing, too": RuleSettings(),
}
"""Providers by what their one rule hides; each has one listing, with the provider's name for a key."""
_PLACE = "Latitude Longitude"
_DAYS = f"{DAYS_ON_MARKET} CloseDate ListingContractDate"
"""The dates that days on market are computed from are hidden along with them, and they with these."""
_LESS = Range(maximum=Decimal(10**9))
_TRIANGLE = (Polygon(((-98, 29), (-96, 29), (-97, 33))),)
FILTERS: Mapping[str, tuple[Mapping[str, object], str]] = {
    "status": ({"status": ("Closed",)}, "StandardStatus"),
    "type": ({"property_type": ("Residential",)}, "PropertyType"),
    "sub-type": ({"property_sub_type": ("yurt",)}, "PropertySubType"),
    "city": ({"city": ("zanzibar", "nowhere")}, "City"),
    "county": ({"county": ("Ocelot county",)}, "CountyOrParish"),
    "state": ({"state": ("TX",)}, "StateOrProvince"),
    "postal code": ({"postal_code": ("78701",)}, "PostalCode"),
    "MLS number": ({"mls_number": ("ml7777777",)}, "ListingId"),
    "agent by name": ({"agent": ("ada quill",)}, "ListAgentFullName"),
    "agent by MLS id": ({"agent": ("agent1",)}, "ListAgentMlsId"),
    "office by name": ({"office": ("quill homes",)}, "ListOfficeName"),
    "office by MLS id": ({"office": ("office1",)}, "ListOfficeMlsId"),
    "price": ({"price": Range(minimum=Decimal(1))}, "ListPrice"),
    "bedrooms": ({"bedrooms": _LESS}, "BedroomsTotal"),
    "bathrooms": ({"bathrooms": _LESS}, "BathroomsTotalInteger"),
    "living area": ({"square_feet": _LESS}, "LivingArea"),
    "lot": ({"lot_size": _LESS}, "LotSizeSquareFeet"),
    "year built": ({"year_built": _LESS}, "YearBuilt"),
    "days on market, at least": ({"days_on_market": Range(minimum=Decimal(0))}, _DAYS),
    "days on market, at most": ({"days_on_market": Range(maximum=Decimal(9999))}, _DAYS),
    "box": ({"box": Box(-98, 29, -96, 31)}, _PLACE),
    "circle": ({"near": Near(30, -97, 10)}, _PLACE),
    "circle by distance": ({"near": Near(30, -97, 10), "sort": "distance"}, _PLACE),
    "polygon": ({"polygon": _TRIANGLE}, _PLACE),
    "word of the city": ({"keyword": "zanzibar"}, "City"),
    "the state as a word": ({"keyword": "tx 78701"}, "StateOrProvince PostalCode"),
    "word of the subdivision": ({"keyword": "kumquat"}, "SubdivisionName"),
    "word of the remarks": ({"keyword": "marmalade"}, "PublicRemarks"),
    "misspelled word of the remarks": ({"keyword": "marmalaed"}, "PublicRemarks"),
    "MLS number as a word": ({"keyword": "7777777"}, "ListingId"),
    "unit": ({"keyword": "#9q"}, _UNIT),
    "house number": ({"keyword": "8642"}, _STREET),
    "street": ({"keyword": "quagga"}, _STREET),
    "word of the remarks and of the street": ({"keyword": "quagga marmalade"}, f"PublicRemarks {_STREET}"),
    "nothing that hides": ({"featured": False}, ""),
}
"""A search and the providers whose listings it does not find."""


@pytest.fixture(scope="module")
def market_url(postgres: EmbeddedPostgres, template: str) -> Generator[str]:
    """A database with a listing of each provider, for all tests of this file that only read."""
    with fresh_database(postgres, template) as url:
        asyncio.run(_fill(url))
        yield url


@pytest.fixture
def market(market_url: str) -> "Market":
    return Market(market_url)


async def _fill(url: str) -> None:
    async with Database.open(url, size=1) as database:
        rig = ListingRig(database)
        for number, (name, settings) in enumerate(HIDING.items()):
            listing = make_listing(name, **{**_VALUES, "ListPrice": price(500_000 + number % 7)})
            await rig.put(listing, provider=name, rule=settings)


@dataclass
class Market:
    """The database of `market_url`, asked by a connection of its own each time."""

    url: str

    async def find(self, search: ListingSearch) -> tuple[list[str], int | None]:
        """The keys found, over all pages, and the total of the first page."""
        async with Database.open(self.url, size=1) as database, database.read() as connection:
            page = first = await find_listings(connection, search, NOW)
            rows = list(page.rows)
            while page.next_cursor is not None:
                page = await find_listings(connection, replace(search, cursor=page.next_cursor, page=1), NOW)
                rows += page.rows
        return [str(orjson.loads(row.document)["listingKey"]) for row in rows], first.total


@pytest.mark.parametrize(("filters", "without"), FILTERS.values(), ids=list(FILTERS))
async def test_a_filter_does_not_see_a_field_that_is_hidden(
    market: Market, filters: Mapping[str, object], without: str
) -> None:
    search = replace(PUBLIC, **filters)
    found, total = await market.find(search)
    staff, _ = await market.find(replace(search, surface=Surface.INTERNAL))

    expected = {key for key in HIDING if key not in without.split()}
    assert (set(found), total) == (expected, len(expected))
    assert set(staff) == set(HIDING)


@pytest.mark.parametrize("descending", [False, True], ids=["ascending", "descending"])
@pytest.mark.parametrize(
    ("sort", "without"),
    [
        ("listPrice", "ListPrice"),
        ("listedAt", f"{DAYS_ON_MARKET} ListingContractDate"),
        ("bedrooms", "BedroomsTotal"),
        ("livingArea", "LivingArea"),
        ("daysOnMarket", _DAYS),
        (NEWEST_ON_MARKET, _DAYS),
    ],
)
async def test_rows_that_hide_the_sort_key_come_last_and_every_row_comes_once(
    market: Market, sort: str, without: str, *, descending: bool
) -> None:
    found, total = await market.find(replace(PUBLIC, sort=sort, descending=descending, limit=3))

    last = set(without.split())
    assert sorted(found) == sorted(HIDING)
    assert set(found[-len(last) :]) == last
    assert total == len(HIDING)


async def test_pages_by_number_pass_from_rows_with_a_value_to_those_that_hide_it(market: Market) -> None:
    search = replace(PUBLIC, sort="listPrice", limit=6)
    async with Database.open(market.url, size=1) as database, database.read() as connection:
        pages = [
            await find_listings(connection, replace(search, page=number), NOW)
            for number in range(1, -(-len(HIDING) // search.limit) + 1)
        ]

    found = [orjson.loads(row.document)["listingKey"] for page in pages for row in page.rows]
    assert sorted(found) == sorted(HIDING)
    assert found[-1] == "ListPrice"


@pytest.mark.parametrize("name", [name for name in FACETS if name != "providerId"])
async def test_a_facet_does_not_count_a_row_that_hides_it(market: Market, name: str) -> None:
    hidden = {
        "status": "StandardStatus", "propertyType": "PropertyType", "propertySubType": "PropertySubType",
        "city": "City", "county": "CountyOrParish", "state": "StateOrProvince", "postalCode": "PostalCode",
        "agent": "ListAgentFullName", "office": "ListOfficeName",
    }[name]  # fmt: skip
    async with Database.open(market.url, size=1) as database, database.read() as connection:
        every = await find_listings(connection, replace(PUBLIC, facets=(name,)), NOW)
        one = await find_listings(connection, replace(PUBLIC, facets=(name,), provider_id=(hidden,)), NOW)

    assert [value.count for value in every.facets[name]] == [len(HIDING) - 1]
    assert (one.total, one.facets[name]) == (1, [])


async def test_statistics_count_a_value_only_where_it_is_shown(market: Market) -> None:
    async with Database.open(market.url, size=1) as database, database.read() as connection:
        every = await get_stats(connection, PUBLIC, NOW)
        of = {name: await get_stats(connection, replace(PUBLIC, provider_id=(name,)), NOW) for name in HIDING}

    one_less = len(HIDING) - 1
    assert every.total == len(HIDING)
    assert (every.by_status, every.by_type, every.by_city) == (
        {"Closed": one_less}, {"Residential": one_less}, {"Zanzibar": one_less},
    )  # fmt: skip
    assert {name: one.total for name, one in of.items()} == dict.fromkeys(HIDING, 1)
    assert {name for name, one in of.items() if one.offers["other"].total} == {"PropertyType"}
    assert {name for name, one in of.items() if not one.by_status} == {"StandardStatus"}
    assert {name for name, one in of.items() if not one.by_city} == {"City"}
    medians = {name: [offer.prices.median for offer in one.offers.values() if offer.total] for name, one in of.items()}
    assert {name for name, found in medians.items() if found == [None]} == {"ListPrice"}
    listed, closed = date(2026, 6, 1), date(2026, 9, 1)
    assert {name for name, one in of.items() if listed not in one.by_month} == set(_DAYS.split())
    assert {name for name, one in of.items() if closed not in one.by_month} == {"StandardStatus", "CloseDate"}
    prices = {
        name: [month.median_close_price for month in one.by_month.get(closed, {}).values()] for name, one in of.items()
    }
    assert {name for name, found in prices.items() if found and not any(found)} == {"ClosePrice"}


@pytest.mark.parametrize(
    ("typed", "kind", "text", "hides"),
    [
        ("zanz", "city", "Zanzibar", 1),
        ("zanzibra", "city", "Zanzibar", 1),
        ("787", "postalCode", "78701", 1),
        ("kumq", "subdivision", "Kumquat Ridge", 1),
        ("ml-77", "mlsNumber", "ML-7777777", 1),
        ("77777", "mlsNumber", "ML-7777777", 1),
        ("8642 qua", "address", "8642 Quagga Ln", 2),
        ("quagg", "address", "8642 Quagga Ln", 2),
        ("qagga", "address", "8642 Quagga Ln", 2),
    ],
)
async def test_a_suggestion_counts_the_listings_that_show_it(
    market: Market, typed: str, kind: str, text: str, hides: int
) -> None:
    async with Database.open(market.url, size=1) as database, database.read() as connection:
        found = await suggest(connection, typed, Surface.PUBLIC, NOW)
        staff = await suggest(connection, typed, Surface.INTERNAL, NOW)

    assert [(one.kind, one.text, one.count) for one in found] == [(kind, text, len(HIDING) - hides)]
    assert [(one.kind, one.text, one.count) for one in staff] == [(kind, text, len(HIDING))]


@pytest.mark.parametrize(
    "search",
    [PUBLIC, replace(PUBLIC, keyword="quagga"), replace(PUBLIC, sort="daysOnMarket")],
    ids=["the default list", "keywords", "by days on market"],
)
async def test_days_on_market_are_null_in_lists_where_they_are_hidden(market: Market, search: ListingSearch) -> None:
    async with Database.open(market.url, size=1) as database, database.read() as connection:
        found = await find_listings(connection, search, NOW)

    days = {one["listingKey"]: one["daysOnMarket"] for one in (orjson.loads(row.text) for row in found.rows)}
    assert {key for key, value in days.items() if value is None} == set(_DAYS.split())
    assert {value for value in days.values() if value is not None} == {111}


async def test_a_cursor_does_not_carry_a_hidden_value(market: Market) -> None:
    async with Database.open(market.url, size=1) as database, database.read() as connection:
        size = len(HIDING) - 1
        page = await find_listings(connection, replace(PUBLIC, sort="listPrice", limit=size), NOW)
        rest = await find_listings(connection, replace(PUBLIC, sort="listPrice", cursor=page.next_cursor), NOW)
        past = await find_listings(connection, replace(PUBLIC, sort="listPrice", descending=True, limit=size), NOW)

    assert [orjson.loads(row.document)["listingKey"] for row in rest.rows] == ["ListPrice"]
    assert past.next_cursor is not None


_SECRETS = (
    {
        "City": "Xanadu", "PostalCode": "99123", "SubdivisionName": "Wombat Gardens", "ListingId": "ZQ-5551234",
        "PublicRemarks": "Xylophone in the attic", "UnparsedAddress": "7531 Pelican Way", "StreetNumber": "7531",
        "StreetName": "Pelican", "PropertySubType": "Igloo", "StateOrProvince": "Alberta", "ListPrice": price(7),
        "BedroomsTotal": 17, "Latitude": 41.0, "Longitude": -88.0, "ListingContractDate": day("2026-02-01"),
        "StandardStatus": "Pending", "PropertyType": "Land",
    },
    {
        "City": "Ypsilanti", "PostalCode": "10001", "SubdivisionName": "Other", "ListingId": "AA-1",
        "PublicRemarks": "Plain", "UnparsedAddress": "1 First St", "StreetNumber": "1", "StreetName": "First",
        "PropertySubType": "Farm", "StateOrProvince": "TX", "ListPrice": price(999), "BedroomsTotal": 1,
        "Latitude": 30.0, "Longitude": -97.0, "ListingContractDate": day("2026-10-01"),
        "StandardStatus": "Active", "PropertyType": "Residential",
    },
)  # fmt: skip
_SIMILAR = {
    "City": "Xanadi", "PostalCode": "99124", "SubdivisionName": "Wombet Gardens", "ListingId": "ZQ-9990000",
    "PublicRemarks": "Xylophane with a porch", "UnparsedAddress": "7532 Pelicam Way", "StreetNumber": "7532",
    "StreetName": "Pelicam",
}  # fmt: skip
_HIDES_ALL = RuleSettings(hide_fields=tuple(sorted(HIDEABLE_FIELDS)), show_days_on_market=False)
_TYPED = (
    "xana",
    "xanadu",
    "99",
    "99123",
    "womb",
    "wombat",
    "zq",
    "zq-5551234",
    "5551234",
    "7531 pel",
    "pelican",
    "pelic",
)
_QUESTIONS = (
    *(replace(PUBLIC, keyword=word) for word in ("xanadu", "xylophone", "pelican 7531", "5551234", "wombat", "99123")),
    *(replace(PUBLIC, sort=sort, descending=True) for sort in SORTS if sort != "distance"),
    replace(PUBLIC, facets=tuple(name for name in FACETS if name != "providerId")),
    replace(PUBLIC, price=Range(maximum=Decimal(10))),
    replace(PUBLIC, box=Box(-89, 40, -87, 42)),
    replace(PUBLIC, property_sub_type=("igloo",)),
    replace(PUBLIC, state=("alberta",)),
    replace(PUBLIC, city=("Xanadu",), facets=("city",)),
)


async def test_answers_are_the_same_whatever_the_hidden_values_are(postgres: EmbeddedPostgres, template: str) -> None:
    told: list[Sequence[object]] = []
    for secret in _SECRETS:
        with fresh_database(postgres, template) as url:
            async with Database.open(url, size=1) as database:
                rig = ListingRig(database)
                await rig.put(make_listing("shown", **_SIMILAR), provider="open")
                await rig.put(make_listing("hidden", **secret), rule=_HIDES_ALL)
                told.append(await _ask(rig))

    assert "Xanadi" in str(told)
    for one, other in zip(*told, strict=True):
        assert one == other


async def _ask(rig: ListingRig) -> list[object]:
    """What the public is told: suggestions, lists, facets, totals, errors and statistics."""
    told: list[object] = []
    async with rig.database.read() as connection:
        for typed in _TYPED:
            offers = await suggest(connection, typed, Surface.PUBLIC, NOW)
            told.append((typed, [(one.kind, one.text, one.count) for one in offers]))
        for search in _QUESTIONS:
            try:
                found = await find_listings(connection, search, NOW)
            except InvalidInput as error:
                told.append(str(error))
                continue
            rows = [{**orjson.loads(row.text), "id": None} for row in found.rows]
            told.append((rows, found.total, found.facets))
        told.append(await get_stats(connection, PUBLIC, NOW))
    return told


_GET_WORDS = Query("words", "Stored words.", "SELECT open_words::text FROM properties ORDER BY listing_key")
_OUTDATE = Query("outdate", "To be rebuilt.", "UPDATE properties SET document_version = 'old', open_words = NULL")


@pytest.mark.parametrize(
    ("settings", "flags", "expected"),
    [
        (RuleSettings(), {}, None),
        (RuleSettings(hide_fields=("ListPrice",)), {}, None),
        (RuleSettings(hide_fields=("PublicRemarks",)), {}, "8642 austin elm ln tx"),
        (RuleSettings(hide_fields=("City", "StateOrProvince")), {}, "8642 elm ln porch sunni"),
        (RuleSettings(), {"InternetAddressDisplayYN": False}, "austin porch sunni tx"),
        (RuleSettings(hide_fields=("City",)), {"InternetAddressDisplayYN": False}, "porch sunni tx"),
        (RuleSettings(hide_fields=("UnparsedAddress",)), {}, "8642 austin elm porch sunni tx"),
    ],
)
async def test_open_words_are_those_of_what_is_shown_and_stored_where_some_are_not(
    listing_rig: ListingRig, settings: RuleSettings, flags: Mapping[str, object], expected: str | None
) -> None:
    address = {"UnparsedAddress": "8642 Elm Ln", "StreetNumber": "8642", "StreetName": "Elm"}
    await listing_rig.put(make_listing("1", **address, PublicRemarks="Sunny porch", **flags), rule=settings)
    stored = await _words(listing_rig)
    async with listing_rig.database.transaction() as connection:
        await connection.run(_OUTDATE)
    await rebuild_documents(listing_rig.database, SetClock(NOW), "board")

    assert stored == [None if expected is None else " ".join(f"'{word}'" for word in expected.split())]
    assert await _words(listing_rig) == stored


async def _words(rig: ListingRig) -> Sequence[object]:
    async with rig.database.read() as connection:
        return [row[0] for row in await connection.tuples(_GET_WORDS)]


async def test_words_that_are_not_stored_anew_yet_are_not_found_where_any_is_hidden(listing_rig: ListingRig) -> None:
    hiding = RuleSettings(hide_fields=("PublicRemarks",))
    await listing_rig.put(make_listing("1", PublicRemarks="Sunny porch"), rule=hiding)
    async with listing_rig.database.transaction() as connection:
        await connection.run(_OUTDATE)

    assert await listing_rig.keys(replace(PUBLIC, keyword="porch")) == []


async def test_hidden_fields_are_read_of_the_current_public_rules_alone(listing_rig: ListingRig) -> None:
    rules = [
        {RuleKey("board"): RuleSettings(hide_fields=("City",), statuses=("Active",))},
        {
            RuleKey("board"): RuleSettings(show_close_price=True),
            RuleKey("board", feed="IDX"): RuleSettings(hide_fields=("ListPrice", "YearBuilt")),
            RuleKey("board", ours=True): RuleSettings(show_close_price=False),
        },
        {RuleKey("board"): RuleSettings(show_days_on_market=True, hide_fields=())},
    ]
    found: list[frozenset[str]] = []
    await listing_rig.put()
    async with listing_rig.database.transaction() as connection:
        for one in rules:
            await replace_rules(connection, "board", one, [], "ada", NOW)
            found.append((await get_view(connection, Surface.PUBLIC, NOW)).hidden)

    assert found == [{"City"}, {"ListPrice", "YearBuilt", "ClosePrice"}, set()]


def test_the_settings_that_hide_fields_are_those_that_are_read() -> None:
    least = DEFAULTS.model_copy(
        update={"show_close_price": False, "show_days_on_market": False, "hide_fields": ("City",)}
    )

    assert set(least.hidden.values()) == HIDING_SETTINGS
    assert not DEFAULTS.hidden
    assert not RuleSettings().hidden


async def test_staff_s_searches_are_composed_without_asking_for_rules() -> None:
    nothing = cast("ReadConnection", None)  # what is asked of it is an error

    assert await get_view(nothing, Surface.INTERNAL, NOW) == SearchView(Surface.INTERNAL, NOW)


_STATEMENTS_OF_STATS = ("stats_counts", "stats_prices", "stats_months")


def _to_statements(view: SearchView) -> list[str]:
    """Every statement of a search of the view, as its SQL."""
    base = ListingSearch(surface=view.surface)
    some = Range(Decimal(1), Decimal(5))
    searches = [replace(base, **{name: ("x",)}) for name in EXACT_FILTERS.values()]
    searches += [replace(base, **{name: some}) for name in RANGE_FILTERS.values()]
    searches += [replace(base, sort=sort) for sort in (*SORTS, NEWEST_ON_MARKET) if sort != "distance"]
    searches += [base, replace(base, keyword="elm"), replace(base, box=Box(1, 2, 3, 4), polygon=_TRIANGLE)]
    searches.append(replace(base, near=Near(1, 2), sort="distance"))
    texts: list[str] = []
    for search in searches:
        conditions = to_conditions(search, view, split_keywords(search.keyword) if search.keyword else ())
        order, after = to_order(search, view), CursorPosition(5, UUID(int=7))
        first, last = Window(order, 20, count_bound=COUNT_BOUND), Window(replace(order, has_value=False), 20, 0, after)
        statements = [to_page(search, view, conditions, window)[0] for window in (first, last)]
        statements.append(to_count_statement(conditions, COUNT_BOUND))
        statements += [to_stats_statement(name, conditions, view) for name in _STATEMENTS_OF_STATS]
        texts += [statement.sql for statement in statements]
        texts += [to_facet_statement(column, conditions, view).as_string() for column in FACETS.values()]
    return texts


def test_statements_are_as_without_rules_where_no_rule_hides_what_they_compare() -> None:
    usual = _to_statements(SearchView(Surface.PUBLIC, NOW))
    unused = _to_statements(SearchView(Surface.PUBLIC, NOW, frozenset({"Stories", "TaxAnnualAmount"})))
    asked = _to_statements(SearchView(Surface.PUBLIC, NOW, frozenset({"City"})))

    assert usual == unused
    assert not [text for text in usual if "hidden_fields" in text]
    assert 0 < len([text for text in asked if "hidden_fields" in text]) < len(asked)
    assert "City" in WORD_FIELDS
