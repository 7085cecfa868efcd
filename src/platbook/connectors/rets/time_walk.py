"""Reads a class by slices of modification time, and finds what no slice holds.

A range of times leaves out the records without one, and those that change while the slices are read: they move to a
time that is already done. So what came is compared with the source's count in the end. What is missing is read from the
newest slice again, as the records without a time, and by the list of all keys. Where the count still does not agree,
the walk has failed; only records without a time that a source does not find by any query are named in a remark.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from platbook.base.times import as_utc
from platbook.connectors.contract import (
    Clock,
    ProviderMisconfigured,
    RawRecord,
    ReplyTooLarge,
    SourceBrokeProtocol,
)
from platbook.connectors.paging import TimeSlicePager, batch_rows, halve_interval
from platbook.connectors.rets.checkpoint import WalkPosition
from platbook.connectors.rets.key_lists import (
    KeysCapped,
    KeysRepeated,
    describe_repeated_keys,
    list_all_keys,
    search_for_keys,
)
from platbook.connectors.rets.received_rows import ReceivedRows
from platbook.connectors.rets.record_fetcher import RecordFetcher, expect_all
from platbook.connectors.rets.records import ParsedRows
from platbook.connectors.rets.remarks import Remarks
from platbook.connectors.rets.searcher import SearchRequest
from platbook.connectors.rets.walk_query import ResultPage, WalkQuery
from platbook.protocols.rets.query import EARLIEST_TIMESTAMP, later_timestamp, parse_timestamp, to_literal

_DAY = timedelta(days=1)
_FAR = timedelta(days=2)
"""Further from a slice than any time zone moves a time."""


@dataclass(frozen=True, slots=True)
class SliceLimits:
    """`max_rows`: how many rows the source sends at once, as far as known; `queried_key`: the key's name in queries."""

    max_rows: int | None
    queried_key: str
    keys_only: bool


class TimeWalk:
    """A walk through one class by time slices."""

    def __init__(
        self,
        fetcher: RecordFetcher,
        received: ReceivedRows,
        remarks: Remarks,
        clock: Clock,
        query: WalkQuery,
        limits: SliceLimits,
    ) -> None:
        self._fetcher, self._received, self._remarks, self._clock = fetcher, received, remarks, clock
        self._query, self._limits = query, limits
        self._max_rows = limits.max_rows
        self._repeats_itself = False
        self._keys_agree = False
        self._start = query.since or EARLIEST_TIMESTAMP

    async def walk(self, position: WalkPosition) -> AsyncGenerator[ResultPage]:
        """Page from a position to the proven end. SourceBrokeProtocol where records are missing."""
        total = await self._count(self._query.dmql)
        pager = TimeSlicePager(
            self._read_slice, lambda start, end: halve(start, end, self._clock.now()), self._read_second
        )
        newest: str | None = None
        at = position
        async for page in pager.walk(self._start, position.by_time):
            at = WalkPosition.of(page.position)
            if position.until is None and newest is None:
                newest = _find_newest(page.content.records)
            yield await self._to_page(page.content, at, total)
        async for rows in self._read_missing(position.until, newest):
            yield await self._to_page(rows, at, total)
        yield ResultPage((), (), at, total, complete=True)

    async def _to_page(self, rows: ParsedRows, at: WalkPosition, total: int | None) -> ResultPage:
        fresh = self._received.take(rows.records, rows.problems)
        records = await self._fetcher.complete(self._query.class_name, fresh)
        return ResultPage(records, rows.problems, at, total, complete=False)

    async def _count(self, dmql: str) -> int | None:
        return await self._fetcher.searcher.count(self._query.class_name, dmql)

    # Slices

    async def _read_slice(self, start: str, end: str | None) -> ParsedRows | None:
        """One whole slice; None: it is too large for one reply."""
        dmql, max_rows = self._query.slice(start, end), self._max_rows
        if max_rows is not None:
            count = await self._count(dmql)
            if count is not None and count > max_rows:
                return None
        try:
            result = await self._fetcher.find(SearchRequest(self._query.class_name, dmql))
        except ReplyTooLarge:  # for our limit; where even a second is, its list of keys ends in this error
            return None
        parsed = self._fetcher.reader.read(result)
        if result.more or (result.rows and result.count is not None and result.count > len(result.rows)):
            self._max_rows = max(1, min(len(result.rows), max_rows or len(result.rows)))
            self._repeats_itself = self._repeats_itself or _is_outside(parsed.records, start, end)
            return None
        expect_all(result.count, len(result.rows), self._query.class_name)
        return parsed

    async def _read_second(self, start: str, end: str | None) -> AsyncGenerator[ParsedRows]:
        """A second in which more records changed than fit one reply: by key, if the source lists the keys."""
        keys: Sequence[str] = ()
        if not self._limits.keys_only:
            with suppress(KeysCapped):
                keys = await self._list_keys_of_second(self._query.slice(start, end))
        if not keys:
            raise SourceBrokeProtocol(
                "repeated paging: the source sends the same rows whatever Offset or range of times is requested"
                if self._repeats_itself
                else f"more records were changed at {start} than the source sends at once, and it does not list "
                "their keys"
            )
        async for parsed in self._read_by_keys(keys):
            yield parsed

    async def _list_keys_of_second(self, dmql: str) -> Sequence[str]:
        """The keys that the source lists; where it repeats some, the count of the whole walk shows what is missing."""
        try:
            return await self._list_keys(dmql)
        except KeysRepeated as repeated:
            return repeated.keys

    async def _list_keys(self, dmql: str) -> Sequence[str]:
        request = search_for_keys(self._query.class_name, dmql, self._limits.queried_key)
        return (await list_all_keys(self._fetcher, request))[0]

    async def _read_by_keys(self, keys: Sequence[str]) -> AsyncGenerator[ParsedRows]:
        for batch in batch_rows(keys, lambda: self._fetcher.keys_at_once):
            if batch.rows:
                yield await self._fetcher.by_keys(self._query.class_name, batch.rows)

    # What no slice holds

    async def _read_missing(self, until: str | None, newest: str | None) -> AsyncGenerator[ParsedRows]:
        """The records that the slices did not bring, in the ways that may find them, until the count agrees."""
        if not await self._is_short(until):
            return
        query = self._query
        for dmql in ([] if newest is None else [query.slice(newest, None)]) + ([query.undated] * (query.since is None)):
            rows = await self._find_if_allowed(dmql)
            if rows is not None:
                yield rows
                if not await self._is_short(until):
                    return
        if not self._limits.keys_only:
            async for rows in self._read_missing_keys():
                yield rows
        await self._judge_the_rest(until)

    async def _read_missing_keys(self) -> AsyncGenerator[ParsedRows]:
        """The records whose keys the source lists and no slice held."""
        repeated = False
        try:
            listed = await self._list_keys(self._query.dmql)
        except KeysRepeated as error:
            listed, repeated = error.keys, True
        except (KeysCapped, ProviderMisconfigured):
            return
        missing = [key for key in listed if key not in self._received.keys]
        self._keys_agree = repeated and not missing
        async for rows in self._read_by_keys(missing):
            yield rows

    async def _find_if_allowed(self, dmql: str) -> ParsedRows | None:
        """The rows of a query that not every source takes; None: it does not, or not in one reply."""
        try:
            result = await self._fetcher.find(SearchRequest(self._query.class_name, dmql))
        except (ProviderMisconfigured, ReplyTooLarge):
            return None
        return None if result.more else self._fetcher.reader.read(result)

    async def _is_short(self, until: str | None) -> bool:
        expected = await self._count_expected(until)
        return expected is not None and self._received.found < expected

    async def _count_expected(self, until: str | None) -> int | None:
        """How many records this walk has to bring: a resumed one only those up to `until`, and those without a time."""
        total = await self._count(self._query.dmql)
        if until is None or total is None:
            return total
        rest = await self._count(self._query.slice(self._start, until))
        dated = await self._count(self._query.slice(self._start, None))
        return None if rest is None or dated is None else rest + max(0, total - dated)

    async def _judge_the_rest(self, until: str | None) -> None:
        expected, found = await self._count_expected(until), self._received.found
        if expected is None or found >= expected:
            return
        if self._keys_agree:
            self._remarks.add(describe_repeated_keys(self._query.class_name, expected, found))
            return
        dated = await self._count(self._query.slice(self._start, until))
        if self._query.since is not None or dated is None or found < dated:
            raise SourceBrokeProtocol(
                f"the result is incomplete: the source counts {expected} records of {self._query.class_name} and sent "
                f"{found} by time slices"
            )
        self._remarks.add(
            f"{expected - found} of {expected} records of {self._query.class_name} have no "
            f"{self._query.modified_field} and cannot be read by time slices"
        )


def halve(start: str, end: str | None, now: datetime) -> str | None:
    """The middle of a slice, in the format of its start; None: the slice is a second long, or shorter."""
    low, high = _parse_slice(start, end, now)
    if low is None or high is None:
        raise SourceBrokeProtocol(f"a slice from {start[:40]!r} to {str(end)[:40]!r} is not a valid time slice")
    middle = halve_interval(as_utc(low), as_utc(high))
    if middle is None:
        return None
    return to_literal(middle.replace(tzinfo=None) if low.tzinfo is None else middle)


def _parse_slice(start: str, end: str | None, now: datetime) -> tuple[datetime | None, datetime | None]:
    return parse_timestamp(start), parse_timestamp(end) if end is not None else now + _DAY


def _find_newest(records: Sequence[RawRecord]) -> str | None:
    newest: str | None = None
    for record in records:
        newest = later_timestamp(newest, record.modified)
    return newest


def _is_outside(records: Sequence[RawRecord], start: str, end: str | None) -> bool:
    """Whether every record that came for a slice is far from it: the source does not regard what it is asked."""
    low, high = parse_timestamp(start), parse_timestamp(end or "9999-01-01T00:00:00")
    if low is None or high is None:
        return False
    times = [time for record in records if (time := parse_timestamp(record.modified or "")) is not None]
    earliest, latest = as_utc(low) - _FAR, as_utc(high) + _FAR
    return bool(times) and all(not earliest <= as_utc(time) <= latest for time in times)
