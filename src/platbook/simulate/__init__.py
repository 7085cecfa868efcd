"""Simulated MLS servers over the simulated market."""
