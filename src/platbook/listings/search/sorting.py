"""The sorts of the listing search, and the cursors of its keyset pagination, which stay stable while rows change."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from platbook.db.compose import to_text
from platbook.db.lists import (
    CursorPosition,
    SortKey,
    SortOrder,
    date_key,
    decode_cursor,
    encode_cursor,
    numeric_key,
    parse_float,
    timestamp_key,
    to_fingerprint,
)
from platbook.listings.search.columns import SearchView, is_usable
from platbook.listings.search.filters import ListingSearch

DISTANCE = (
    "2 * 3958.7613 * asin(least(1, sqrt("
    "sin(radians(latitude - %(near_latitude)s) / 2) ^ 2 + cos(radians(%(near_latitude)s)) * cos(radians(latitude))"
    " * sin(radians(longitude - %(near_longitude)s) / 2) ^ 2)))"
)
"""Miles from `near`, by the haversine formula."""

_DAYS_ON_MARKET = "extract(epoch FROM coalesce(off_market_at, %(days_until)s::timestamptz) - listed_at)"


@dataclass(frozen=True, slots=True)
class SearchSort:
    """One sort: its key, the column that decides by its visibility who may use it, and its default direction."""

    key: SortKey
    column: str
    descending: bool = False


SORTS: Mapping[str, SearchSort] = MappingProxyType(
    {
        "modifiedAt": SearchSort(timestamp_key("modified_at"), "modified_at", descending=True),
        "listPrice": SearchSort(numeric_key("list_price", nullable=True), "list_price"),
        "listedAt": SearchSort(
            date_key("listing_contract_date", nullable=True), "listing_contract_date", descending=True
        ),
        "bedrooms": SearchSort(numeric_key("bedrooms_total", nullable=True), "bedrooms_total"),
        "livingArea": SearchSort(numeric_key("living_area", nullable=True), "living_area"),
        "daysOnMarket": SearchSort(numeric_key(_DAYS_ON_MARKET, nullable=True), "listed_at"),
        "distance": SearchSort(SortKey(DISTANCE, "double precision", parse_float, nullable=True), "latitude"),
    }
)
"""Every sort by its API name."""

NEWEST_ON_MARKET = "newestOnMarket"
"""A sort that is not in the API: by the time that days on market are counted from."""

_ALL_SORTS = {
    **SORTS,
    NEWEST_ON_MARKET: SearchSort(timestamp_key("listed_at", nullable=True), "listed_at", descending=True),
}


def can_sort(search: ListingSearch) -> bool:
    """Whether the search's surface may see the column that it sorts by."""
    return is_usable(_ALL_SORTS[search.sort].column, search.surface)


def to_order(search: ListingSearch, view: SearchView) -> SortOrder:
    """The order of the rows that have a value of the sort key and show it; the others come after them."""
    sort = _ALL_SORTS[search.sort]
    shown = view.shown(sort.column)
    key = sort.key if shown is None else replace(sort.key, known=to_text(shown), nullable=True)
    return SortOrder(key, search.descending)


def to_cursor(search: ListingSearch, position: CursorPosition) -> str:
    """The cursor of the next page of a search."""
    return encode_cursor(_to_fingerprint(search), position)


def parse_cursor(search: ListingSearch) -> CursorPosition | None:
    """Read a search's cursor. Errors: `InvalidInput` for one that is malformed, or of another list or order."""
    if search.cursor is None:
        return None
    return decode_cursor(search.cursor, _to_fingerprint(search), _ALL_SORTS[search.sort].key.parse)


def _to_fingerprint(search: ListingSearch) -> str:
    """A distance means something only from the same point."""
    near = f"{search.near.latitude!r},{search.near.longitude!r}" if search.near and search.sort == "distance" else ""
    return to_fingerprint("listings", search.sort, descending=search.descending, origin=near)
