"""Photos."""

from platbook.market.listing import MarketListing


def draw_photo(listing: MarketListing, order: int) -> bytes:
    """Draw."""
    raise NotImplementedError
