"""The closed table of columns a search may touch, and which of them a caller of each surface may."""

from collections.abc import Mapping
from types import MappingProxyType

from platbook.base.actor import Surface
from platbook.base.errors import InvalidInput
from platbook.db.compose import SQL, Composable, Identifier
from platbook.listings.display import is_public_field
from platbook.reso.fields import BY_COLUMN

EXACT: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "status": ("standard_status",),
        "propertyType": ("property_type",),
        "propertySubType": ("property_sub_type",),
        "state": ("state_or_province",),
        "postalCode": ("postal_code",),
        "mlsNumber": ("listing_id",),
        "agent": ("list_agent_key", "list_agent_mls_id", "list_agent_full_name"),
        "office": ("list_office_key", "list_office_mls_id", "list_office_name"),
        "providerId": ("provider_id",),
    }
)
"""Filters that compare a column as it is; several columns: any of them."""

WITHOUT_CASE: Mapping[str, str] = MappingProxyType({"city": "city", "county": "county_or_parish"})
"""Filters that compare without regard to case."""

RANGED: Mapping[str, str] = MappingProxyType(
    {
        "Price": "list_price",
        "Bedrooms": "bedrooms_total",
        "Bathrooms": "bathrooms_total",
        "SquareFeet": "living_area",
        "LotSize": "lot_size_square_feet",
        "YearBuilt": "year_built",
    }
)
"""Ranges over a column; days on market are worked out."""

_ROWS_OWN = frozenset({"provider_id", "listing_key", "is_featured", "modified_at", "listed_at"})

DOCUMENT: Mapping[Surface, Composable] = MappingProxyType(
    {Surface.INTERNAL: Identifier("internal_document"), Surface.PUBLIC: Identifier("public_document")}
)
"""Each surface's document."""

SEEN: Mapping[Surface, Composable] = MappingProxyType(
    {Surface.INTERNAL: SQL("visible"), Surface.PUBLIC: SQL("listing_is_public(visible, public_document)")}
)
"""The rows each surface sees in lists."""


def may_use(column: str, surface: Surface) -> bool:
    """Whether a caller of this surface is shown the column at all, and so may ask by it."""
    return surface is Surface.INTERNAL or column in _ROWS_OWN or is_public_field(BY_COLUMN[column])


def usable(columns: tuple[str, ...], surface: Surface, word: str) -> tuple[str, ...]:
    """Of a filter's columns those the surface may use. Errors: `InvalidInput` where none is left."""
    found = tuple(column for column in columns if may_use(column, surface))
    if not found:
        raise InvalidInput.of(word, "is not public")
    return found
