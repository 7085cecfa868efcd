"""Local listings and their photos."""
