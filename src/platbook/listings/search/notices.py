"""What MLSs want displayed with every list: who they are, their copyright, and that some listings are left out."""

from collections.abc import Sequence
from dataclasses import dataclass

from platbook.db import ReadConnection, load_queries
from platbook.listings.search.filters import ListingSearch

Q = load_queries(__package__ or "platbook.listings.search")


@dataclass(frozen=True, slots=True)
class ProviderNotice:
    """The notices of one provider, by its rule for all of its listings; None: it makes no such setting."""

    provider_id: str
    mls: str | None
    logo: str | None
    credit_label: str | None
    copyright: str | None
    disclaimer: str | None
    excluded_notice: str | None


async def find_notices(connection: ReadConnection, search: ListingSearch) -> Sequence[ProviderNotice]:
    """The notices of the providers that a search asks for; of all in service where it asks for none."""
    return await connection.all(ProviderNotice, Q.find_notices, {"provider_ids": list(search.provider_id) or None})
