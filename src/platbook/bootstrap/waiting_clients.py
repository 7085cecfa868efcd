"""Connections whose clients have yet to send a request: at most so many for each address, the newest of them.

A client that sends its request needs an instant, so of those that wait the oldest are the slowest: one more closes the
oldest of its address, and never keeps anybody else from being served.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

C = TypeVar("C", bound=Hashable)


@dataclass(slots=True)
class WaitingClients(Generic[C]):
    """The waiting connections of one server; `per_address` and `total` are the most there may be."""

    per_address: int
    total: int
    _by_address: dict[str, dict[C, None]] = field(default_factory=dict[str, dict[C, None]])
    _addresses: dict[C, str] = field(default_factory=dict[C, str])

    def __len__(self) -> int:
        return len(self._addresses)

    def add(self, connection: C, address: str) -> C | None:
        """Add a connection; the one that must be closed for it, if there are too many."""
        self._addresses[connection] = address
        mine = self._by_address.setdefault(address, {})
        mine[connection] = None
        if len(mine) > self.per_address:
            return self._pop(next(iter(mine)))
        return self._pop(next(iter(self._addresses))) if len(self._addresses) > self.total else None

    def discard(self, connection: C) -> None:
        """It waits no more."""
        if connection in self._addresses:
            self._pop(connection)

    def _pop(self, connection: C) -> C:
        address = self._addresses.pop(connection)
        mine = self._by_address[address]
        del mine[connection]
        if not mine:
            del self._by_address[address]
        return connection
