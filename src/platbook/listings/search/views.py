"""What a search may look at: read once, before its statements are composed.

Where no provider's copy is too old, and no rule hides a field, nothing of this is in a statement.
"""

from datetime import datetime

from platbook.base.actor import Surface
from platbook.db import ReadConnection, load_queries
from platbook.listings.search.columns import SearchView
from platbook.listings.search.filters import EXACT_FILTERS, RANGE_FILTERS, ListingSearch
from platbook.providers.rule_versions import find_hidden_fields
from platbook.reso.public_fields import DAYS_ON_MARKET

Q = load_queries(__package__ or "platbook.listings.search")

_NEVER_HIDDEN = frozenset({"providerId", "modifiedAt"})
"""The filter, facet and sort that no rule can take the field of."""


async def get_view(connection: ReadConnection, surface: Surface, now: datetime) -> SearchView:
    """The view of a surface, with the fields that rules hide."""
    if surface is Surface.INTERNAL:
        return SearchView(surface, now)
    return SearchView(surface, now, await find_hidden_fields(connection), await _find_stale(connection, now))


async def get_view_of(connection: ReadConnection, search: ListingSearch, now: datetime) -> SearchView:
    """The view of one search for a page of listings.

    A public list that compares nothing a rule could hide, as most are, is read without asking which fields rules hide:
    of its rows days on market alone are computed, and each is asked whether it shows them.
    """
    if search.surface is Surface.PUBLIC and not _compares_fields(search):
        stale = await _find_stale(connection, now)
        return SearchView(search.surface, now, frozenset({DAYS_ON_MARKET}), stale)
    return await get_view(connection, search.surface, now)


async def _find_stale(connection: ReadConnection, now: datetime) -> tuple[str, ...]:
    return tuple(await connection.column(str, Q.find_stale_providers, {"now": now}))


def _compares_fields(search: ListingSearch) -> bool:
    compared = {name for name, attribute in {**EXACT_FILTERS, **RANGE_FILTERS}.items() if getattr(search, attribute)}
    return search.is_narrowed or not _NEVER_HIDDEN.issuperset({*compared, *search.facets, search.sort})
