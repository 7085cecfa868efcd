"""Counting what was sent and received."""

from dataclasses import dataclass


@dataclass(slots=True)
class Meter:
    """Requests sent (every try counts) and bytes of bodies received, as they came over the wire (compressed)."""

    requests: int = 0
    bytes: int = 0
