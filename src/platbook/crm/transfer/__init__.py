"""Bringing the CRM in and taking it out: CSV of other systems, whole exports, one person's data."""
