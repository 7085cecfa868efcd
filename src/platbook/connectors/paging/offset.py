"""Offset pagination with overlapping pages, over a source whose rows may shift between two requests.

Nothing keeps rows from being added or removed while a result is paged through. So each page begins with the last row of
the page before: where another row is in its place, the pager steps back until a page begins with a row it has seen.
Rows are then neither lost nor repeated.

The end is proven by the count of the whole result: as many rows as it counts. A count may be that of one reply, and may
be wrong: one that is below the rows received proves nothing, nor does one that equals the rows of a full first page.
Then the next page is requested until one brings nothing new, and the result is counted once more.
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


class OffsetStalled(SourceBrokeProtocol):
    """The source marks that more rows follow, and sends none of them."""

    def __init__(self) -> None:
        super().__init__("stalled paging: the source marks that more rows follow and sends none of them")


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

    `count` is how many rows the source counts; `more`: it reports that more rows follow.
    """

    content: R
    keys: Sequence[str]
    rows: int
    trailing: int
    count: int | None
    more: bool


@dataclass(frozen=True, slots=True)
class OffsetPage(Generic[R]):
    """A reply that continues the page before. `repeated` of its rows, behind its first key, were on the page before.

    `count` is how many rows the source counts in the whole result; None: it has not proven to count that.
    """

    content: R
    position: OffsetPosition
    repeated: int
    count: int | None
    complete: bool


class OffsetPager(Generic[R]):
    """Pages through one result.

    `fetch` asks for rows from an offset (1 is the first) up to a limit. `limit` is the page size, None the source's
    own. `seen_keys` are the keys passed on so far; the caller adds those of each page before it requests the next.
    `count` asks how many rows the whole result has; None: the source does not count them. `expected` is how many it had
    when it was last counted.
    """

    def __init__(
        self,
        fetch: Callable[[int, int | None], Awaitable[OffsetReply[R]]],
        limit: int | None,
        seen_keys: SeenKeys,
        count: Callable[[], Awaitable[int | None]],
        expected: int | None = None,
    ) -> None:
        self._fetch, self._limit, self._seen, self._count = fetch, limit, seen_keys, count
        self._expected = expected

    async def walk(self, position: OffsetPosition) -> AsyncGenerator[OffsetPage[R]]:
        """Page from a position to the proven end.

        OffsetIgnored; OffsetStalled; SourceBrokeProtocol where rows are missing.
        """
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
            fresh = received - (position.offset - 1)
            total, complete = await self._find_end(reply, received, limit, fresh=fresh)
            position = _advance(position, reply, received)
            repeated = overlap - 1 if start > 1 and not steps else 0
            steps = 0
            yield OffsetPage(reply.content, position, max(0, repeated), total, complete)
            if complete:
                return

    async def _find_end(
        self, reply: OffsetReply[R], received: int, limit: int | None, *, fresh: int
    ) -> tuple[int | None, bool]:
        """How many rows the whole result has, where that is known, and whether it is proven that all were received."""
        is_full = limit is not None and reply.rows >= limit
        is_less = self._expected is not None and received < self._expected
        total = _find_total(reply, received, is_cut=is_full or is_less or reply.more)
        if reply.more and fresh <= 0 and total != received:
            raise OffsetStalled
        if total is not None:
            complete = total == received and (not reply.more or fresh <= 0)
        elif fresh > 0 and (reply.more or is_full or reply.count is not None):
            return None, False
        else:  # nothing new came, or a short page without a count
            total = await self._count()
            complete = total is None or total <= received
        if not complete and fresh <= 0:
            raise SourceBrokeProtocol(
                f"the result is incomplete: the source counts {total} records, sent {received} and sends no more"
            )
        return total, complete

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


def _find_total(reply: OffsetReply[R], received: int, *, is_cut: bool) -> int | None:
    """The reply's count, if it can be that of the whole result; None: there is none, or it may be the reply's own.

    `is_cut`: the reply does not look like the whole result.
    """
    if reply.count is None or reply.count < received:
        return None
    return None if is_cut and reply.count == reply.rows else reply.count
