"""What MLSs want displayed with every list: who they are, their copyright, and that some listings are left out."""

from platbook.db import ReadConnection, load_queries
from platbook.listings.search.filters import ListingSearch

Q = load_queries(__package__ or "platbook.listings.search")


async def get_notices(connection: ReadConnection, search: ListingSearch) -> str:
    """The notices of the providers that a search asks for, of all in service where it asks for none; a JSON list.

    They are those of a provider's rule for all of its listings.
    """
    params = {"provider_ids": list(search.provider_id) or None}
    return await connection.value(str, Q.get_notices, params) or "[]"
