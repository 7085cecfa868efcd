"""Leads: people who may buy or sell."""
