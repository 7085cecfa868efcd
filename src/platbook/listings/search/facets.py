"""Facet counts: for each wanted word, its values among the matches of everything else that was asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import cast

from platbook.db import ReadConnection
from platbook.db.compose import SQL, Identifier, Literal
from platbook.listings.search.columns import usable
from platbook.listings.search.filters import ListingSearch
from platbook.listings.search.statement import Keywords, to_conditions

_MOST_VALUES = 50

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
"""The words that can be counted by, and their columns."""


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value and how many matches have it."""

    value: str
    count: int


async def find_facets(
    connection: ReadConnection, search: ListingSearch, now: datetime, words: Keywords
) -> dict[str, list[FacetValue]]:
    """The wanted facets, the most frequent values first. A facet leaves its own filter out of account."""
    found: dict[str, list[FacetValue]] = {}
    for word in search.facets:
        (column,) = usable((FACETS[word],), search.surface, "facets")
        conditions = to_conditions(search, now, words, without=word)
        statement = SQL(
            "SELECT {column}, count(*) FROM properties WHERE {where} AND {column} IS NOT NULL"
            " GROUP BY {column} ORDER BY count(*) DESC, {column} LIMIT {most}"
        ).format(column=Identifier(column), where=conditions.where, most=Literal(_MOST_VALUES))
        rows = await connection.tuples(statement, conditions.params)
        found[word] = [FacetValue(str(value), cast("int", count)) for value, count in rows]
    return found
