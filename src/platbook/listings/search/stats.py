"""Market statistics of a search's matches: counts, and prices of sales and leases apart, in all and by month.

Every statement reads the matches once: the cost grows with their number.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import LiteralString, NamedTuple, cast

from platbook.db import Query, ReadConnection
from platbook.db.compose import SQL, Composable, Identifier, Literal, to_statement, to_text
from platbook.db.lists import STATEMENT_CACHE_SIZE, Conditions
from platbook.listings.search.closed_lists import resolve_values
from platbook.listings.search.columns import SearchView
from platbook.listings.search.filters import ListingSearch
from platbook.listings.search.find import count_matches
from platbook.listings.search.statement import to_conditions
from platbook.listings.search.views import get_view
from platbook.reso.lookups import PropertyType

_MAX_CITIES = 100
_MAX_MONTHS = 36

LEASES = (PropertyType.RESIDENTIAL_LEASE, PropertyType.COMMERCIAL_LEASE)
"""The property types whose price is a rent; RESO's others are sold."""

OFFERS = ("sale", "lease", "other")
"""What a listing offers, by its property type; other: the type is none of RESO's, so that it is not known."""


@dataclass(frozen=True, slots=True)
class Prices:
    """The median of list prices, and the quarters below and above it; None where no listing has a price."""

    lower_quartile: float | None = None
    median: float | None = None
    upper_quartile: float | None = None


@dataclass(frozen=True, slots=True)
class OfferStats:
    """The listings of one kind of offer."""

    total: int = 0
    prices: Prices = Prices()


@dataclass(slots=True)
class MonthStats:
    """What came on the market and what was closed in one month, of one kind of offer; medians of their prices."""

    listed: int = 0
    median_list_price: float | None = None
    closed: int = 0
    median_close_price: float | None = None


@dataclass(slots=True)
class MarketStats:
    """Counts of the matches; cities: the hundred with the most; months in UTC, the newest first."""

    offers: Mapping[str, OfferStats]
    by_month: Mapping[date, Mapping[str, MonthStats]]
    total: int = 0
    by_status: dict[str, int] = field(default_factory=dict[str, int])
    by_type: dict[str, int] = field(default_factory=dict[str, int])
    by_city: dict[str, int] = field(default_factory=dict[str, int])


_OFFER = SQL(
    "CASE WHEN property_type = ANY({leases}) THEN 'lease' WHEN property_type = ANY({sales}) THEN 'sale'"
    " ELSE 'other' END"
).format(leases=Literal([*LEASES]), sales=Literal([one for one in PropertyType if one not in LEASES]))

# The month of closing counts where the listing was closed; a source may keep an expected date before that.
_FORMS: Mapping[str, Composable] = {
    "stats_counts": SQL(
        "SELECT grouping(standard_status, property_type, city), coalesce(standard_status, property_type, city),"
        " count(*) FROM {rows}"
        " GROUP BY GROUPING SETS ((standard_status), (property_type), (city), ()) ORDER BY count(*) DESC, 2"
    ),
    "stats_prices": SQL(
        "SELECT offer, count(*), percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY price)"
        " FROM (SELECT {offer} AS offer, list_price::float8 AS price FROM {rows}) AS matching"
        " GROUP BY offer"
    ),
    "stats_months": SQL(
        "SELECT event, month, offer, count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY price)"
        " FROM (SELECT {offer} AS offer, listed_at, close_date, standard_status, list_price, close_price"
        " FROM {rows}) AS matching, LATERAL (VALUES"
        " ('listed', date_trunc('month', listed_at AT TIME ZONE 'UTC')::date, list_price::float8),"
        " ('closed', date_trunc('month', CASE WHEN standard_status = 'Closed' THEN close_date END::timestamp)::date,"
        " close_price::float8)) AS one (event, month, price)"
        " WHERE month IS NOT NULL GROUP BY event, month, offer"
    ),
}
_COLUMNS: tuple[LiteralString, ...] = (
    "standard_status", "property_type", "city", "list_price", "listed_at", "close_date", "close_price",
)  # fmt: skip
_ROWS = SQL("properties WHERE {where}")
_ROWS_AS_SHOWN = SQL("(SELECT {columns} FROM properties WHERE {where}) AS shown")
_STATUS, _TYPE, _CITY, _ALL = 0b011, 0b101, 0b110, 0b111


class _Matches(NamedTuple):
    """The conditions of the listings that are counted, and what of these is seen."""

    conditions: Conditions
    view: SearchView


async def get_stats(connection: ReadConnection, search: ListingSearch, now: datetime) -> MarketStats:
    """Compute the statistics of all matches of a search, whatever its page. Errors: those of `find_listings`."""
    view = await get_view(connection, search.surface, now)
    search = await resolve_values(connection, search, view)
    keywords, count = await count_matches(connection, search, view)
    matches = _Matches(to_conditions(search, view, keywords, dense=count.is_capped), view)
    stats = MarketStats(await _find_offers(connection, matches), await _find_months(connection, matches))
    groups = {_STATUS: stats.by_status, _TYPE: stats.by_type, _CITY: stats.by_city}
    for grouping, value, number in await _read(connection, "stats_counts", matches):
        if grouping == _ALL:
            stats.total = cast("int", number)
        elif value is not None and len(group := groups[cast("int", grouping)]) < _MAX_CITIES:
            group[str(value)] = cast("int", number)
    return stats


def to_stats_statement(name: str, conditions: Conditions, view: SearchView) -> Query:
    """One of the statements, over the matches of some conditions; a value that is hidden counts as none."""
    rows = _ROWS.format(where=conditions.where)
    if view.shown(*_COLUMNS) is not None:
        columns = [SQL("{} AS {}").format(view.value(column), Identifier(column)) for column in _COLUMNS]
        rows = _ROWS_AS_SHOWN.format(columns=SQL(", ").join(columns), where=conditions.where)
    return _compose(name, to_text(rows))


async def _find_offers(connection: ReadConnection, matches: _Matches) -> Mapping[str, OfferStats]:
    offers: dict[str, OfferStats] = {name: OfferStats() for name in OFFERS}
    for offer, total, quarters in await _read(connection, "stats_prices", matches):
        prices = Prices(*map(_to_cents, cast("list[float] | None", quarters) or ()))
        offers[str(offer)] = OfferStats(cast("int", total), prices)
    return offers


async def _find_months(connection: ReadConnection, matches: _Matches) -> dict[date, dict[str, MonthStats]]:
    months: dict[date, dict[str, MonthStats]] = {}
    for event, month, offer, count, median in await _read(connection, "stats_months", matches):
        offers = months.setdefault(cast("date", month), {name: MonthStats() for name in OFFERS})
        one, price = offers[str(offer)], _to_cents(cast("float | None", median))
        if event == "listed":
            one.listed, one.median_list_price = cast("int", count), price
        else:
            one.closed, one.median_close_price = cast("int", count), price
    return {month: months[month] for month in sorted(months, reverse=True)[:_MAX_MONTHS]}


def _to_cents(price: float | None) -> float | None:
    return None if price is None else round(price, 2)


async def _read(connection: ReadConnection, name: str, matches: _Matches) -> list[tuple[object, ...]]:
    statement = to_stats_statement(name, matches.conditions, matches.view)
    return await connection.tuples(statement, matches.conditions.params)


@lru_cache(STATEMENT_CACHE_SIZE)
def _compose(name: str, rows: LiteralString) -> Query:
    return to_statement(name, cast("SQL", _FORMS[name]).format(rows=SQL(rows), offer=_OFFER))
