"""Finds the query that asks for every record of a class.

"Modified since 1950" is a filter: a record without a modification time satisfies no range of times, and is never sent.
So the records that it finds are counted and compared with those of queries that leave none out: the narrowing criteria
alone, a range of the key, any key at all. Where such a query finds more, it is used for full walks and key sweeps.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from platbook.connectors.contract import ProviderMisconfigured, SourceBrokeProtocol, SourceUnavailable
from platbook.connectors.rets.remarks import Remarks
from platbook.connectors.rets.searcher import Searcher
from platbook.connectors.rets.settings import RetsSettings
from platbook.protocols.rets.query import EARLIEST_TIMESTAMP, all_of, either, is_empty, is_set, modified_since


@dataclass(frozen=True, slots=True)
class Everything:
    """The query for every record of a class, before it is narrowed; `count`: how many it finds, where that is known."""

    dmql: str
    count: int | None = None


async def find_everything(searcher: Searcher, settings: RetsSettings, class_name: str, remarks: Remarks) -> Everything:
    """The query for every record of a class: the settings' own, or the one that finds the most."""
    dated, field = Everything(usual_query(settings)), settings.queried_modified
    if settings.all_query:
        return dated
    dated_count = await searcher.count(class_name, all_of([dated.dmql, settings.narrowing]))
    if dated_count is None:
        remarks.add(
            f"the source does not count its records, so it is not known whether some of {class_name} have no {field}"
        )
        return dated
    for dmql in _candidates(settings, dated.dmql):
        count = await _count_if_allowed(searcher, class_name, all_of([dmql, settings.narrowing]))
        if count is None or count < dated_count:
            continue
        if count == dated_count:
            return Everything(dated.dmql, dated_count)
        remarks.add(
            f"{count - dated_count} of {count} records of {class_name} have no {field}, so only full runs read them"
        )
        return Everything(dmql, count)
    remarks.add(
        f"the source takes no query for every record of {class_name}: those without {field}, if there are any, are not "
        "read (settings.allQuery can name one)"
    )
    return Everything(dated.dmql, dated_count)


def usual_query(settings: RetsSettings) -> str:
    """The settings' query for every record, else that for every record with a modification time."""
    return settings.all_query or modified_since(settings.queried_modified, EARLIEST_TIMESTAMP)


def _candidates(settings: RetsSettings, dated: str) -> Iterator[str]:
    if settings.narrowing:
        yield ""
    yield f"({settings.queried_key}=0+)"
    yield is_set(settings.queried_key)
    yield either([dated, is_empty(settings.queried_modified)])
    if not settings.narrowing:
        yield "*"


async def _count_if_allowed(searcher: Searcher, class_name: str, dmql: str) -> int | None:
    """How many records a query finds that not every source takes; None: this one does not."""
    try:
        return await searcher.count(class_name, dmql, is_probe=True)
    except (ProviderMisconfigured, SourceBrokeProtocol, SourceUnavailable):
        return None
