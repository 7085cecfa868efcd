"""Fetches records by a query or by their keys, and joins the columns that one search may not select at once."""

from collections.abc import Sequence
from dataclasses import replace

from platbook.connectors.contract import RawRecord, RecordProblem, ReplyTooLarge, SourceBrokeProtocol
from platbook.connectors.paging import batch_rows
from platbook.connectors.rets.records import ParsedRows, RecordReader
from platbook.connectors.rets.searcher import Fields, Searcher, SearchRequest, SearchResult
from platbook.connectors.rets.settings import RetsSettings
from platbook.protocols.rets.query import all_of, any_of


class RecordFetcher:
    """Fetches records of a class. `selections`: the columns of each search; an empty one selects every column."""

    def __init__(
        self,
        searcher: Searcher,
        settings: RetsSettings,
        selections: Sequence[Sequence[str]] = ((),),
        class_name: str | None = None,
    ) -> None:
        self.searcher = searcher
        self.reader = RecordReader(settings, class_name)
        self._settings, self._selections = settings, selections
        self.keys_at_once = settings.keys_per_request
        self.queried_key = settings.queried_key

    async def find(self, request: SearchRequest) -> SearchResult:
        """Search for records, as far as one search may select them; `complete` adds the rest."""
        return await self.searcher.find(replace(request, select=self._selections[0]))

    async def complete(self, class_name: str, records: Sequence[RawRecord]) -> list[RawRecord]:
        """Add the columns of the further selections; a record that was deleted meanwhile is left out."""
        if len(self._selections) == 1:
            return list(records)
        fields: dict[str, Fields] = {record.key: record.fields for record in records}
        for selection in self._selections[1:]:
            more: dict[str, Fields] = {}
            for batch in batch_rows(fields, lambda: self.keys_at_once):
                await self._fetch_all(class_name, batch.rows, selection, more, [])
            fields = {key: {**more[key], **first} for key, first in fields.items() if key in more}
        records_or_none = (self.reader.to_record(complete) for complete in fields.values())
        return [record for record in records_or_none if record is not None]

    async def by_keys(self, class_name: str, keys: Sequence[str], *, retry_missing: bool = True) -> ParsedRows:
        """Read records by their keys. Those that are missing are requested again (`retry_missing`), then left out."""
        fields: dict[str, Fields] = {}
        problems: list[RecordProblem] = []
        fetch = self._fetch_all if retry_missing else self._fetch
        await fetch(class_name, keys, self._selections[0], fields, problems)
        records = [self.reader.to_record(row) for row in fields.values()]
        return ParsedRows(
            await self.complete(class_name, [record for record in records if record is not None]), problems, trailing=0
        )

    async def _fetch_all(
        self,
        class_name: str,
        keys: Sequence[str],
        selection: Sequence[str],
        fields: dict[str, Fields],
        problems: list[RecordProblem],
    ) -> None:
        """Request what is missing until a request brings nothing new, then key by key.

        A source may cut a list of keys off, or not honour it, without an error.
        """
        before, missing = 0, list(keys)
        while missing and len(missing) != before:
            before = len(missing)
            await self._fetch(class_name, missing, selection, fields, problems)
            rejected = {problem.key for problem in problems}
            missing = [key for key in missing if key not in fields and key not in rejected]
        if len(missing) > 1:
            for key in missing:
                await self._fetch(class_name, [key], selection, fields, problems)
            if any(key in fields for key in missing):
                self.keys_at_once = 1

    async def _fetch(
        self,
        class_name: str,
        keys: Sequence[str],
        selection: Sequence[str],
        fields: dict[str, Fields],
        problems: list[RecordProblem],
    ) -> None:
        pending = [list(keys)]
        while pending:
            batch = pending.pop()
            query = all_of([any_of(self._settings.queried_key, batch), self._settings.narrowing])
            result = await self._find_by_keys(SearchRequest(class_name, query, select=selection), len(batch))
            if result is None or (result.more and len(batch) > 1):  # a limit is lower than our lists are long
                self.keys_at_once = max(1, len(batch) // 2)
                pending += [batch[self.keys_at_once :], batch[: self.keys_at_once]]
                continue
            if not result.more:
                expect_all(result.count, len(result.rows), class_name)
            requested = set(batch)
            parsed = self.reader.read(result)
            problems += parsed.problems
            fields |= {record.key: record.fields for record in parsed.records if record.key in requested}

    async def _find_by_keys(self, request: SearchRequest, keys: int) -> SearchResult | None:
        """Search by a list of keys; None: the reply is too large for so many of them. ReplyTooLarge: even for one."""
        try:
            return await self.searcher.find(request)
        except ReplyTooLarge:
            if keys == 1:
                raise
            return None


def expect_all(count: int | None, received: int, class_name: str) -> None:
    """SourceBrokeProtocol where as many rows as the source counts have not come."""
    if count is not None and count != received:
        raise SourceBrokeProtocol(
            f"the result is incomplete: the source counts {count} records of {class_name} and sent {received}"
        )


def read_keys(reader: RecordReader, result: SearchResult) -> list[str]:
    """The keys of a search for keys; SourceBrokeProtocol where a row has none: its record would be removed."""
    parsed = reader.read(result)
    if parsed.problems:
        raise SourceBrokeProtocol("a row of the key search has no key")
    return [record.key for record in parsed.records]


def select_in_batches(columns: Sequence[str], always: Sequence[str], limit: int | None) -> Sequence[Sequence[str]]:
    """Split columns into selections of at most `limit`, each with those of `always`; pure."""
    if limit is None or not columns:
        return (tuple(dict.fromkeys((*always, *columns))) if columns else (),)
    further = [column for column in columns if column not in always]
    size = max(1, limit - len(always))
    batches = [further[start : start + size] for start in range(0, len(further), size)] or [[]]
    return [(*always, *batch) for batch in batches]
