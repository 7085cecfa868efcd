"""Keyset pagination: rows ordered by a key, each page starting behind the last key of the page before."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KeysetPosition:
    """All rows up to the key `after` are done; None: none is."""

    after: str | None = None


@dataclass(frozen=True, slots=True)
class KeysetBatch(Generic[T]):
    """Rows of one page; `complete`: no row follows."""

    rows: Sequence[T]
    complete: bool


def batch_rows(rows: Iterable[T], size: Callable[[], int]) -> Iterator[KeysetBatch[T]]:
    """Divide ordered rows into batches, reading one row ahead to know the last; no rows make one empty batch.

    `size` is called before each batch, so that it may shrink on the way.
    """
    rest = iter(rows)
    while True:
        batch = list(islice(rest, size()))
        following = list(islice(rest, 1))
        yield KeysetBatch(batch, complete=not following)
        if not following:
            return
        rest = chain(following, rest)


def keys_after(keys: Iterable[str], position: KeysetPosition) -> list[str]:
    """The keys behind a position, in order, each once."""
    ordered = sorted(set(keys))
    return ordered if position.after is None else [key for key in ordered if key > position.after]
