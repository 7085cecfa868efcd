"""A simulated real-estate market: a pure function of seed, size and time, with generated photos."""

from platbook.market.listing import MarketListing, MarketPhoto, PhotoSubject
from platbook.market.market import Market
from platbook.market.photos import draw_photo

__all__ = ["Market", "MarketListing", "MarketPhoto", "PhotoSubject", "draw_photo"]
