"""The allow-list of columns a search may use, which of them each surface may, and of which rows.

A rule takes a field away from some listings and not from others (`properties.hidden_fields`). Whatever a public search
does with a column (filter, sort, count, compute) it does with the rows that show its field; the others count as without
a value. Where no rule hides the field, that adds nothing to a statement.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import LiteralString

from platbook.base.actor import Surface
from platbook.base.errors import InvalidInput
from platbook.base.folding import fold
from platbook.db.compose import SQL, Composable, Identifier, Literal
from platbook.listings.words import to_mls_key
from platbook.reso.fields import BY_COLUMN
from platbook.reso.lookups import state_spellings
from platbook.reso.public_fields import DAYS_ON_MARKET, is_public_field

EXACT_COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "status": ("standard_status",),
        "propertyType": ("property_type",),
        "propertySubType": ("property_sub_type",),
        "city": ("city",),
        "county": ("county_or_parish",),
        "state": ("state_or_province",),
        "postalCode": ("postal_code",),
        "mlsNumber": ("listing_id",),
        "agent": ("list_agent_key", "list_agent_mls_id", "list_agent_full_name"),
        "office": ("list_office_key", "list_office_mls_id", "list_office_name"),
        "providerId": ("provider_id",),
    }
)
"""Filters by values and their columns; several columns: any of them."""


@dataclass(frozen=True, slots=True)
class FoldedColumn:
    """How a column is compared folded: by a function of SQL in its index, and by an equal one that folds a value."""

    expression: SQL
    fold: Callable[[str], Sequence[str]]


_FOLD_TEXT = SQL("fold_text({})")
_NAME = FoldedColumn(_FOLD_TEXT, lambda text: (fold(text),))
FOLDED_COLUMNS: Mapping[str, FoldedColumn] = MappingProxyType(
    {
        "city": _NAME,
        "county_or_parish": _NAME,
        "list_agent_full_name": _NAME,
        "list_office_name": _NAME,
        "state_or_province": FoldedColumn(_FOLD_TEXT, state_spellings),
        "listing_id": FoldedColumn(SQL("mls_number_key({})"), lambda text: (to_mls_key(text),)),
    }
)
"""The columns that are compared without regard to case and accents, or to punctuation; the others exactly."""

RANGE_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "Price": "list_price",
        "Bedrooms": "bedrooms_total",
        "Bathrooms": "bathrooms_total",
        "SquareFeet": "living_area",
        "LotSize": "lot_size_square_feet",
        "YearBuilt": "year_built",
    }
)
"""Ranges over a column; days on market are computed."""

_BOOKKEEPING_COLUMNS = frozenset({"provider_id", "listing_key", "is_featured", "modified_at", "listed_at"})

_FIELD_OF: Mapping[str, str] = MappingProxyType(
    {
        **{column: field.name for column, field in BY_COLUMN.items()},
        # What days on market are computed from is shown with them.
        "listed_at": DAYS_ON_MARKET,
        "off_market_at": DAYS_ON_MARKET,
    }
)
"""The RESO name of the field that a column reveals."""

DOCUMENT_COLUMN: Mapping[Surface, Composable] = MappingProxyType(
    {Surface.INTERNAL: Identifier("internal_document"), Surface.PUBLIC: Identifier("public_document")}
)
"""The prebuilt JSON document of each surface."""

_VISIBLE_ROWS: Mapping[Surface, Composable] = MappingProxyType(
    {
        Surface.INTERNAL: SQL("visible"),
        Surface.PUBLIC: SQL("listing_is_public(visible, public_document, public_until, %(now)s)"),
    }
)


@dataclass(frozen=True, slots=True)
class SearchView:
    """Who searches, and when: what rows a statement may look at, and what of them.

    `hidden`: RESO names of the fields that rules hide of some rows of this surface; each row says which of them it
    hides. See `views.get_view`. `stale`: providers of which this surface sees nothing now, since their copy is too old.
    `days_until`: the moment that days on market are counted to, where it is not `now`.
    """

    surface: Surface
    now: datetime
    hidden: frozenset[str] = frozenset()
    stale: tuple[str, ...] = ()
    days_until: datetime | None = None

    @property
    def rows(self) -> Composable:
        """The condition of the rows that are in lists, over `params`."""
        rows = _VISIBLE_ROWS[self.surface]
        return _FRESH_ROWS.format(rows) if self.stale else rows

    @property
    def params(self) -> dict[str, object]:
        """The parameters of `rows`, and of what is compared with the clock."""
        return {"now": self.now, "days_until": self.days_until or self.now, "stale": list(self.stale)}

    @property
    def is_public(self) -> bool:
        """Whether everybody may see what is found."""
        return self.surface is Surface.PUBLIC

    def shown(self, *columns: str) -> Composable | None:
        """The condition that a row shows the fields of these columns; None where no rule hides any of them."""
        return self.shows(_FIELD_OF[column] for column in columns if column in _FIELD_OF)

    def shows(self, fields: Iterable[str]) -> Composable | None:
        """The condition that a row shows these fields, by RESO name; None where no rule hides any of them."""
        hidden = self.hidden.intersection(fields)
        return _SHOWN.format(Literal(sorted(hidden))) if hidden else None

    def value(self, column: LiteralString) -> Composable:
        """A column where its field is shown, else NULL."""
        shown = self.shown(column)
        return SQL(column) if shown is None else _VALUE.format(shown=shown, column=SQL(column))

    def only_shown(self, condition: Composable, *columns: str) -> Composable:
        """A condition on these columns, for the rows that show their fields."""
        shown = self.shown(*columns)
        return condition if shown is None else SQL("({} AND {})").format(condition, shown)


_FRESH_ROWS = SQL("{} AND provider_id <> ALL(%(stale)s::text[])")
_SHOWN = SQL("(hidden_fields IS NULL OR NOT hidden_fields && {}::text[])")
_VALUE = SQL("CASE WHEN {shown} THEN {column} END")


def is_usable(column: str, surface: Surface) -> bool:
    """Whether this surface is shown the column at all, and so may filter and sort by it."""
    return surface is Surface.INTERNAL or column in _BOOKKEEPING_COLUMNS or is_public_field(BY_COLUMN[column])


def to_usable(columns: tuple[str, ...], surface: Surface, parameter: str) -> tuple[str, ...]:
    """Those of a filter's columns that the surface may use. Errors: `InvalidInput` where none is left."""
    usable = tuple(column for column in columns if is_usable(column, surface))
    if not usable:
        raise InvalidInput.of(parameter, "is not public")
    return usable
