"""Fetches records: by a query, or by their keys; and puts those together that one search may not select whole."""

from collections.abc import Sequence
from dataclasses import replace

from platbook.connectors.contract import RawRecord, SourceBrokeProtocol
from platbook.connectors.rets.records import Problem, Read, RecordReader
from platbook.connectors.rets.searcher import Fields, Searcher, SearchRequest, SearchResult
from platbook.connectors.rets.settings import RetsSettings
from platbook.protocols.rets.query import any_of


class RecordFetcher:
    """Fetches records of a class. `selections`: the columns of each search, all of them where one is empty."""

    def __init__(
        self,
        searcher: Searcher,
        settings: RetsSettings,
        selections: Sequence[Sequence[str]] = ((),),
    ) -> None:
        self.searcher = searcher
        self.reader = RecordReader(settings)
        self._settings, self._selections = settings, selections
        self.keys_at_once = settings.keys_per_request

    async def find(self, asked: SearchRequest) -> SearchResult:
        """Search for records, as far as one search may select them; `complete` adds the rest."""
        return await self.searcher.find(replace(asked, select=self._selections[0]))

    async def complete(self, class_name: str, records: Sequence[RawRecord]) -> list[RawRecord]:
        """Add the further columns. What has gone in between is left out; what changed is read again by the next run."""
        if len(self._selections) == 1:
            return list(records)
        fields: dict[str, Fields] = {record.key: record.fields for record in records}
        for selection in self._selections[1:]:
            more: dict[str, Fields] = {}
            keys = list(fields)
            for start in range(0, len(keys), self.keys_at_once):
                await self._fetch(class_name, keys[start : start + self.keys_at_once], selection, more, [])
            fields = {key: {**more[key], **said} for key, said in fields.items() if key in more}
        whole = (self.reader.to_record(said) for said in fields.values())
        return [record for record in whole if record is not None]

    async def by_keys(self, class_name: str, keys: Sequence[str], *, twice: bool = True) -> Read:
        """Read records by their keys; one that does not come is asked for `twice`, and then has gone."""
        fields: dict[str, Fields] = {}
        problems: list[Problem] = []
        missing = list(keys)
        for _ in range(2 if twice else 1):
            if missing:
                await self._fetch(class_name, missing, self._selections[0], fields, problems)
                missing = [key for key in missing if key not in fields]
        records = [self.reader.to_record(said) for said in fields.values()]
        return Read(
            await self.complete(class_name, [record for record in records if record is not None]), problems, tail=0
        )

    async def _fetch(
        self,
        class_name: str,
        keys: Sequence[str],
        selection: Sequence[str],
        fields: dict[str, Fields],
        problems: list[Problem],
    ) -> None:
        waiting = [list(keys)]
        while waiting:
            some = waiting.pop()
            query = any_of(self._settings.queried_key, some)
            found = await self.searcher.find(SearchRequest(class_name, query, select=selection))
            if found.more and len(some) > 1:  # the source's limit is lower than our lists are long
                self.keys_at_once = max(1, len(some) // 2)
                waiting += [some[self.keys_at_once :], some[: self.keys_at_once]]
                continue
            if not found.more:
                expect_all(found.count, len(found.rows), class_name)
            wanted = set(some)
            read = self.reader.read(found)
            problems += read.problems
            fields |= {record.key: record.fields for record in read.records if record.key in wanted}


def expect_all(count: int | None, received: int, class_name: str) -> None:
    """SourceBrokeProtocol where as many rows as the source counts have not come."""
    if count is not None and count != received:
        raise SourceBrokeProtocol(
            f"the result is incomplete: the source counts {count} records of {class_name} and sent {received}"
        )


def read_keys(reader: RecordReader, found: SearchResult) -> list[str]:
    """The keys of a search for keys; a row without one is SourceBrokeProtocol: what is unseen would be removed."""
    read = reader.read(found)
    if read.problems:
        raise SourceBrokeProtocol("a row of the key search has no key")
    return [record.key for record in read.records]


def select_in_batches(columns: Sequence[str], always: Sequence[str], most: int | None) -> Sequence[Sequence[str]]:
    """Split columns into selections of at most `most`, each with those that are wanted `always`; pure."""
    if most is None or not columns:
        return (tuple(dict.fromkeys((*always, *columns))) if columns else (),)
    further = [column for column in columns if column not in always]
    size = max(1, most - len(always))
    batches = [further[start : start + size] for start in range(0, len(further), size)] or [[]]
    return [(*always, *batch) for batch in batches]
