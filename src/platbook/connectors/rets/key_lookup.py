"""Looks up records of one class by their keys: one at a time, or in lists with proof of what is absent.

A server may cut a list off, or not honour it, without an error, and what is absent may be removed. So each list also
names a key that is known to exist, and what did not come is requested again until a request brings nothing new. Where
the known key does not come, or the list is refused, its keys are requested one by one.
"""

from collections.abc import Awaitable, Callable, Sequence

from platbook.connectors.contract import RawRecord, SourceBrokeProtocol
from platbook.connectors.rets.record_fetcher import RecordFetcher, read_keys
from platbook.connectors.rets.remarks import Remarks
from platbook.connectors.rets.searcher import QueryRefused, SearchRequest


class KeyLookup:
    """Looks up records. `query` finds some of the class; `has_numbers`: its keys are numbers."""

    def __init__(
        self, fetcher: RecordFetcher, class_name: str, query: str, has_numbers: Callable[[], Awaitable[bool]]
    ) -> None:
        self._fetcher, self._class_name, self._query = fetcher, class_name, query
        self._has_numbers = has_numbers
        self._known_key: str | None = None
        self._honours_lists = True

    async def find(self, key: str) -> RawRecord | None:
        """One record; None: the class has none with this key. SourceBrokeProtocol: its row cannot be read."""
        try:
            parsed = await self._fetcher.by_keys(self._class_name, [key], retry_missing=False)
        except QueryRefused:
            if key.isdecimal() or not await self._has_numbers():
                raise
            return None  # no key of this source
        if parsed.problems:
            raise SourceBrokeProtocol(f"the source answers for {key} with a row that cannot be read")
        return next(iter(parsed.records), None)

    async def find_many(self, keys: Sequence[str], remarks: Remarks) -> list[RawRecord]:
        """The records of the class among keys, each once."""
        found: list[RawRecord] = []
        start = 0
        while self._honours_lists and start < len(keys) and (size := self._fetcher.keys_at_once - 1):
            records = await self._find_in_list(keys[start : start + size])
            if records is None:
                self._honours_lists = False
                remarks.add("the source does not honour lists of keys, so records were looked up one by one")
                break
            found += records
            start += size
        singly = [await self.find(key) for key in keys[start:]]
        return found + [record for record in singly if record is not None]

    async def _find_in_list(self, keys: Sequence[str]) -> list[RawRecord] | None:
        """The records that are found by one list of keys; None: it is not proven that these are all."""
        found: dict[str, RawRecord] = {}
        missing = list(dict.fromkeys(keys))
        while missing:
            came = await self._request(missing)
            if came is None:
                return None
            found |= came
            left = [key for key in missing if key not in came]
            if len(left) == len(missing):
                break
            missing = left
        return list(found.values())

    async def _request(self, keys: Sequence[str]) -> dict[str, RawRecord] | None:
        try:
            known_key = await self._find_known_key()
            if known_key is None:
                return None
            listed = [*(key for key in keys if key != known_key), known_key]
            parsed = await self._fetcher.by_keys(self._class_name, listed, retry_missing=False)
        except QueryRefused:
            return None
        if parsed.problems:
            raise SourceBrokeProtocol(f"the source answers a list of {len(listed)} keys with a row that cannot be read")
        came = {record.key: record for record in parsed.records}
        return {key: came[key] for key in keys if key in came} if known_key in came else None

    async def _find_known_key(self) -> str | None:
        if self._known_key is None:
            select = (self._fetcher.queried_key,)
            result = await self._fetcher.searcher.find(SearchRequest(self._class_name, self._query, 1, select=select))
            self._known_key = next(iter(read_keys(self._fetcher.reader, result)), None)
        return self._known_key
