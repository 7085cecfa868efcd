"""Interactions: the append-only log of what happened with a lead."""
