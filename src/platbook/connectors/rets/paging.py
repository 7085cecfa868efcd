"""Three paging modes for a class that is too large for one reply, and when to change from one to the next.

*By offset* (RETS 1.7.2, section 7.4): asking for an Offset, even the first, asks for key order. Pages overlap by a row,
since nothing keeps rows from shifting between two of them (`paging.offset`).

*By key*: all keys in one search for the key column alone, for which a source lifts its limit, then the records by lists
of keys (`paging.keyset`).

*By time slices*: the range of modification times is halved until a slice is small enough, the newest slice first, so
that the first page has the greatest time (`paging.time_slices`).

A class is paged by offset unless the settings name another mode. A source that sends its first page again, or refuses
the Offset, is paged by key; one that caps the keys as well, by time slices. Every mode has its proof of the end: as
many rows as COUNT promised, and no mark that there are more.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from platbook.base.times import as_utc
from platbook.connectors.contract import (
    Clock,
    ProviderMisconfigured,
    RawRecord,
    RecordProblem,
    ReplyTooLarge,
    SourceBrokeProtocol,
)
from platbook.connectors.paging import (
    KeysetPosition,
    OffsetIgnored,
    OffsetPager,
    OffsetReply,
    SeenKeys,
    TimeSlicePager,
    batch_rows,
    halve_interval,
    keys_after,
)
from platbook.connectors.rets.checkpoint import PagingMode, WalkPosition
from platbook.connectors.rets.record_fetcher import RecordFetcher, expect_all, read_keys
from platbook.connectors.rets.records import ParsedRows
from platbook.connectors.rets.remarks import Remarks
from platbook.connectors.rets.searcher import OffsetRefused, SearchRequest
from platbook.connectors.rets.settings import RetsSettings
from platbook.protocols.rets.query import (
    EARLIEST_TIMESTAMP,
    all_of,
    modified_between,
    modified_since,
    parse_timestamp,
    to_literal,
)

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ResultPage:
    """Records of one class that are new to this walk, the position after them, and whether they are the last.

    `total` is how many records the source counts, where it does.
    """

    records: Sequence[RawRecord]
    problems: Sequence[RecordProblem]
    position: WalkPosition
    total: int | None
    complete: bool


@dataclass(frozen=True, slots=True)
class KeyBatch:
    """Keys of one class; `count`, on the last batch, is how many records the source counts."""

    keys: Sequence[str]
    count: int | None = None


@dataclass(frozen=True, slots=True)
class WalkQuery:
    """What a walk reads: what changed since a time (None: `everything`), narrowed by a further criterion."""

    class_name: str
    modified_field: str
    everything: str
    narrowed: str = ""
    since: str | None = None

    @property
    def dmql(self) -> str:
        """The whole query, in DMQL2."""
        start = self.everything if self.since is None else modified_since(self.modified_field, self.since)
        return all_of([start, self.narrowed])

    def slice(self, start: str, end: str | None) -> str:
        """The part of it that changed between two times."""
        field = self.modified_field
        changed = modified_since(field, start) if end is None else modified_between(field, start, end)
        return all_of([changed, self.narrowed])


class _KeysCappedError(Exception):
    """The source does not lift its limit for a search of keys alone."""


class ClassPager:
    """Pages through classes. `limit`: rows in a page; `keys_only`: records are read for their keys alone."""

    def __init__(
        self,
        fetcher: RecordFetcher,
        settings: RetsSettings,
        remarks: Remarks,
        clock: Clock,
        *,
        limit: int | None,
        keys_only: bool = False,
    ) -> None:
        self._fetcher, self._remarks, self._clock = fetcher, remarks, clock
        self._settings = settings
        self._limit, self._keys_only = limit, keys_only
        self._max_rows = limit
        self._seen = SeenKeys()

    async def walk(self, query: WalkQuery, position: WalkPosition) -> AsyncIterator[ResultPage]:
        """Page through a class from a position, in the mode that the settings or the position name; it may change."""
        mode = self._settings.paging
        if mode != "auto" and mode != position.way:  # noqa: PLR1714 - apart, they narrow the type
            position = WalkPosition(way=mode)
        while True:
            try:
                async for page in self._walk_in_mode(query, position):
                    position = page.position
                    yield page
            except (OffsetIgnored, OffsetRefused, _KeysCappedError) as reason:
                position = self._change_mode(position.way, reason)
            else:
                return

    async def list_keys(self, query: WalkQuery) -> AsyncIterator[KeyBatch]:
        """Every key of a class as it comes, repeated ones too; where the source caps such a search, page by page."""
        capped = False
        received = 0
        async for result in self._fetcher.searcher.stream(self._key_search(query.class_name, query.dmql)):
            keys = read_keys(self._fetcher.reader, result)
            received += len(keys)
            self._drop_yielded_keys(keys)
            count = None
            if result.ended:
                capped = result.more
                if not capped:
                    count = await self._verify_key_count(query.class_name, query.dmql, result.count, received)
            yield KeyBatch(keys, count)
        if capped:
            self._max_rows = received
            async for page in self.walk(query, WalkPosition()):
                if page.problems:
                    raise SourceBrokeProtocol("a row of the key search has no key")
                count = None
                if page.complete:
                    count = await self._verify_key_count(query.class_name, query.dmql, page.total, len(self._seen))
                yield KeyBatch([record.key for record in page.records], count)

    def _walk_in_mode(self, query: WalkQuery, position: WalkPosition) -> AsyncIterator[ResultPage]:
        match position.way:
            case "offset":
                return self._walk_by_offset(query, position)
            case "key":
                return self._walk_by_key(query, position)
            case "time":
                return self._walk_by_time(query, position)

    def _change_mode(self, mode: PagingMode, reason: Exception) -> WalkPosition:
        """Start in the next mode, with a remark; where the settings name the mode, the reason is raised instead."""
        setting, what = self._settings.paging, "keys were" if self._keys_only else "it was"
        if mode == "key":
            if setting == "key":
                raise ProviderMisconfigured("settings.paging: the source caps searches for keys; set time or auto")
            self._remarks.add(f"the source caps searches for keys, so {what} read by time slices")
            return WalkPosition(way="time")
        if setting == "offset":
            raise reason
        verb = "refuses" if isinstance(reason, OffsetRefused) else "ignores"
        next_mode: PagingMode = "time" if self._keys_only else "key"
        how = "by time slices" if self._keys_only else "by key lists"
        self._remarks.add(f"the source {verb} Offset, so {what} read {how}")
        return WalkPosition(way=next_mode)

    # By offset

    async def _walk_by_offset(self, query: WalkQuery, position: WalkPosition) -> AsyncIterator[ResultPage]:
        async def fetch(start: int, limit: int | None) -> OffsetReply[ParsedRows]:
            result = await self._fetcher.find(SearchRequest(query.class_name, query.dmql, limit, start))
            parsed = self._fetcher.reader.read(result)
            keys = [record.key for record in parsed.records]
            return OffsetReply(parsed, keys, len(result.rows), parsed.trailing, result.count, result.more)

        async for page in OffsetPager(fetch, self._limit, self._seen).walk(position.by_offset):
            parsed = page.content
            records = await self._fetcher.complete(query.class_name, self._drop_yielded(parsed.records))
            stored = WalkPosition.of(page.position)
            yield ResultPage(records, parsed.problems[page.repeated :], stored, page.count, page.complete)

    # By key

    async def _walk_by_key(self, query: WalkQuery, position: WalkPosition) -> AsyncIterator[ResultPage]:
        listed, total = await self._list_all_keys(query.class_name, query.dmql)
        after = position.by_key
        for batch in batch_rows(keys_after(listed, after), lambda: self._fetcher.keys_at_once):
            if not batch.rows:
                yield ResultPage((), (), position, total, complete=True)
                return
            parsed = await self._fetcher.by_keys(query.class_name, batch.rows)
            after = KeysetPosition(batch.rows[-1])
            records = self._drop_yielded(parsed.records)
            yield ResultPage(records, parsed.problems, WalkPosition.of(after), total, batch.complete)

    async def _list_all_keys(self, class_name: str, dmql: str) -> tuple[list[str], int]:
        """Every distinct key of a query, in one reply that proves its end, and how many records the source counts."""
        keys: list[str] = []
        count = 0
        async for result in self._fetcher.searcher.stream(self._key_search(class_name, dmql)):
            keys += read_keys(self._fetcher.reader, result)
            if result.ended and result.more:
                raise _KeysCappedError
            if result.ended:
                count = await self._verify_key_count(class_name, dmql, result.count, len(keys))
        return list(dict.fromkeys(keys)), count

    async def _verify_key_count(self, class_name: str, dmql: str, count: int | None, received: int) -> int:
        """Compare a list of keys with the source's count, and give the count: a key that is missing may be removed."""
        if count is None:
            count = await self._fetcher.searcher.count(class_name, dmql)
        if count is None:
            raise SourceBrokeProtocol(
                f"the source does not count the keys of {class_name}, so the key list cannot be verified"
            )
        expect_all(count, received, class_name)
        return count

    def _key_search(self, class_name: str, dmql: str) -> SearchRequest:
        """A search for the key column alone, for which a source lifts its limit (section 7.4.4)."""
        return SearchRequest(class_name, dmql, select=(self._settings.queried_key,))

    # By time slices

    async def _walk_by_time(self, query: WalkQuery, position: WalkPosition) -> AsyncIterator[ResultPage]:
        async def read(start: str, end: str | None) -> ParsedRows | None:
            return await self._read_slice(query, start, end)

        async def read_undivided(start: str, end: str | None) -> ParsedRows:
            return await self._read_second(query, start, end)

        total = await self._fetcher.searcher.count(query.class_name, query.dmql)
        pager = TimeSlicePager(read, lambda start, end: _halve(start, end, self._clock.now()), read_undivided)
        async for page in pager.walk(query.since or EARLIEST_TIMESTAMP, position.by_time):
            parsed = page.content
            records = await self._fetcher.complete(query.class_name, self._drop_yielded(parsed.records))
            yield ResultPage(records, parsed.problems, WalkPosition.of(page.position), total, page.complete)

    async def _read_slice(self, query: WalkQuery, start: str, end: str | None) -> ParsedRows | None:
        """One whole slice; None: it is too large for one reply."""
        dmql, max_rows = query.slice(start, end), self._max_rows
        if max_rows is not None:
            count = await self._fetcher.searcher.count(query.class_name, dmql)
            if count is not None and count > max_rows:
                return None
        try:
            result = await self._fetcher.find(SearchRequest(query.class_name, dmql))
        except ReplyTooLarge:  # for our limit; where even a second is, its list of keys ends in this error
            return None
        if result.more:
            self._max_rows = max(1, min(len(result.rows), self._max_rows or len(result.rows)))
            return None
        expect_all(result.count, len(result.rows), query.class_name)
        return self._fetcher.reader.read(result)

    async def _read_second(self, query: WalkQuery, start: str, end: str | None) -> ParsedRows:
        """A second in which more records changed than fit one reply: by key, if the source lists the keys."""
        try:
            keys: list[str] = []
            if not self._keys_only:
                keys, _ = await self._list_all_keys(query.class_name, query.slice(start, end))
        except _KeysCappedError:
            keys = []
        if not keys:
            raise SourceBrokeProtocol(
                f"more records were changed at {start} than the source sends at once, and it does not list their keys"
            )
        records: list[RawRecord] = []
        problems: list[RecordProblem] = []
        for batch in batch_rows(keys, lambda: self._fetcher.keys_at_once):
            parsed = await self._fetcher.by_keys(query.class_name, batch.rows)
            records += parsed.records
            problems += parsed.problems
        return ParsedRows(records, problems, trailing=0)

    # Deduplication

    def _drop_yielded(self, records: Sequence[RawRecord]) -> list[RawRecord]:
        """The records that this walk has not yielded yet."""
        fresh = set(self._drop_yielded_keys([record.key for record in records]))
        return [record for record in records if record.key in fresh]

    def _drop_yielded_keys(self, keys: Sequence[str]) -> list[str]:
        return [key for key in keys if self._seen.add(key)]


def _halve(start: str, end: str | None, now: datetime) -> str | None:
    """The middle of a slice, in the format of its start; None: the slice is a second long, or shorter."""
    low = parse_timestamp(start)
    high = parse_timestamp(end) if end is not None else now + _DAY
    if low is None or high is None:
        raise SourceBrokeProtocol(f"a slice from {start[:40]!r} to {str(end)[:40]!r} is not a valid time slice")
    middle = halve_interval(as_utc(low), as_utc(high))
    if middle is None:
        return None
    return to_literal(middle.replace(tzinfo=None) if low.tzinfo is None else middle)
