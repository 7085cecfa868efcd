"""Three ways through a class that is too large for one reply, and when to leave one for the next.

*By Offset* (RETS 1.7.2, section 7.4): asking for an Offset, even the first, asks for key order. Nothing keeps the rows
from shifting between two pages, so each page begins with the last row of the page before: where that row is another,
the walk steps back until it meets rows it knows.

*By key*: all keys in one search for the key column alone, for which a source lifts its limit, then the records by lists
of keys.

*By slices of time*: the range of modification times is halved until a slice is small enough; the newest slice comes
first, so that the first page has the greatest time.

A class is walked by Offset unless the settings say otherwise. A source that sends its first page again, or refuses the
Offset, is walked by key; one that caps the keys as well, by slices of time. Every way has its proof of the end: as many
rows as COUNT promised and no word of more.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from platbook.base.times import as_utc
from platbook.connectors.contract import Clock, ProviderMisconfigured, RawRecord, SourceBrokeProtocol
from platbook.connectors.rets.record_fetcher import RecordFetcher, expect_all, read_keys
from platbook.connectors.rets.records import Problem, Read
from platbook.connectors.rets.remarks import Remarks
from platbook.connectors.rets.searcher import OffsetRefusedError, SearchRequest, SearchResult
from platbook.connectors.rets.seen_keys import SeenKeys
from platbook.connectors.rets.settings import RetsSettings
from platbook.protocols.rets.query import (
    EARLIEST_TIMESTAMP,
    all_of,
    modified_between,
    modified_since,
    parse_timestamp,
    to_literal,
)

Way = Literal["offset", "key", "time"]

_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
_MOST_STEPS_BACK = 8


class WalkPosition(BaseModel):
    """Where a walk through one class stands: part of a checkpoint.

    By Offset: the next `offset`, the `first` key of all, the last key `behind` and by how many rows it lies behind
    (`overlap`). By key: all keys up to `behind` are done. By time: all is done from the moment `until` on.
    The names of the fields are stored: a checkpoint with others, or fewer, is not read.
    """

    model_config = ConfigDict(extra="forbid")

    way: Way = "offset"
    offset: int = Field(default=1, ge=1)
    overlap: int = Field(default=1, ge=0)
    first: str | None = None
    behind: str | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True)
class ResultPage:
    """A batch of one class: what is new to this walk, where it stands after it, and whether this is all.

    `total` is how many records the source counts, where it does.
    """

    records: Sequence[RawRecord]
    problems: Sequence[Problem]
    place: WalkPosition
    total: int | None
    ended: bool


@dataclass(frozen=True, slots=True)
class KeySheet:
    """A batch of one class's keys; `count`, on the last one, is how many records the source counts."""

    keys: Sequence[str]
    count: int | None = None


@dataclass(frozen=True, slots=True)
class WalkQuery:
    """What is walked: what changed from a moment on (None: `everything`), narrowed by a further criterion."""

    class_name: str
    modified_field: str
    everything: str
    narrowed: str = ""
    since: str | None = None

    @property
    def dmql(self) -> str:
        """The whole of it."""
        start = self.everything if self.since is None else modified_since(self.modified_field, self.since)
        return all_of([start, self.narrowed])

    def slice(self, start: str, end: str | None) -> str:
        """The part of it that changed between two moments."""
        field = self.modified_field
        changed = modified_since(field, start) if end is None else modified_between(field, start, end)
        return all_of([changed, self.narrowed])


class _OffsetIgnoredError(Exception):
    """The source sends its first page whatever Offset it is asked for."""


class _KeysCappedError(Exception):
    """The source does not lift its limit for a search of keys alone."""


class Pager:
    """Walks classes. `limit`: rows in a page; `keys_only`: records are read for their keys alone."""

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
        self._most_rows = limit
        self._seen = SeenKeys()

    async def walk(self, query: WalkQuery, place: WalkPosition) -> AsyncIterator[ResultPage]:
        """Walk a class from a place, by the way that the settings or the place name, changing it where it must."""
        named = self._settings.paging
        if named != "auto" and named != place.way:  # noqa: PLR1714 - apart, they narrow the type
            place = WalkPosition(way=named)
        while True:
            try:
                async for sheet in self._walk_by(query, place):
                    place = sheet.place
                    yield sheet
            except (_OffsetIgnoredError, OffsetRefusedError, _KeysCappedError) as reason:
                place = self._find_onward(place.way, reason)
            else:
                return

    async def list_keys(self, query: WalkQuery) -> AsyncIterator[KeySheet]:
        """Every key of a class as it comes, repeated ones too; where the source caps such a search, page by page."""
        capped = False
        keys = 0
        async for piece in self._fetcher.searcher.stream(self._ask_for_keys(query.class_name, query.dmql)):
            some = read_keys(self._fetcher.reader, piece)
            keys += len(some)
            self._take_fresh_keys(some)
            count = None
            if piece.ended:
                capped = piece.more
                if not capped:
                    count = await self._prove_keys(query.class_name, query.dmql, piece.count, keys)
            yield KeySheet(some, count)
        if capped:
            self._most_rows = keys
            async for sheet in self.walk(query, WalkPosition()):
                if sheet.problems:
                    raise SourceBrokeProtocol("a row of the key search has no key")
                count = None
                if sheet.ended:
                    count = await self._prove_keys(query.class_name, query.dmql, sheet.total, len(self._seen))
                yield KeySheet([record.key for record in sheet.records], count)

    def _walk_by(self, query: WalkQuery, place: WalkPosition) -> AsyncIterator[ResultPage]:
        match place.way:
            case "offset":
                return self._walk_by_offset(query, place)
            case "key":
                return self._walk_by_key(query, place)
            case "time":
                return self._walk_by_time(query, place)

    def _find_onward(self, way: Way, reason: Exception) -> WalkPosition:
        """The next way, with a remark; where the settings name the way, the reason is raised instead."""
        named, what = self._settings.paging, "keys were" if self._keys_only else "it was"
        if way == "key":
            if named == "key":
                raise ProviderMisconfigured("settings.paging: the source caps searches for keys; it cannot go by key")
            self._remarks.note(f"the source caps searches for keys, so {what} read by slices of time")
            return WalkPosition(way="time")
        if named == "offset":
            if isinstance(reason, OffsetRefusedError):
                raise reason
            raise SourceBrokeProtocol("repeated paging: the source sends its first page again; it ignores Offset")
        verb = "refuses" if isinstance(reason, OffsetRefusedError) else "ignores"
        onward: Way = "time" if self._keys_only else "key"
        how = "by slices of time" if self._keys_only else "by lists of keys"
        self._remarks.note(f"the source {verb} Offset, so {what} read {how}")
        return WalkPosition(way=onward)

    # By Offset

    async def _walk_by_offset(self, query: WalkQuery, place: WalkPosition) -> AsyncIterator[ResultPage]:
        steps = 0
        while True:
            overlap = place.overlap if place.offset > 1 else 0
            start = max(1, place.offset - overlap)
            limit = None if self._limit is None else self._limit + overlap
            found = await self._fetcher.find(SearchRequest(query.class_name, query.dmql, limit, start))
            read = self._fetcher.reader.read(found)
            keys = [record.key for record in read.records]
            if start > 1 and not self._goes_on(place, keys, stepped=steps > 0):
                steps += 1
                place = self._step_back(place, start, steps)
                continue
            received = start - 1 + len(found.rows)
            fresh_rows = received - (place.offset - 1)
            ended = _has_ended(found, received, limit, fresh_rows)
            place = WalkPosition(
                offset=received + 1,
                overlap=read.tail + 1 if keys else place.overlap + len(found.rows),
                first=place.first if place.first is not None else next(iter(keys), None),
                behind=keys[-1] if keys else place.behind,
            )
            known_problems = overlap - 1 if start > 1 and not steps else 0
            steps = 0
            records = await self._fetcher.complete(query.class_name, self._take_fresh(read.records))
            yield ResultPage(records, read.problems[max(0, known_problems) :], place, found.count, ended)
            if ended:
                return

    def _goes_on(self, place: WalkPosition, keys: Sequence[str], *, stepped: bool) -> bool:
        """Whether a page begins with a row that is known, so that nothing can lie between it and the page before."""
        if not keys:
            return False
        if keys[0] == place.first and place.first != place.behind:
            raise _OffsetIgnoredError
        return keys[0] == place.behind or (stepped and keys[0] in self._seen)

    def _step_back(self, place: WalkPosition, start: int, steps: int) -> WalkPosition:
        """Rows have come or gone since the last page: go back until a page begins with a row we know."""
        if steps > _MOST_STEPS_BACK:
            raise _OffsetIgnoredError
        if not self._seen:  # a resumed walk knows none
            return place.model_copy(update={"offset": 1})
        back = max(1, (self._limit or len(self._seen)) // 2) * steps
        return place.model_copy(update={"offset": max(1, start - back + 1), "overlap": 1})

    # By key

    async def _walk_by_key(self, query: WalkQuery, place: WalkPosition) -> AsyncIterator[ResultPage]:
        listed, total = await self._list_whole(query.class_name, query.dmql)
        keys = sorted(listed)
        behind = place.behind
        todo = keys if behind is None else [key for key in keys if key > behind]
        if not todo:
            yield ResultPage((), (), place, total, ended=True)
        while todo:
            batch = todo[: self._fetcher.keys_at_once]
            todo = todo[len(batch) :]
            read = await self._fetcher.by_keys(query.class_name, batch)
            place = WalkPosition(way="key", behind=batch[-1])
            yield ResultPage(self._take_fresh(read.records), read.problems, place, total, ended=not todo)

    async def _list_whole(self, class_name: str, dmql: str) -> tuple[list[str], int]:
        """Every distinct key of a query, in one reply that proves its end, and how many records the source counts."""
        keys: list[str] = []
        count = 0
        async for piece in self._fetcher.searcher.stream(self._ask_for_keys(class_name, dmql)):
            keys += read_keys(self._fetcher.reader, piece)
            if piece.ended and piece.more:
                raise _KeysCappedError
            if piece.ended:
                count = await self._prove_keys(class_name, dmql, piece.count, len(keys))
        return list(dict.fromkeys(keys)), count

    async def _prove_keys(self, class_name: str, dmql: str, count: int | None, received: int) -> int:
        """Hold a list of keys against the source's count, and give the count: what is not on it may be removed."""
        if count is None:
            count = await self._fetcher.searcher.count(class_name, dmql)
        if count is None:
            raise SourceBrokeProtocol(f"the source does not count the keys of {class_name}, so none is known to be all")
        expect_all(count, received, class_name)
        return count

    def _ask_for_keys(self, class_name: str, dmql: str) -> SearchRequest:
        """A search for the key column alone, for which a source lifts its limit (section 7.4.4)."""
        return SearchRequest(class_name, dmql, select=(self._settings.queried_key,))

    # By slices of time

    async def _walk_by_time(self, query: WalkQuery, place: WalkPosition) -> AsyncIterator[ResultPage]:
        total = await self._fetcher.searcher.count(query.class_name, query.dmql)
        slices: list[tuple[str, str | None]] = [(query.since or EARLIEST_TIMESTAMP, place.until)]
        while slices:
            start, end = slices.pop()
            read = await self._read_slice(query, start, end)
            if read is None:
                middle = _halve(start, end, self._clock.now())
                if middle is not None:
                    slices += [(start, middle), (middle, end)]
                    continue
                read = await self._read_moment(query, start, end)
            records = await self._fetcher.complete(query.class_name, self._take_fresh(read.records))
            yield ResultPage(records, read.problems, WalkPosition(way="time", until=start), total, ended=not slices)

    async def _read_slice(self, query: WalkQuery, start: str, end: str | None) -> Read | None:
        """One slice whole; None: it is too large for one reply."""
        dmql, most = query.slice(start, end), self._most_rows
        if most is not None:
            count = await self._fetcher.searcher.count(query.class_name, dmql)
            if count is not None and count > most:
                return None
        found = await self._fetcher.find(SearchRequest(query.class_name, dmql))
        if found.more:
            self._most_rows = max(1, min(len(found.rows), self._most_rows or len(found.rows)))
            return None
        expect_all(found.count, len(found.rows), query.class_name)
        return self._fetcher.reader.read(found)

    async def _read_moment(self, query: WalkQuery, start: str, end: str | None) -> Read:
        """A second in which more records were changed than fit one reply: by key, if the source lists the keys."""
        try:
            keys: list[str] = []
            if not self._keys_only:
                keys, _ = await self._list_whole(query.class_name, query.slice(start, end))
        except _KeysCappedError:
            keys = []
        if not keys:
            raise SourceBrokeProtocol(
                f"more records were changed at {start} than the source sends at once, and it does not list their keys"
            )
        records: list[RawRecord] = []
        problems: list[Problem] = []
        for place in range(0, len(keys), self._fetcher.keys_at_once):
            read = await self._fetcher.by_keys(query.class_name, keys[place : place + self._fetcher.keys_at_once])
            records += read.records
            problems += read.problems
        return Read(records, problems, tail=0)

    # What is new

    def _take_fresh(self, records: Sequence[RawRecord]) -> list[RawRecord]:
        """Those that this walk has not given out yet."""
        fresh = set(self._take_fresh_keys([record.key for record in records]))
        return [record for record in records if record.key in fresh]

    def _take_fresh_keys(self, keys: Sequence[str]) -> list[str]:
        return [key for key in keys if self._seen.add(key)]


def _has_ended(found: SearchResult, received: int, limit: int | None, fresh: int) -> bool:
    """Whether a class is through: no word of more, and as many as counted. Fewer, and no word of more, is no end."""
    if found.more and fresh > 0:
        return False
    is_full = limit is not None and len(found.rows) >= limit and fresh > 0
    if found.count is None or received >= found.count:
        # A full page without a count may be our own limit, which not every source marks.
        return found.count is not None or not is_full
    if is_full:
        return False
    raise SourceBrokeProtocol(
        f"the result is incomplete: the source counts {found.count} records, sent {received} and marks no more"
    )


def _halve(start: str, end: str | None, now: datetime) -> str | None:
    """A moment in the middle of a slice, in the form of its start; None: it is a second long, or shorter."""
    low = parse_timestamp(start)
    high = parse_timestamp(end) if end is not None else now + _DAY
    if low is None or high is None:
        raise SourceBrokeProtocol(f"a slice from {start[:40]!r} to {str(end)[:40]!r} is none of time")
    high = as_utc(high)
    is_local = low.tzinfo is None
    low = as_utc(low)
    if high - low <= _SECOND:
        return None
    middle = (low + (high - low) / 2).replace(microsecond=0)
    middle = low + _SECOND if middle <= low else middle
    return to_literal(middle.replace(tzinfo=None) if is_local else middle)
