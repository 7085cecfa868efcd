"""Runs: requested, planned, taken by one worker, ended."""
