"""Repeatable pseudo-random numbers: the same seed and stream give the same sequence in every process."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")

_MASK = (1 << 64) - 1


def to_hash(*numbers: int) -> int:
    """Hash integers into 64 bits (the splitmix64 finalizer, folded over them)."""
    state = 0x9E3779B97F4A7C15
    for number in numbers:
        state = (state ^ (number & _MASK)) * 0xBF58476D1CE4E5B9 & _MASK
        state ^= state >> 27
        state = state * 0x94D049BB133111EB & _MASK
        state ^= state >> 31
    return state


class SeededRandom:
    """A pseudo-random stream identified by integers, one for each purpose: `SeededRandom(seed, index, purpose)`."""

    __slots__ = ("random",)

    def __init__(self, *stream: int) -> None:
        self.random = Random(to_hash(*stream)).random

    def chance(self, share: float) -> bool:
        """Return True with probability `share`."""
        return self.random() < share

    def between(self, low: int, high: int) -> int:
        """Draw an integer, both ends included."""
        return low + int(self.random() * (high - low + 1))

    def spread(self, low: float, high: float) -> float:
        """Draw a number between two."""
        return low + self.random() * (high - low)

    def pick(self, choices: Sequence[T]) -> T:
        """Choose one element."""
        return choices[int(self.random() * len(choices))]

    def sample(self, choices: Sequence[T], least: int, most: int) -> list[T]:
        """Choose `least` to `most` different elements, keeping their order."""
        needed = min(self.between(least, most), len(choices))
        chosen: list[T] = []
        left = len(choices)
        for choice in choices:
            if self.random() * left < needed:
                chosen.append(choice)
                needed -= 1
            left -= 1
        return chosen
