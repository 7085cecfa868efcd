"""Listings made here, and their photos."""
