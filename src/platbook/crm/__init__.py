"""Leads, tasks, interactions: what agents do with the listings."""
