"""Request statistics of a server, for tests and for the control API."""

from collections import deque
from dataclasses import dataclass, field

_MAX_REQUESTS = 2000


@dataclass
class RequestLog:
    """Counts and recent requests since the profile was last applied."""

    requests: dict[str, int] = field(default_factory=dict[str, int])
    refusals: dict[str, int] = field(default_factory=dict[str, int])
    faults: dict[str, int] = field(default_factory=dict[str, int])
    max_sessions: int = 0
    recent_requests: deque[tuple[str, dict[str, str]]] = field(default_factory=lambda: deque(maxlen=_MAX_REQUESTS))
    """The most recent requests: transaction and arguments."""

    def increment(self, counters: dict[str, int], name: str) -> None:
        """Increment one counter."""
        counters[name] = counters.get(name, 0) + 1
