"""What a server has been asked, for tests and for people who watch it."""

from collections import deque
from dataclasses import dataclass, field

_KEPT_REQUESTS = 2000


@dataclass
class Statistics:
    """What has been asked since the quirks were last set."""

    requests: dict[str, int] = field(default_factory=dict[str, int])
    refusals: dict[str, int] = field(default_factory=dict[str, int])
    strikes: dict[str, int] = field(default_factory=dict[str, int])
    most_sessions: int = 0
    asked: deque[tuple[str, dict[str, str]]] = field(default_factory=lambda: deque(maxlen=_KEPT_REQUESTS))
    """The last requests: transaction and arguments."""

    def count(self, of: dict[str, int], name: str) -> None:
        """One more of them."""
        of[name] = of.get(name, 0) + 1
