"""The orders a list can have, and the cursor that goes on after a row, stable while rows change.

Rows stand in two segments: those with a value, by it and then by id, and those without, by id. The segments are read
one after the other, so that each is one walk of an index.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import InvalidOperation
from types import MappingProxyType
from uuid import UUID

from platbook.base.errors import InvalidInput
from platbook.db.compose import SQL, Composable, Identifier
from platbook.db.keyset import pack, read_float, read_moment, read_number, to_text, unpack
from platbook.listings.search.filters import ListingSearch

DISTANCE = SQL(
    "2 * 3958.7613 * asin(least(1, sqrt("
    "sin(radians(latitude - %(near_latitude)s) / 2) ^ 2 + cos(radians(%(near_latitude)s)) * cos(radians(latitude))"
    " * sin(radians(longitude - %(near_longitude)s) / 2) ^ 2)))"
)
"""Miles from `near`, by the haversine formula."""

_DAYS = SQL("extract(epoch FROM coalesce(off_market_at, %(now)s::timestamptz) - listed_at)")


@dataclass(frozen=True, slots=True)
class SearchSort:
    """One order: its SQL, how its values are read back from a cursor, and its direction where none is asked for."""

    expression: Composable
    read: Callable[[str], object]
    sql_type: SQL
    column: str
    descending: bool = False
    nullable: bool = True


SORTS: Mapping[str, SearchSort] = MappingProxyType(
    {
        "modifiedAt": SearchSort(
            Identifier("modified_at"), read_moment, SQL("timestamptz"), "modified_at", descending=True, nullable=False
        ),
        "listPrice": SearchSort(Identifier("list_price"), read_number, SQL("numeric"), "list_price"),
        "listedAt": SearchSort(Identifier("listed_at"), read_moment, SQL("timestamptz"), "listed_at", descending=True),
        "bedrooms": SearchSort(Identifier("bedrooms_total"), read_number, SQL("numeric"), "bedrooms_total"),
        "livingArea": SearchSort(Identifier("living_area"), read_number, SQL("numeric"), "living_area"),
        "daysOnMarket": SearchSort(_DAYS, read_number, SQL("numeric"), "listed_at"),
        "distance": SearchSort(DISTANCE, read_float, SQL("double precision"), "latitude"),
    }
)
"""Every order by the API's word."""


@dataclass(frozen=True, slots=True)
class SeekPosition:
    """The row a page goes on after.

    `value` None: it stands in the segment without values. `now`: the moment of the first page.
    """

    value: object
    id: UUID
    now: datetime


def to_cursor(search: ListingSearch, place: SeekPosition) -> str:
    """Write a place down, with what it holds for."""
    return pack([_fingerprint(search), to_text(place.value), place.id, place.now.isoformat()])


def parse_cursor(search: ListingSearch) -> SeekPosition | None:
    """Read a search's cursor. Errors: `InvalidInput` for one that is garbage or of another order."""
    if search.cursor is None:
        return None
    try:
        return _to_place(search, search.cursor)
    except (ValueError, TypeError, InvalidOperation, OverflowError) as error:
        raise InvalidInput.of("cursor", "is not of this list in this order") from error


def _to_place(search: ListingSearch, cursor: str) -> SeekPosition:
    fingerprint, value, row, now = unpack(cursor)
    if fingerprint != _fingerprint(search):
        raise ValueError(cursor)
    return SeekPosition(
        None if value is None else SORTS[search.sort].read(str(value)), UUID(str(row)), read_moment(str(now))
    )


def _fingerprint(search: ListingSearch) -> str:
    near = f"{search.near.latitude!r},{search.near.longitude!r}" if search.near and search.sort == "distance" else ""
    return f"{search.sort}{'-' if search.descending else '+'}{near}"
