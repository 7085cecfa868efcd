"""Facet counts: for each requested facet, the values among the matches of all other filters."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

from platbook.db import ReadConnection
from platbook.db.compose import SQL, Composed, Identifier, Literal
from platbook.db.lists import Conditions
from platbook.listings.search.columns import SearchView, to_usable
from platbook.listings.search.filters import ListingSearch
from platbook.listings.search.query_words import Keywords
from platbook.listings.search.statement import to_conditions

_MAX_VALUES = 50

FACETS: Mapping[str, str] = MappingProxyType(
    {
        "status": "standard_status",
        "propertyType": "property_type",
        "propertySubType": "property_sub_type",
        "city": "city",
        "county": "county_or_parish",
        "state": "state_or_province",
        "postalCode": "postal_code",
        "agent": "list_agent_full_name",
        "office": "list_office_name",
        "providerId": "provider_id",
    }
)
"""The facets by their API names, and their columns."""


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value and how many matches have it."""

    value: str
    count: int


async def find_facets(
    connection: ReadConnection, search: ListingSearch, view: SearchView, keywords: Keywords
) -> dict[str, list[FacetValue]]:
    """The requested facets, the most frequent values first. A facet ignores its own filter."""
    facets: dict[str, list[FacetValue]] = {}
    for name in search.facets:
        (column,) = to_usable((FACETS[name],), search.surface, "facets")
        conditions = to_conditions(search, view, keywords, without=name)
        rows = await connection.tuples(to_facet_statement(column, conditions, view), conditions.params)
        facets[name] = [FacetValue(str(value), cast("int", count)) for value, count in rows]
    return facets


def to_facet_statement(column: str, conditions: Conditions, view: SearchView) -> Composed:
    """The values of a column among the matches of some conditions, each with its count."""
    has_value = view.only_shown(SQL("{} IS NOT NULL").format(Identifier(column)), column)
    return SQL(
        "SELECT {column}, count(*) FROM properties WHERE {where} AND {has_value}"
        " GROUP BY {column} ORDER BY count(*) DESC, {column} LIMIT {most}"
    ).format(column=Identifier(column), where=conditions.where, has_value=has_value, most=Literal(_MAX_VALUES))
