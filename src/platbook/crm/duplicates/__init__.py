"""Possible duplicates: pairs of leads that may be one person, with the evidence, until a person decides."""
