"""How far two words are apart, and what a mistyped word may have been meant to be. Pure."""

from collections.abc import Iterable
from string import ascii_lowercase

_SHORT = 5
_MOST_NEAREST = 5


def one_edit_away(word: str) -> set[str]:
    """Every word that one slip makes of this one: a letter dropped, doubled, swapped with the next, or another."""
    cuts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    dropped = {left + right[1:] for left, right in cuts if right}
    swapped = {left + right[1] + right[0] + right[2:] for left, right in cuts if len(right) > 1}
    replaced = {left + letter + right[1:] for left, right in cuts if right for letter in ascii_lowercase}
    inserted = {left + letter + right for left, right in cuts for letter in ascii_lowercase}
    return (dropped | swapped | replaced | inserted) - {word, ""}


def distance(one: str, other: str) -> int:
    """Edits between two words; swapping two neighbours counts as one (optimal string alignment)."""
    before: list[int] = []
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        line = [row]
        for column, against in enumerate(other, 1):
            cost = min(above[column] + 1, line[-1] + 1, above[column - 1] + (letter != against))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == against:
                cost = min(cost, before[column - 2] + 1)
            line.append(cost)
        before, above = above, line
    return above[-1]


def nearest(word: str, candidates: Iterable[str]) -> list[str]:
    """Of the candidates those nearest to a word, if near enough: one edit for a short word, two for a long one."""
    reach = 1 if len(word) <= _SHORT else 2
    ranked = sorted((distance(word, candidate), candidate) for candidate in candidates)
    best = ranked[0][0] if ranked else 0
    return [candidate for edits, candidate in ranked if edits == best and edits <= reach][:_MOST_NEAREST]
