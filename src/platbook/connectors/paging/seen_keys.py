"""The keys that a walk has yielded already: a compact set to deduplicate by."""

from array import array

_FIRST_SIZE = 1024  # a power of two, as every later one


class SeenKeys:
    """A set of keys that keeps a 64-bit hash of each: 12 to 24 bytes, where Python's own takes 70 to 140.

    A table of open addressing that is never more than two thirds full; zero marks a free slot.
    """

    def __init__(self) -> None:
        self._table = _empty(_FIRST_SIZE)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, key: str) -> bool:
        return self._table[self._find(_to_hash(key))] != 0

    def add(self, key: str) -> bool:
        """Add a key; whether it is new."""
        hashed = _to_hash(key)
        slot = self._find(hashed)
        if self._table[slot]:
            return False
        self._table[slot] = hashed
        self._count += 1
        if self._count * 3 > len(self._table) * 2:
            self._grow()
        return True

    def _find(self, hashed: int) -> int:
        """The slot of a hash, or the free slot for it."""
        table, last = self._table, len(self._table) - 1
        slot = hashed & last
        while table[slot] and table[slot] != hashed:
            slot = slot + 1 & last
        return slot

    def _grow(self) -> None:
        table = self._table
        self._table = _empty(2 * len(table))
        for hashed in table:
            if hashed:
                self._table[self._find(hashed)] = hashed


def _to_hash(key: str) -> int:
    return hash(key) or 1


def _empty(size: int) -> "array[int]":  # a string: before Python 3.12 it cannot be evaluated
    return array("q", bytes(8 * size))
