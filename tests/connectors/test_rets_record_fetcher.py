"""Records whose columns come by several searches."""

import re
from dataclasses import dataclass, field

import pytest

from platbook.connectors.rets.record_fetcher import RecordFetcher
from platbook.connectors.rets.searcher import SearchRequest, SearchResult
from platbook.connectors.rets.settings import RetsSettings

KEYS = [f"K{number}" for number in range(10, 30)]
SETTINGS = RetsSettings.model_validate({"loginUrl": "http://mls/login", "keyField": "Key", "keysPerRequest": 8})


@dataclass
class _CappedSearcher:
    """Sends at most `cap` rows of a search that selects B, and says so or not."""

    cap: int
    marks_more: bool
    requests: list[SearchRequest] = field(default_factory=list[SearchRequest])

    async def find(self, request: SearchRequest) -> SearchResult:
        self.requests.append(request)
        keys = re.findall(r"K\d+", request.query)
        sent = keys[: self.cap] if "B" in request.select else keys
        rows = [(key, *(name + key for name in request.select[1:])) for key in sent]
        return SearchResult(request.select, rows, None, more=self.marks_more and len(sent) < len(keys), ended=True)


@pytest.mark.parametrize("marks_more", [True, False])
@pytest.mark.parametrize("cap", [1, 3, 8])
async def test_the_columns_of_further_searches_are_joined_where_their_lists_of_keys_are_capped(
    cap: int, *, marks_more: bool
) -> None:
    fetcher = RecordFetcher(_CappedSearcher(cap, marks_more), SETTINGS, [("Key", "A"), ("Key", "B")])  # pyright: ignore[reportArgumentType] - find is all it uses
    parsed = await fetcher.by_keys("RES", KEYS)
    assert [dict(one.fields) for one in parsed.records] == [
        {"Key": key, "A": f"A{key}", "B": f"B{key}"} for key in KEYS
    ]
