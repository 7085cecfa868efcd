"""Market statistics: listing counts by status, type and city, and price quartiles."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import cast

from platbook.base.actor import Surface
from platbook.db import ReadConnection
from platbook.db.compose import SQL
from platbook.listings.search.columns import VISIBLE_ROWS

_MAX_CITIES = 100


@dataclass(frozen=True, slots=True)
class Prices:
    """List prices: the median, and the quarters below and above it; None where no listing has a price."""

    lower_quartile: Decimal | None
    median: Decimal | None
    upper_quartile: Decimal | None


@dataclass(slots=True)
class MarketStats:
    """Counts of the listings one surface sees; cities: the hundred with the most."""

    prices: Prices
    total: int = 0
    by_status: dict[str, int] = field(default_factory=dict[str, int])
    by_type: dict[str, int] = field(default_factory=dict[str, int])
    by_city: dict[str, int] = field(default_factory=dict[str, int])


_COUNTS = SQL(
    "SELECT grouping(standard_status, property_type, city), coalesce(standard_status, property_type, city), count(*)"
    " FROM properties WHERE {} GROUP BY GROUPING SETS ((standard_status), (property_type), (city), ())"
    " ORDER BY count(*) DESC, 2"
)
_PRICES = SQL(
    "SELECT percentile_disc(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY list_price)"
    " FROM properties WHERE {} AND list_price IS NOT NULL"
)
_STATUS, _TYPE, _CITY, _ALL = 0b011, 0b101, 0b110, 0b111


async def get_stats(connection: ReadConnection, surface: Surface) -> MarketStats:
    """Compute the statistics; the cost grows with the market."""
    ((quarters,),) = await connection.tuples(_PRICES.format(VISIBLE_ROWS[surface]))
    stats = MarketStats(Prices(*(cast("list[Decimal] | None", quarters) or (None, None, None))))
    groups = {_STATUS: stats.by_status, _TYPE: stats.by_type, _CITY: stats.by_city}
    for grouping, value, count in await connection.tuples(_COUNTS.format(VISIBLE_ROWS[surface])):
        if grouping == _ALL:
            stats.total = cast("int", count)
        elif value is not None and len(group := groups[cast("int", grouping)]) < _MAX_CITIES:
            group[str(value)] = cast("int", count)
    return stats
