"""Routes of listings: search, one listing, its photos."""
