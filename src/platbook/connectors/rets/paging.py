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

from collections.abc import AsyncGenerator, AsyncIterator, Sequence

from platbook.connectors.contract import Clock, ProviderMisconfigured, RecordProblem, SourceBrokeProtocol
from platbook.connectors.paging import (
    KeysetPosition,
    OffsetIgnored,
    OffsetPage,
    OffsetPager,
    OffsetReply,
    OffsetStalled,
    batch_rows,
    keys_after,
)
from platbook.connectors.rets.checkpoint import PagingMode, WalkPosition
from platbook.connectors.rets.key_lists import (
    KeysCapped,
    KeysRepeated,
    describe_repeated_keys,
    list_all_keys,
    search_for_keys,
    verify_key_count,
)
from platbook.connectors.rets.received_rows import ReceivedRows
from platbook.connectors.rets.record_fetcher import RecordFetcher, read_keys
from platbook.connectors.rets.records import ParsedRows
from platbook.connectors.rets.remarks import Remarks
from platbook.connectors.rets.searcher import OffsetRefused, SearchRequest
from platbook.connectors.rets.settings import RetsSettings
from platbook.connectors.rets.time_walk import SliceLimits, TimeWalk
from platbook.connectors.rets.walk_query import KeyBatch, ResultPage, WalkQuery


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
        self._received = ReceivedRows(settings.max_class_rows)

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
            except (OffsetIgnored, OffsetStalled, OffsetRefused, KeysCapped, KeysRepeated) as reason:
                position = self._change_mode(position.way, reason)
            else:
                return

    async def list_keys(self, query: WalkQuery) -> AsyncIterator[KeyBatch]:
        """Every key of a class as it comes, repeated ones too; where the source caps such a search, page by page."""
        capped = False
        received = 0
        request = self._key_search(query)
        async for result in self._fetcher.searcher.stream(request):
            keys = read_keys(self._fetcher.reader, result)
            received += len(keys)
            self._received.take_keys(keys)
            count = None
            if result.ended:
                capped = result.more
                if not capped:
                    count = await verify_key_count(self._fetcher, request, result.count, received)
            yield KeyBatch(keys, count)
        if capped:
            self._max_rows = received
            async for page in self.walk(query, WalkPosition()):
                if page.problems:
                    raise SourceBrokeProtocol("a row of the key search has no key")
                count = None
                if page.complete:
                    count = await verify_key_count(self._fetcher, request, page.total, len(self._received.keys))
                yield KeyBatch([record.key for record in page.records], count)

    def _walk_in_mode(self, query: WalkQuery, position: WalkPosition) -> AsyncIterator[ResultPage]:
        match position.way:
            case "offset":
                return self._walk_by_offset(query, position)
            case "key":
                return self._walk_by_key(query, position)
            case "time":
                limits = SliceLimits(self._max_rows, self._settings.queried_key, self._keys_only)
                return TimeWalk(self._fetcher, self._received, self._remarks, self._clock, query, limits).walk(position)

    def _change_mode(self, mode: PagingMode, reason: Exception) -> WalkPosition:
        """Start in the next mode, with a remark; where the settings name the mode, the reason is raised instead."""
        setting, what = self._settings.paging, "keys were" if self._keys_only else "it was"
        if mode == "time":  # the last one
            raise reason
        if mode == "key":
            if isinstance(reason, KeysRepeated):
                if setting == "key":
                    raise reason
                self._remarks.add(f"the source's list of keys repeats some, so {what} read by time slices")
                return WalkPosition(way="time")
            if setting == "key":
                raise ProviderMisconfigured("settings.paging: the source caps searches for keys; set time or auto")
            self._remarks.add(f"the source caps searches for keys, so {what} read by time slices")
            return WalkPosition(way="time")
        if setting == "offset":
            raise reason
        next_mode: PagingMode = "time" if self._keys_only else "key"
        how = "by time slices" if self._keys_only else "by key lists"
        self._remarks.add(f"the source {_describe(reason)}, so {what} read {how}")
        return WalkPosition(way=next_mode)

    # By offset

    async def _walk_by_offset(self, query: WalkQuery, position: WalkPosition) -> AsyncIterator[ResultPage]:
        async def fetch(start: int, limit: int | None) -> OffsetReply[ParsedRows]:
            result = await self._fetcher.find(SearchRequest(query.class_name, query.dmql, limit, start))
            parsed = self._fetcher.reader.read(result)
            keys = [record.key for record in parsed.records]
            return OffsetReply(parsed, keys, len(result.rows), parsed.trailing, result.count, result.more)

        async def count() -> int | None:
            return await self._fetcher.searcher.count(query.class_name, query.dmql)

        resumed = position.offset > 1
        pager = OffsetPager(fetch, self._limit, self._received.keys, count, query.expected)
        async for page in pager.walk(position.by_offset):
            problems = page.content.problems[page.repeated :]
            fresh = self._received.take(page.content.records, problems)
            records = await self._fetcher.complete(query.class_name, fresh)
            received = page.position.offset - 1
            short = page.complete and not resumed and not self._keys_only and self._received.found < received
            stored = WalkPosition.of(page.position)
            yield ResultPage(records, problems, stored, page.count, page.complete and not short)
            if short:
                async for missing in self._read_repeated(query, page):
                    yield missing

    async def _read_repeated(self, query: WalkQuery, last: OffsetPage[ParsedRows]) -> AsyncGenerator[ResultPage]:
        """Some rows came twice, so that as many others may not have come: those that the list of all keys names."""
        received = last.position.offset - 1
        try:
            listed, _ = await list_all_keys(self._fetcher, self._key_search(query))
        except KeysCapped:
            raise SourceBrokeProtocol(
                f"the result is incomplete: of {received} rows of {query.class_name} that the source sent, "
                f"{self._received.found} have different keys, and it does not list all keys"
            ) from None
        except KeysRepeated as error:
            listed = error.keys
        position = WalkPosition.of(last.position)
        missing = [key for key in listed if key not in self._received.keys]
        for batch in batch_rows(missing, lambda: self._fetcher.keys_at_once):
            if batch.rows:
                parsed = await self._fetcher.by_keys(query.class_name, batch.rows)
                fresh = self._received.take(parsed.records, parsed.problems)
                yield ResultPage(fresh, parsed.problems, position, last.count, complete=False)
        unsent = await self._find_unsent(query, missing)
        if not unsent and self._received.found < received:
            self._remarks.add(describe_repeated_keys(query.class_name, received, self._received.found))
        yield ResultPage((), unsent, position, last.count, complete=True)

    # By key

    async def _walk_by_key(self, query: WalkQuery, position: WalkPosition) -> AsyncIterator[ResultPage]:
        listed, total = await list_all_keys(self._fetcher, self._key_search(query))
        keys, after = keys_after(listed, position.by_key), position.by_key
        for batch in batch_rows(keys, lambda: self._fetcher.keys_at_once):
            if not batch.rows:
                yield ResultPage((), (), position, total, complete=True)
                return
            parsed = await self._fetcher.by_keys(query.class_name, batch.rows)
            after = KeysetPosition(batch.rows[-1])
            records = self._received.take(parsed.records, parsed.problems)
            unsent = await self._find_unsent(query, keys) if batch.complete else []
            yield ResultPage(records, [*parsed.problems, *unsent], WalkPosition.of(after), total, batch.complete)

    async def _find_unsent(self, query: WalkQuery, keys: Sequence[str]) -> list[RecordProblem]:
        """A problem for each key that was listed, is so still, and that no record came for."""
        unsent = [key for key in keys if key not in self._received.keys and key not in self._received.rejected]
        if not unsent:
            return []
        try:
            listed = (await list_all_keys(self._fetcher, self._key_search(query)))[0]
        except KeysRepeated as error:
            listed = error.keys
        still_listed = set(listed)
        reason = "the source lists this key and sends no record for it"
        return [RecordProblem(key, self._settings.key_field, reason, "") for key in unsent if key in still_listed]

    def _key_search(self, query: WalkQuery) -> SearchRequest:
        return search_for_keys(query.class_name, query.dmql, self._settings.queried_key)


def _describe(reason: Exception) -> str:
    if isinstance(reason, OffsetStalled):
        return "marks that more rows follow and sends none"
    return "refuses Offset" if isinstance(reason, OffsetRefused) else "ignores Offset"
