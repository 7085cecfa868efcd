"""Listings: their rows, documents, history, photos' rows, and the search over them."""
