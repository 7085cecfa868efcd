"""Signals that stop a run from inside a transaction: control flow of the engine, never errors of its callers."""


class RunCancelled(Exception):
    """A person asked the run to stop."""


class RunTakenOver(Exception):
    """Another worker holds the provider's epoch (a fencing token); whoever catches this must not write."""
