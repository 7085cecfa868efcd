"""Suppressions: addresses and numbers that must not be contacted by a channel, whatever becomes of their lead."""
