"""What a search may look at: read once, before its statements are composed.

Where no provider's copy is too old, and no rule hides a field, nothing of this is in a statement.
"""

from dataclasses import dataclass
from datetime import datetime

from platbook.base.actor import Surface
from platbook.db import ReadConnection, load_queries
from platbook.listings.search.columns import SearchView
from platbook.providers.rule_versions import HIDING_NAMES, find_hidden

Q = load_queries(__package__ or "platbook.listings.search")


@dataclass(frozen=True, slots=True)
class _PublicView:
    hiding: list[str]
    stale: list[str]


async def get_view(connection: ReadConnection, surface: Surface, now: datetime) -> SearchView:
    """The view of a surface at a moment: the fields that rules hide of some rows, and the stale providers."""
    if surface is Surface.INTERNAL:
        return SearchView(surface, now)
    public = await connection.one(_PublicView, Q.get_public_view, {"hiding": list(HIDING_NAMES), "now": now})
    return SearchView(surface, now, find_hidden(public.hiding), tuple(public.stale))
