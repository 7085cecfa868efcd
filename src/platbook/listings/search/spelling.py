"""Spelling correction: edit distance, and candidates for a mistyped word. Pure."""

import re
from collections.abc import Iterable
from string import ascii_lowercase

_SHORT_WORD = 5
_MAX_CORRECTIONS = 5
_CORRECTABLE = re.compile(r"[^\W\d_]{4,40}")


def is_correctable(word: str) -> bool:
    """Whether a word may be a misspelling: it is no number, since another number means another thing, nor too short."""
    return _CORRECTABLE.fullmatch(word) is not None


def edits_of(word: str) -> set[str]:
    """Every word one edit away: a letter deleted, transposed with the next, substituted or inserted."""
    cuts = [(word[:index], word[index:]) for index in range(len(word) + 1)]
    deleted = {left + right[1:] for left, right in cuts if right}
    transposed = {left + right[1] + right[0] + right[2:] for left, right in cuts if len(right) > 1}
    substituted = {left + letter + right[1:] for left, right in cuts if right for letter in ascii_lowercase}
    inserted = {left + letter + right for left, right in cuts for letter in ascii_lowercase}
    return (deleted | transposed | substituted | inserted) - {word, ""}


def edit_distance(one: str, other: str) -> int:
    """Edits between two words; a transposition counts as one (optimal string alignment distance)."""
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


def rank_corrections(word: str, candidates: Iterable[str]) -> list[str]:
    """The candidates closest to a word, within one edit of a short word and two of a long one."""
    max_edits = 1 if len(word) <= _SHORT_WORD else 2
    ranked = sorted((edit_distance(word, candidate), candidate) for candidate in candidates)
    best = ranked[0][0] if ranked else 0
    return [candidate for edits, candidate in ranked if edits == best and edits <= max_edits][:_MAX_CORRECTIONS]
