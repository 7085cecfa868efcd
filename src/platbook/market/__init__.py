"""An invented, living real-estate market: a pure function of seed, size and moment, and the photos that go with it."""

from platbook.market.listing import MarketListing, MarketPhoto, Subject
from platbook.market.market import Market
from platbook.market.photos import draw_photo

__all__ = ["Market", "MarketListing", "MarketPhoto", "Subject", "draw_photo"]
