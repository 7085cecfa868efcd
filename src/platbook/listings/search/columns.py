"""The allow-list of columns a search may use, and which of them each surface may."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from platbook.base.actor import Surface
from platbook.base.errors import InvalidInput
from platbook.base.folding import fold
from platbook.db.compose import SQL, Composable, Identifier
from platbook.listings.display import is_public_field
from platbook.listings.words import to_mls_key
from platbook.reso.fields import BY_COLUMN

EXACT_COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "status": ("standard_status",),
        "propertyType": ("property_type",),
        "propertySubType": ("property_sub_type",),
        "state": ("state_or_province",),
        "postalCode": ("postal_code",),
        "agent": ("list_agent_key", "list_agent_mls_id", "list_agent_full_name"),
        "office": ("list_office_key", "list_office_mls_id", "list_office_name"),
        "providerId": ("provider_id",),
    }
)
"""Filters that compare a column exactly; several columns: any of them."""


@dataclass(frozen=True, slots=True)
class FoldedColumn:
    """A column that is compared folded: by a function of SQL in its index, and by an equal one of the value."""

    column: str
    expression: SQL
    fold: Callable[[str], str]


_FOLD_TEXT = SQL("fold_text({})")
FOLDED_COLUMNS: Mapping[str, FoldedColumn] = MappingProxyType(
    {
        "city": FoldedColumn("city", _FOLD_TEXT, fold),
        "county": FoldedColumn("county_or_parish", _FOLD_TEXT, fold),
        "mlsNumber": FoldedColumn("listing_id", SQL("mls_number_key({})"), to_mls_key),
    }
)
"""Filters that do not mind case and accents, or how an MLS number is punctuated."""

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

DOCUMENT_COLUMN: Mapping[Surface, Composable] = MappingProxyType(
    {Surface.INTERNAL: Identifier("internal_document"), Surface.PUBLIC: Identifier("public_document")}
)
"""The prebuilt JSON document of each surface."""

VISIBLE_ROWS: Mapping[Surface, Composable] = MappingProxyType(
    {Surface.INTERNAL: SQL("visible"), Surface.PUBLIC: SQL("listing_is_public(visible, public_document)")}
)
"""The condition of the rows that each surface sees in lists."""


def is_usable(column: str, surface: Surface) -> bool:
    """Whether this surface is shown the column at all, and so may filter and sort by it."""
    return surface is Surface.INTERNAL or column in _BOOKKEEPING_COLUMNS or is_public_field(BY_COLUMN[column])


def to_usable(columns: tuple[str, ...], surface: Surface, parameter: str) -> tuple[str, ...]:
    """Those of a filter's columns that the surface may use. Errors: `InvalidInput` where none is left."""
    usable = tuple(column for column in columns if is_usable(column, surface))
    if not usable:
        raise InvalidInput.of(parameter, "is not public")
    return usable
