"""Paging by time slices: an interval of modification times is bisected until each slice fits into one reply.

The newest slice is read first, so that the first page holds the greatest time.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

R = TypeVar("R")

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class TimeSlicePosition:
    """All that was modified at or after `until` is done; None: nothing is."""

    until: str | None = None


@dataclass(frozen=True, slots=True)
class TimeSlicePage(Generic[R]):
    """What one slice holds, or a part of it; `complete`: it is the last of the oldest."""

    content: R
    position: TimeSlicePosition
    complete: bool


@dataclass(frozen=True, slots=True)
class TimeSlicePager(Generic[R]):
    """Pages through an interval. Times are in the source's own text; an open end is None.

    `read` reads the slice from a start up to an end, or gives None where it is too large for one reply. `halve` gives
    the middle of a slice, or None where it cannot be divided; `read_undivided` then reads it in another way, part by
    part, or raises. The position moves behind such a slice with its last part.
    """

    read: Callable[[str, str | None], Awaitable[R | None]]
    halve: Callable[[str, str | None], str | None]
    read_undivided: Callable[[str, str | None], AsyncIterator[R]]

    async def walk(self, start: str, position: TimeSlicePosition) -> AsyncGenerator[TimeSlicePage[R]]:
        """Page from a position back to `start`."""
        slices: list[tuple[str, str | None]] = [(start, position.until)]
        while slices:
            low, high = slices.pop()
            content = await self.read(low, high)
            middle = self.halve(low, high) if content is None else None
            if content is not None:
                yield TimeSlicePage(content, TimeSlicePosition(low), complete=not slices)
            elif middle is not None:
                slices += [(low, middle), (middle, high)]
            else:
                async for part, is_last in _mark_last(self.read_undivided(low, high)):
                    position = TimeSlicePosition(low if is_last else high)
                    yield TimeSlicePage(part, position, complete=is_last and not slices)


async def _mark_last(parts: AsyncIterator[R]) -> AsyncGenerator[tuple[R, bool]]:
    """Each part, and whether it is the last."""
    part = await anext(parts, None)
    while part is not None:
        following = await anext(parts, None)
        yield part, following is None
        part = following


def halve_interval(low: datetime, high: datetime) -> datetime | None:
    """The middle of an interval in whole seconds; None: it is a second long, or shorter."""
    if high - low <= _SECOND:
        return None
    middle = (low + (high - low) / 2).replace(microsecond=0)
    return low + _SECOND if middle <= low else middle
