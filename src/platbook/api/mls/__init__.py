"""Routes of MLS administration: providers, syncs, photos."""
