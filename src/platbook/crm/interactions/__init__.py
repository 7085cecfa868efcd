"""Interactions: the append-only log of what was said and done."""
