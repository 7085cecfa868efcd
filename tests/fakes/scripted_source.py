"""A scripted source: a connector over plain values, with faults if scripted."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from pydantic import BaseModel

from platbook.connectors.contract import (
    ByKey,
    Clock,
    Cursor,
    DeleteSignal,
    HttpClient,
    KeyPage,
    MediaRef,
    Page,
    RawRecord,
    Resource,
    ResourceProfile,
    Scope,
    SourceBrokeProtocol,
    SourceProfile,
    SourceUnavailable,
)


class Anything(BaseModel, extra="allow"):
    """Settings and credentials of a source that needs none."""


@dataclass
class Source:
    """The source's answers. `pages` answer every walk from the page that a checkpoint names.

    `others` are further resources with answers of their own; every resource that is not among them is answered alike.
    """

    pages: Sequence[Page | Exception] = ()
    key_pages: Sequence[KeyPage | Exception] = ()
    records: Mapping[str, RawRecord] = field(default_factory=dict[str, RawRecord])
    login_error: Exception | None = None
    time_ordered: bool = False
    key_sweep: bool = True
    deletes: frozenset[DeleteSignal] = frozenset({DeleteSignal.SWEEP})
    by_key: ByKey = ByKey.ONE
    unreadable: frozenset[str] = frozenset()
    """Keys whose records break every reply that holds them."""
    away: bool = False
    """Whether it no longer answers requests by key."""
    asked_since: list[Cursor | None] = field(default_factory=list[Cursor | None])
    resumed_from: list[Cursor | None] = field(default_factory=list[Cursor | None])
    looked_up: list[str] = field(default_factory=list[str])
    key_lists: list[list[str]] = field(default_factory=list[list[str]])
    """The lists of keys that records were asked for by."""
    swept: int = 0
    """How often all keys were listed."""
    later_key_pages: Sequence[KeyPage | Exception] | None = None
    """What every further listing of all keys in one session answers; None: the same."""
    wait: Callable[[], Awaitable[None]] | None = None
    """What happens while a page of records or keys is awaited."""
    logouts: int = 0
    others: "Mapping[Resource, Source]" = field(default_factory=dict[Resource, "Source"])

    def answer(self, key: str) -> RawRecord | None:
        """What the source has by a key; an error where that is unreadable, or the source is away."""
        if self.away:
            raise SourceUnavailable("no answer")
        if key in self.unreadable:
            raise SourceBrokeProtocol(f"the record {key} cannot be read")
        return self.records.get(key)

    async def answer_slowly(self) -> None:
        """Let pass what passes while a page is awaited."""
        if self.wait is not None:
            await self.wait()

    def of(self, resource: Resource) -> "Source":
        """The answers for a resource."""
        return self.others.get(resource, self)


@dataclass
class ScriptedSession:
    source: Source

    async def changes(self, resource: Resource, since: Cursor | None, resume: Cursor | None) -> AsyncIterator[Page]:
        source = self.source.of(resource)
        source.asked_since.append(since)
        source.resumed_from.append(resume)
        for page in source.pages[int(resume or 0) :]:
            await source.answer_slowly()
            if isinstance(page, Exception):
                raise page
            yield page

    async def keys(self, resource: Resource) -> AsyncIterator[KeyPage]:
        source = self.source.of(resource)
        source.swept += 1
        pages = source.key_pages
        if source.swept > 1 and source.later_key_pages is not None:
            pages = source.later_key_pages
        for page in pages:
            await source.answer_slowly()
            if isinstance(page, Exception):
                raise page
            yield page

    async def record(self, resource: Resource, key: str) -> RawRecord | None:
        source = self.source.of(resource)
        source.looked_up.append(key)
        return source.answer(key)

    async def records(self, resource: Resource, keys: Sequence[str]) -> AsyncIterator[RawRecord]:
        source = self.source.of(resource)
        source.key_lists.append(list(keys))
        for record in [source.answer(key) for key in keys]:
            if record is not None:
                yield record

    async def count(self, resource: Resource) -> int | None:
        return len(self.source.of(resource).records)

    async def media(self, listing_keys: Sequence[str]) -> AsyncIterator[tuple[str, MediaRef]]:
        for key in listing_keys:
            for ref in self.source.records[key].media or ():
                yield key, ref


class ScriptedConnector:
    name = "SCRIPTED"
    settings_model: type[BaseModel] = Anything
    credentials_model: type[BaseModel] = Anything

    def __init__(self, source: Source) -> None:
        self.source = source

    def profile(self, settings: BaseModel) -> SourceProfile:
        extra = settings.model_extra or {}
        zone, volatile = extra.get("timeZone", "UTC"), frozenset(extra.get("volatileFields", ()))
        sources = {Resource.PROPERTY: self.source, **self.source.others}
        resources = {
            resource: ResourceProfile(
                key_sweep=source.key_sweep,
                deletes=source.deletes,
                time_ordered=source.time_ordered,
                volatile_fields=volatile,
                by_key=source.by_key,
            )
            for resource, source in sources.items()
        }
        return SourceProfile(resources, time_zone=zone, max_concurrency=2)

    def connect(
        self, settings: BaseModel, credentials: BaseModel, *, scope: Scope, http: HttpClient, clock: Clock
    ) -> AbstractAsyncContextManager[ScriptedSession]:
        del settings, credentials, scope, http, clock
        return self._open()

    @asynccontextmanager
    async def _open(self) -> AsyncGenerator[ScriptedSession]:
        if self.source.login_error is not None:
            raise self.source.login_error
        try:
            yield ScriptedSession(self.source)
        finally:
            self.source.logouts += 1


def listing(key: str, modified: str = "2026-01-01T00:00:00Z", **fields: object) -> RawRecord:
    """A small listing with RESO field names."""
    defaults: dict[str, object] = {
        "ListingKey": key,
        "ListingId": f"N{key}",
        "StandardStatus": "Active",
        "PropertyType": "Residential",
        "ListPrice": 450000,
        "City": "Alder Falls",
        "UnparsedAddress": f"{key} Maple St",
        "PublicRemarks": "A bright house near the mill.",
        "ModificationTimestamp": modified,
    }
    return RawRecord(key, defaults | fields, modified=modified)


def one_page(*records: RawRecord, watermark: str | None = None) -> list[Page | Exception]:
    """A complete walk in one page."""
    latest = max((record.modified or "" for record in records), default=None)
    mark = watermark or latest
    return [Page(records, watermark=None if not mark else Cursor(mark), total=len(records), complete=True)]


def all_keys(*keys: str) -> list[KeyPage | Exception]:
    """A complete sweep in one page."""
    return [KeyPage(keys, complete=True, total=len(keys))]
