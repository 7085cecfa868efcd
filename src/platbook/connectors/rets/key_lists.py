"""Every key of a query in one search for the key column alone, for which a source lifts its limit (section 7.4.4)."""

from collections.abc import Sequence

from platbook.connectors.contract import SourceBrokeProtocol
from platbook.connectors.rets.record_fetcher import RecordFetcher, expect_all, read_keys
from platbook.connectors.rets.searcher import SearchRequest


class KeysCapped(SourceBrokeProtocol):
    """The source does not lift its limit for a search of keys alone."""

    def __init__(self) -> None:
        super().__init__("the source caps searches for keys")


class KeysRepeated(SourceBrokeProtocol):
    """The source sends some keys twice, and as many rows as it counts: other keys may be missing."""

    def __init__(self, class_name: str, count: int, keys: Sequence[str]) -> None:
        super().__init__(
            f"the result is incomplete: the source counts {count} records of {class_name} and sent {len(keys)} "
            "different keys"
        )
        self.keys = keys


def search_for_keys(class_name: str, dmql: str, queried_key: str) -> SearchRequest:
    """The search for the key column of a query."""
    return SearchRequest(class_name, dmql, select=(queried_key,))


async def list_all_keys(fetcher: RecordFetcher, request: SearchRequest) -> tuple[list[str], int]:
    """Every key of a query, in one reply that proves its end, and how many records the source counts.

    KeysCapped; KeysRepeated where fewer distinct keys came than the source counts.
    """
    keys: list[str] = []
    count = 0
    async for result in fetcher.searcher.stream(request):
        keys += read_keys(fetcher.reader, result)
        if result.ended and result.more:
            raise KeysCapped
        if result.ended:
            count = await verify_key_count(fetcher, request, result.count, len(keys))
    distinct = list(dict.fromkeys(keys))
    if len(distinct) < count:
        raise KeysRepeated(request.class_name, count, distinct)
    return distinct, count


async def verify_key_count(fetcher: RecordFetcher, request: SearchRequest, count: int | None, received: int) -> int:
    """Compare a list of keys with the source's count, and give the count: a key that is missing may be removed."""
    if count is None:
        count = await fetcher.searcher.count(request.class_name, request.query)
    if count is None:
        raise SourceBrokeProtocol(
            f"the source does not count the keys of {request.class_name}, so the key list cannot be verified"
        )
    expect_all(count, received, request.class_name)
    return count


def describe_repeated_keys(class_name: str, count: int, found: int) -> str:
    """The remark on a source that counts a key as often as it sends it: two readings gave the same keys."""
    return (
        f"the source counts {count} records of {class_name} and sends {found} different keys, some of them more than "
        "once; its list of keys agrees"
    )
