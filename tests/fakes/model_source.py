"""A model of a source: records that change by a schedule, clocks that differ, and replies that are false in known ways.

It holds what is true (`records`), and a connector that serves it. A test changes the records, syncs, and compares.
"""

import random
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from platbook.connectors.contract import (
    ByKey,
    Clock,
    Cursor,
    HttpClient,
    KeyPage,
    MediaRef,
    Page,
    RawRecord,
    Resource,
    ResourceProfile,
    Scope,
    SourceProfile,
    SourceUnavailable,
)
from platbook.connectors.paging import advance_watermark, extend_overlap
from tests.fakes.scripted_source import Anything

_OVERLAP = timedelta(minutes=1)


class KeyFault(StrEnum):
    """How a list of keys is false."""

    REPEATED = "repeated"
    """Some keys stand twice, in place of others; the count is right."""
    SHORT = "short"
    """Some keys are left out; the count is right."""
    SHORT_AND_COUNTED_SHORT = "short and counted short"
    """Some keys are left out, and the count agrees: other ones in each list."""
    COUNTED_HIGH = "counted high"
    UNFINISHED = "unfinished"


@dataclass(frozen=True)
class Replies:
    """How the source replies until it is told otherwise; the default is honest."""

    page_size: int = 3
    order: int | None = None
    """The seed of an order that has nothing to do with keys or times; None: the order of keys."""
    cut_after: int | None = None
    """After how many pages of a walk the connection breaks."""
    repeats_rows: bool = False
    """Every page begins with the last row of the one before."""
    skips_a_row: bool = False
    """A paging fault leaves out the last row of the first page."""
    key_fault: KeyFault | None = None
    counts: bool = True


@dataclass
class ModelRecord:
    """One record: `stamp` is its modification time by the clock that stamped it; None: it has none."""

    key: str
    version: int
    stamp: datetime | None


@dataclass
class ModelSource:
    """What is true at the source; `now` is the time by its own clock."""

    now: datetime
    zone: ZoneInfo | None = None
    """The zone of its times, which then carry no offset; None: UTC, with one."""
    by_key: ByKey = ByKey.MANY
    records: dict[str, ModelRecord] = field(default_factory=dict[str, ModelRecord])
    replies: Replies = Replies()
    _versions: int = 0
    _key_lists: int = 0

    def put(self, key: str, stamp: datetime | None) -> None:
        """Add or change a record."""
        self._versions += 1
        self.records[key] = ModelRecord(key, self._versions, stamp)

    def versions(self) -> dict[object, object]:
        """The version of every record, by key."""
        return {key: record.version for key, record in self.records.items()}

    def to_text(self, stamp: datetime) -> str:
        """A time as the source writes it."""
        if self.zone is None:
            return stamp.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return stamp.astimezone(self.zone).strftime("%Y-%m-%dT%H:%M:%S")

    def to_raw(self, record: ModelRecord) -> RawRecord:
        """A record as the source sends it."""
        modified = None if record.stamp is None else self.to_text(record.stamp)
        fields: dict[str, object] = {
            "ListingKey": record.key,
            "StandardStatus": "Active",
            "PropertyType": "Residential",
            "ListPrice": 100_000 + record.version,
            "ModificationTimestamp": modified,
        }
        return RawRecord(record.key, fields, modified=modified)

    def list_keys(self) -> tuple[Sequence[str], int | None]:
        """The keys and their count, false if the replies are."""
        self._key_lists += 1
        keys = sorted(self.records)
        total: int | None = len(keys) if self.replies.counts else None
        left_out = keys[self._key_lists % 2 :: 2][: max(1, len(keys) // 5)]
        match self.replies.key_fault:
            case KeyFault.REPEATED:
                rest = [key for key in keys if key not in left_out]
                return [*rest, *(rest * len(left_out))[: len(left_out)]], total
            case KeyFault.SHORT:
                return [key for key in keys if key not in left_out], len(keys)
            case KeyFault.SHORT_AND_COUNTED_SHORT:
                return [key for key in keys if key not in left_out], None if total is None else total - len(left_out)
            case KeyFault.COUNTED_HIGH:
                return keys, len(keys) + 1
            case _:
                return keys, total


class _Checkpoint(BaseModel):
    """Where a walk in the order of keys can be resumed (keyset): behind the key `after`."""

    model_config = ConfigDict(frozen=True)

    after: str = ""
    began: datetime
    watermark: str | None


@dataclass
class ModelSession:
    source: ModelSource

    async def changes(self, resource: Resource, since: Cursor | None, resume: Cursor | None) -> AsyncIterator[Page]:
        del resource
        source, replies = self.source, self.source.replies
        at = _Checkpoint(began=source.now, watermark=since)
        if resume is not None:
            at = _Checkpoint.model_validate_json(resume)
        rows = self._select(since, at.after)
        if replies.skips_a_row and since is None and len(rows) > replies.page_size:
            del rows[replies.page_size - 1]
        for page in range(max(1, -(-len(rows) // replies.page_size))):
            if page == replies.cut_after:
                raise SourceUnavailable("the connection broke")
            first, end = page * replies.page_size, (page + 1) * replies.page_size
            records = [source.to_raw(one) for one in rows[max(0, first - replies.repeats_rows) : end]]
            times = [record.modified for record in records]
            watermark = advance_watermark(at.watermark, times, at.began, source.zone or UTC)
            after = records[-1].key if records else at.after
            at = at.model_copy(update={"after": after, "watermark": watermark})
            yield Page(
                records,
                checkpoint=Cursor(at.model_dump_json()) if replies.order is None else None,
                watermark=None if watermark is None else Cursor(watermark),
                total=len(rows),
                complete=end >= len(rows),
            )

    def _select(self, since: str | None, after: str) -> list[ModelRecord]:
        source, order = self.source, self.source.replies.order
        rows = [source.records[key] for key in sorted(source.records) if key > after]
        if order is not None:
            random.Random(order).shuffle(rows)  # noqa: S311 - a reproducible order
        if since is None:
            return rows
        overlap = extend_overlap(_OVERLAP, since, source.zone or UTC)
        start = (datetime.fromisoformat(since) - overlap).strftime("%Y-%m-%dT%H:%M:%S")
        return [one for one in rows if one.stamp is not None and source.to_text(one.stamp)[:19] >= start]

    async def keys(self, resource: Resource) -> AsyncIterator[KeyPage]:
        del resource
        keys, total = self.source.list_keys()
        middle = len(keys) // 2
        yield KeyPage(keys[:middle], total=total)
        finished = self.source.replies.key_fault is not KeyFault.UNFINISHED
        yield KeyPage(keys[middle:] if finished else (), complete=finished, total=total)

    async def record(self, resource: Resource, key: str) -> RawRecord | None:
        del resource
        record = self.source.records.get(key)
        return None if record is None else self.source.to_raw(record)

    async def records(self, resource: Resource, keys: Sequence[str]) -> AsyncIterator[RawRecord]:
        for key in keys:
            record = await self.record(resource, key)
            if record is not None:
                yield record

    async def count(self, resource: Resource) -> int | None:
        del resource
        return len(self.source.records)

    async def media(self, listing_keys: Sequence[str]) -> AsyncIterator[tuple[str, MediaRef]]:
        nothing: Mapping[str, MediaRef] = {}
        for key in listing_keys:
            if key in nothing:
                yield key, nothing[key]


@dataclass
class ModelConnector:
    source: ModelSource
    name: str = "MODEL"
    settings_model: type[BaseModel] = Anything
    credentials_model: type[BaseModel] = Anything

    def profile(self, settings: BaseModel) -> SourceProfile:
        del settings
        zone = self.source.zone
        return SourceProfile(
            {Resource.PROPERTY: ResourceProfile(by_key=self.source.by_key)},
            time_zone="UTC" if zone is None else zone.key,
            max_concurrency=2,
        )

    def connect(
        self, settings: BaseModel, credentials: BaseModel, *, scope: Scope, http: HttpClient, clock: Clock
    ) -> AbstractAsyncContextManager[ModelSession]:
        del settings, credentials, scope, http, clock
        return self._open()

    @asynccontextmanager
    async def _open(self) -> AsyncGenerator[ModelSession]:
        yield ModelSession(self.source)
