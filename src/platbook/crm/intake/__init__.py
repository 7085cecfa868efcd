"""Intake: what websites and other systems report of people becomes leads, each person once."""
