"""Platbook: a self-hosted real-estate CRM whose heart is an MLS replication engine."""

__version__ = "0.1.0"
