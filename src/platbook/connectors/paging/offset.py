"""Offset pagination with overlapping pages, over a source whose rows may shift between two requests.

Nothing keeps rows from being added or removed while a result is paged through. So each page begins with the last row of
the page before: where another row is in its place, the pager steps back until a page begins with a row it has seen.
Rows are then neither lost nor repeated.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from platbook.connectors.contract import SourceBrokeProtocol
from platbook.connectors.paging.seen_keys import SeenKeys

R = TypeVar("R")

_MAX_STEPS_BACK = 8


class OffsetIgnored(SourceBrokeProtocol):
    """The source sends its first page again, whatever the offset."""

    def __init__(self) -> None:
        super().__init__("repeated paging: the source sends its first page again; it ignores Offset")


@dataclass(frozen=True, slots=True)
class OffsetPosition:
    """Where paging goes on.

    `offset` is the next row, from 1. `first` is the first key of the whole result, `behind` the last key received,
    `overlap` rows before `offset`.
    """

    offset: int = 1
    overlap: int = 1
    first: str | None = None
    behind: str | None = None


@dataclass(frozen=True, slots=True)
class OffsetReply(Generic[R]):
    """One reply: the keys of its rows in order, how many `rows` it has, and `trailing` ones behind the last key.

    `count` is how many rows the source counts in the whole result; `more`: it reports that more rows follow.
    """

    content: R
    keys: Sequence[str]
    rows: int
    trailing: int
    count: int | None
    more: bool


@dataclass(frozen=True, slots=True)
class OffsetPage(Generic[R]):
    """A reply that continues the page before. `repeated` of its rows, behind its first key, were on the page before."""

    content: R
    position: OffsetPosition
    repeated: int
    count: int | None
    complete: bool


class OffsetPager(Generic[R]):
    """Pages through one result.

    `fetch` asks for rows from an offset (1 is the first) up to a limit. `limit` is the page size, None the source's
    own. `seen_keys` are the keys passed on so far; the caller adds those of each page before it requests the next.
    """

    def __init__(
        self, fetch: Callable[[int, int | None], Awaitable[OffsetReply[R]]], limit: int | None, seen_keys: SeenKeys
    ) -> None:
        self._fetch, self._limit, self._seen = fetch, limit, seen_keys

    async def walk(self, position: OffsetPosition) -> AsyncGenerator[OffsetPage[R]]:
        """Page from a position to the proven end. OffsetIgnored; SourceBrokeProtocol where rows are missing."""
        steps = 0
        while True:
            overlap = position.overlap if position.offset > 1 else 0
            start = max(1, position.offset - overlap)
            limit = None if self._limit is None else self._limit + overlap
            reply = await self._fetch(start, limit)
            if start > 1 and not self._continues(position, reply.keys, stepped_back=steps > 0):
                steps += 1
                position = self._step_back(position, start, steps)
                continue
            received = start - 1 + reply.rows
            complete = _is_complete(reply, received, limit, fresh=received - (position.offset - 1))
            position = _advance(position, reply, received)
            repeated = overlap - 1 if start > 1 and not steps else 0
            steps = 0
            yield OffsetPage(reply.content, position, max(0, repeated), reply.count, complete)
            if complete:
                return

    def _continues(self, position: OffsetPosition, keys: Sequence[str], *, stepped_back: bool) -> bool:
        """Whether a page begins with a row seen before, so that no row can lie between it and the page before."""
        if not keys:
            return False
        if keys[0] == position.first and position.first != position.behind:
            raise OffsetIgnored
        return keys[0] == position.behind or (stepped_back and keys[0] in self._seen)

    def _step_back(self, position: OffsetPosition, start: int, steps: int) -> OffsetPosition:
        """Rows have been added or removed since the last page: go back, further with each step."""
        if steps > _MAX_STEPS_BACK:
            raise OffsetIgnored
        if not self._seen:  # a resumed walk has seen none
            return replace(position, offset=1)
        back = max(1, (self._limit or len(self._seen)) // 2) * steps
        return replace(position, offset=max(1, start - back + 1), overlap=1)


def _advance(position: OffsetPosition, reply: OffsetReply[R], received: int) -> OffsetPosition:
    keys = reply.keys
    return OffsetPosition(
        offset=received + 1,
        overlap=reply.trailing + 1 if keys else position.overlap + reply.rows,
        first=position.first if position.first is not None else next(iter(keys), None),
        behind=keys[-1] if keys else position.behind,
    )


def _is_complete(reply: OffsetReply[R], received: int, limit: int | None, *, fresh: int) -> bool:
    """Whether the end is proven: no mark that more rows follow, and as many rows as counted; fewer is an error."""
    if reply.more and fresh > 0:
        return False
    is_full = limit is not None and reply.rows >= limit and fresh > 0
    if reply.count is None or received >= reply.count:
        # A full page without a count may be our own limit, which not every source marks.
        return reply.count is not None or not is_full
    if is_full:
        return False
    raise SourceBrokeProtocol(
        f"the result is incomplete: the source counts {reply.count} records, sent {received} and marks no more"
    )
