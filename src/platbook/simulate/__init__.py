"""Servers that behave as an MLS does, over the invented market."""
