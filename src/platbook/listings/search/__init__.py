"""Listing search: its parameters (`query_string`), filters, SQL (`statement`) and results.

Filters, full-text search, bounding box, radius, polygon, facets, suggestions; paged by the list engine (`db.lists`).
"""

from platbook.db.lists import Count
from platbook.listings.search.featured import find_featured
from platbook.listings.search.filters import Box, ListingSearch, Near, OwnListings, Range
from platbook.listings.search.find import ListedDocument, Listings, find_listings
from platbook.listings.search.notices import get_notices
from platbook.listings.search.polygons import Polygon
from platbook.listings.search.query_string import parse_search
from platbook.listings.search.stats import MarketStats, get_stats
from platbook.listings.search.suggest import Suggestion, suggest
from platbook.listings.search.versions import VersionCache

__all__ = [
    "Box",
    "Count",
    "ListedDocument",
    "ListingSearch",
    "Listings",
    "MarketStats",
    "Near",
    "OwnListings",
    "Polygon",
    "Range",
    "Suggestion",
    "VersionCache",
    "find_featured",
    "find_listings",
    "get_notices",
    "get_stats",
    "parse_search",
    "suggest",
]
