"""Which keys a walk has given out already."""

from array import array

_FIRST_SIZE = 1024  # a power of two, as every later one


class SeenKeys:
    """A set of keys that keeps a 64-bit hash of each: 12 to 24 bytes, where Python's own takes 70 to 140.

    A table of open addressing that is never more than two thirds full; zero stands for nothing.
    """

    def __init__(self) -> None:
        self._table = _empty(_FIRST_SIZE)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, key: str) -> bool:
        return self._table[self._find(_mark(key))] != 0

    def add(self, key: str) -> bool:
        """Note a key; whether it is new."""
        mark = _mark(key)
        place = self._find(mark)
        if self._table[place]:
            return False
        self._table[place] = mark
        self._count += 1
        if self._count * 3 > len(self._table) * 2:
            self._grow()
        return True

    def _find(self, mark: int) -> int:
        """Where a mark stands, or would."""
        table, last = self._table, len(self._table) - 1
        place = mark & last
        while table[place] and table[place] != mark:
            place = place + 1 & last
        return place

    def _grow(self) -> None:
        marks = self._table
        self._table = _empty(2 * len(marks))
        for mark in marks:
            if mark:
                self._table[self._find(mark)] = mark


def _mark(key: str) -> int:
    return hash(key) or 1


def _empty(size: int) -> "array[int]":  # a string: before Python 3.12 it cannot be evaluated
    return array("q", bytes(8 * size))
