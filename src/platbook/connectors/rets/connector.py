"""The RETS implementation of the connector contract: walks by class, keys, single records, photos, discovery."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from typing import TypeVar

from pydantic import BaseModel

from platbook.connectors.contract import (
    Clock,
    Cursor,
    DeleteSignal,
    Discovery,
    HttpClient,
    KeyPage,
    MediaRef,
    MediaSource,
    Page,
    ProviderMisconfigured,
    RawRecord,
    Resource,
    ResourceProfile,
    Scope,
    SourceBrokeProtocol,
    SourceProfile,
)
from platbook.connectors.paging import parse_checkpoint
from platbook.connectors.rets.checkpoint import RetsCheckpoint
from platbook.connectors.rets.discovery import NUMBERS, read_columns, read_discovery, read_type
from platbook.connectors.rets.everything import Everything, find_everything
from platbook.connectors.rets.http_session import Pause, RetsHttpSession, SourceClock
from platbook.connectors.rets.metadata import MetadataReader
from platbook.connectors.rets.paging import ClassPager
from platbook.connectors.rets.photos import PhotoFetcher
from platbook.connectors.rets.record_fetcher import RecordFetcher, select_in_batches
from platbook.connectors.rets.remarks import Remarks
from platbook.connectors.rets.searcher import QueryRefused, Searcher
from platbook.connectors.rets.settings import RetsCredentials, RetsSettings
from platbook.connectors.rets.walk_query import ResultPage, WalkQuery
from platbook.connectors.rets.watermark_tally import WatermarkTally
from platbook.protocols.rets.query import is_not_after, later_timestamp, step_back

M = TypeVar("M", bound=BaseModel)

_AHEAD = timedelta(days=1)
"""How far a source's times may be ahead of its clock and ours: because of an unknown time zone."""


class RetsConnector:
    """The connector named RETS. `pause` is how it waits for a login's only session."""

    name = "RETS"
    settings_model: type[BaseModel] = RetsSettings
    credentials_model: type[BaseModel] = RetsCredentials

    def __init__(self, pause: Pause = asyncio.sleep) -> None:
        self._pause = pause

    def profile(self, settings: BaseModel) -> SourceProfile:
        """Derive the profile from the settings; pages are not in order of time."""
        rets = _expect(RetsSettings, settings)
        flag = frozenset({DeleteSignal.FLAG} if rets.deleted_field else ())
        listings = ResourceProfile(
            key_field=rets.key_field,
            incremental=True,
            key_sweep=True,
            time_ordered=False,
            deletes=frozenset({DeleteSignal.SWEEP}) | flag,
            media=MediaSource.NONE if rets.photo_type is None else MediaSource.OBJECT,
            classes=rets.classes,
        )
        return SourceProfile({Resource.PROPERTY: listings}, time_zone=rets.time_zone, max_concurrency=rets.sessions)

    def connect(
        self, settings: BaseModel, credentials: BaseModel, *, scope: Scope, http: HttpClient, clock: Clock
    ) -> AbstractAsyncContextManager["RetsSession"]:
        """Log in, yield the session, log out. The engine applies the scope: statuses have local codes here."""
        del scope
        return self._open(_expect(RetsSettings, settings), _expect(RetsCredentials, credentials), http, clock)

    async def discover(
        self, settings: BaseModel, credentials: BaseModel, *, http: HttpClient, clock: Clock, last_mark: str | None
    ) -> Discovery | None:
        """Read the source's metadata; None where its mark is still `last_mark`."""
        del clock
        rets = _expect(RetsSettings, settings)
        async with self._log_in(rets, _expect(RetsCredentials, credentials), http) as http_session:
            mark = http_session.login_reply.metadata_version
            if last_mark is not None and mark == last_mark:
                return None
            return await read_discovery(MetadataReader(http_session, rets), rets, mark)

    @asynccontextmanager
    async def _open(
        self, settings: RetsSettings, credentials: RetsCredentials, http: HttpClient, clock: Clock
    ) -> AsyncGenerator["RetsSession"]:
        if not settings.classes:
            raise ProviderMisconfigured(
                "settings.classes is missing: name the classes to fetch, such as RES or Residential"
            )
        async with self._log_in(settings, credentials, http) as http_session:
            yield RetsSession(settings, http_session, clock)

    @asynccontextmanager
    async def _log_in(
        self, settings: RetsSettings, credentials: RetsCredentials, http: HttpClient
    ) -> AsyncGenerator[RetsHttpSession]:
        http_session = RetsHttpSession(http, settings, credentials, self._pause)
        try:
            await http_session.log_in()
            yield http_session
        finally:
            await http_session.log_out()


class RetsSession:
    """One logged-in session."""

    def __init__(self, settings: RetsSettings, http_session: RetsHttpSession, clock: Clock) -> None:
        self._settings, self._http_session = settings, http_session
        self._clock = SourceClock(http_session, clock)
        self._remarks = Remarks()
        self._searcher = Searcher(http_session, settings, self._remarks)
        self._fetchers: dict[str, RecordFetcher] = {}
        self._everything: dict[str, Everything] = {}
        self._tally = WatermarkTally()

    def remarks(self) -> Sequence[str]:
        """What was repaired, or read in another way than usual."""
        unreadable_times = self._tally.describe(self._settings.modified_field)
        return [*self._remarks.to_sentences(), *([unreadable_times] if unreadable_times else [])]

    async def changes(self, resource: Resource, since: Cursor | None, resume: Cursor | None) -> AsyncIterator[Page]:
        """Walk what changed, class after class, page after page.

        From the beginning where the checkpoint cannot be read: a walk that goes twice over records loses none.
        """
        _check_resource(resource)
        checkpoint = None if resume is None else parse_checkpoint(RetsCheckpoint, resume)
        if resume is not None and checkpoint is None:
            self._remarks.add("the checkpoint of the interrupted walk cannot be read, so the walk starts again")
        checkpoint = checkpoint or RetsCheckpoint(greatest=since)
        classes = self._settings.classes
        if checkpoint.class_index >= len(classes):
            nothing = ResultPage((), (), checkpoint.within, None, complete=True)
            yield _to_page(nothing, checkpoint, only_class=False, last=True)
        while checkpoint.class_index < len(classes):
            class_name = classes[checkpoint.class_index]
            pager = self._pager(class_name, await self._fetcher(class_name), limit=self._settings.page_size)
            async for page in pager.walk(await self._query(class_name, since), checkpoint.within):
                self._tally.add(page.records)
                checkpoint = _advance(checkpoint, page, self._clock.now() + _AHEAD)
                last = checkpoint.class_index == len(classes)
                yield _to_page(page, checkpoint, only_class=len(classes) == 1, last=last)

    async def keys(self, resource: Resource) -> AsyncIterator[KeyPage]:
        """Read every key: a search for the key column alone, for which a source lifts its limit (section 7.4)."""
        _check_resource(resource)
        total = 0
        for class_name in self._settings.classes:
            settings = self._settings.of_class(class_name)
            fetcher = RecordFetcher(self._searcher, settings, [(settings.queried_key,)])
            pager = self._pager(class_name, fetcher, limit=None, keys_only=True)
            async for batch in pager.list_keys(await self._query(class_name, None)):
                total += batch.count or 0
                yield KeyPage(batch.keys)
        yield KeyPage((), complete=True, total=total)

    async def record(self, resource: Resource, key: str) -> RawRecord | None:
        """Read one record by its key."""
        _check_resource(resource)
        for class_name in self._settings.classes:
            try:
                parsed = await (await self._fetcher(class_name)).by_keys(class_name, [key], retry_missing=False)
            except QueryRefused:
                if key.isdecimal() or not await self._has_numbers_for_keys(class_name):
                    raise
                continue  # no key of this source
            if parsed.problems:
                raise SourceBrokeProtocol(f"the source answers for {key} with a row that cannot be read")
            for record in parsed.records:
                return record
        return None

    async def count(self, resource: Resource) -> int | None:
        """Count the records of all classes."""
        _check_resource(resource)
        total = 0
        for class_name in self._settings.classes:
            count = await self._searcher.count(class_name, (await self._query(class_name, None)).dmql)
            if count is None:
                return None
            total += count
        return total

    async def media(self, listing_keys: Sequence[str]) -> AsyncIterator[tuple[str, MediaRef]]:
        """Fetch photos: their bytes, or their addresses where the settings ask for them."""
        if self._settings.photo_type is None or not listing_keys:
            return
        async for pair in PhotoFetcher(self._http_session, self._settings, self._remarks).fetch(listing_keys):
            yield pair

    def _pager(
        self, class_name: str, fetcher: RecordFetcher, *, limit: int | None, keys_only: bool = False
    ) -> ClassPager:
        settings = self._settings.of_class(class_name)
        return ClassPager(fetcher, settings, self._remarks, self._clock, limit=limit, keys_only=keys_only)

    async def _fetcher(self, class_name: str) -> RecordFetcher:
        """The fetcher of a class; columns that must be selected in batches are read from the metadata."""
        if class_name not in self._fetchers:
            settings = self._settings.of_class(class_name)
            columns = settings.columns
            if not columns and settings.columns_per_request is not None:
                reader = MetadataReader(self._http_session, settings)
                columns = tuple(await read_columns(reader, settings.resource, class_name))
            always = (settings.queried_key, settings.queried_modified)
            selections = select_in_batches(columns, always, settings.columns_per_request)
            self._fetchers[class_name] = RecordFetcher(self._searcher, settings, selections, class_name)
        return self._fetchers[class_name]

    async def _has_numbers_for_keys(self, class_name: str) -> bool:
        """Whether the metadata say that the key is a number, so that nothing else can be one."""
        reader = MetadataReader(self._http_session, self._settings)
        return await read_type(reader, self._settings.of_class(class_name), class_name) in NUMBERS

    async def _query(self, class_name: str, since: str | None) -> WalkQuery:
        settings = self._settings.of_class(class_name)
        field = settings.queried_modified
        if since is not None:
            start = step_back(since, timedelta(seconds=settings.overlap_seconds))
            return WalkQuery(class_name, field, settings.all_query, settings.narrowing, start)
        if class_name not in self._everything:
            self._everything[class_name] = await find_everything(self._searcher, settings, class_name, self._remarks)
        everything = self._everything[class_name]
        return WalkQuery(class_name, field, everything.dmql, settings.narrowing, expected=everything.count)


def _advance(checkpoint: RetsCheckpoint, page: ResultPage, latest: datetime) -> RetsCheckpoint:
    """The checkpoint after a page.

    A time later than `latest` is an error of the source: as a watermark it would let every later run find nothing.
    """
    greatest = checkpoint.greatest
    for record in page.records:
        if record.modified is not None and is_not_after(record.modified, latest):
            greatest = later_timestamp(greatest, record.modified)
    if page.complete:
        return RetsCheckpoint(class_index=checkpoint.class_index + 1, greatest=greatest)
    return RetsCheckpoint(class_index=checkpoint.class_index, within=page.position, greatest=greatest)


def _to_page(page: ResultPage, checkpoint: RetsCheckpoint, *, only_class: bool, last: bool) -> Page:
    return Page(
        records=page.records,
        problems=page.problems,
        checkpoint=Cursor(checkpoint.model_dump_json()),
        watermark=None if checkpoint.greatest is None else Cursor(checkpoint.greatest),
        total=page.total if only_class else None,
        complete=last,
    )


def _check_resource(resource: Resource) -> None:
    if resource is not Resource.PROPERTY:
        raise ProviderMisconfigured(f"the RETS connector does not support the resource {resource}")


def _expect(model: type[M], value: BaseModel) -> M:
    if not isinstance(value, model):
        raise ProviderMisconfigured(f"RETS cannot work with {type(value).__name__}")
    return value
