"""Ids of other systems: which of our rows each of them names, and the hash of its last import."""
