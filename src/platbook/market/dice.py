"""Chance that repeats itself: the same seed and name throw the same numbers in every process."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")

_MASK = (1 << 64) - 1


def to_hash(*numbers: int) -> int:
    """Mix whole numbers into 64 well-spread bits (the splitmix64 finaliser, folded)."""
    state = 0x9E3779B97F4A7C15
    for number in numbers:
        state = (state ^ (number & _MASK)) * 0xBF58476D1CE4E5B9 & _MASK
        state ^= state >> 27
        state = state * 0x94D049BB133111EB & _MASK
        state ^= state >> 31
    return state


class Dice:
    """A thrower for one thing of the market, named by whole numbers: `Dice(seed, index, purpose)`."""

    __slots__ = ("throw",)

    def __init__(self, *name: int) -> None:
        self.throw = Random(to_hash(*name)).random

    def chance(self, share: float) -> bool:
        """Say yes in `share` of all cases."""
        return self.throw() < share

    def between(self, low: int, high: int) -> int:
        """Pick a whole number, both ends included."""
        return low + int(self.throw() * (high - low + 1))

    def spread(self, low: float, high: float) -> float:
        """Pick any number between two."""
        return low + self.throw() * (high - low)

    def pick(self, choices: Sequence[T]) -> T:
        """Pick one of several."""
        return choices[int(self.throw() * len(choices))]

    def some(self, choices: Sequence[T], least: int, most: int) -> list[T]:
        """Pick `least` to `most` different ones, in their own order."""
        wanted = min(self.between(least, most), len(choices))
        chosen: list[T] = []
        left = len(choices)
        for choice in choices:
            if self.throw() * left < wanted:
                chosen.append(choice)
                wanted -= 1
            left -= 1
        return chosen
