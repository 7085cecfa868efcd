"""The RETS implementation of the connector contract: walks by class, keys, single records, photos, discovery."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from platbook.connectors.contract import (
    ByKey,
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
    SourceProfile,
)
from platbook.connectors.paging import advance_watermark
from platbook.connectors.rets.checkpoint import RetsCheckpoint, WalkPosition
from platbook.connectors.rets.discovery import NUMBERS, read_columns, read_discovery, read_type
from platbook.connectors.rets.everything import Everything, find_everything, usual_query
from platbook.connectors.rets.http_session import Pause, RetsHttpSession, SourceClock
from platbook.connectors.rets.incremental import (
    RetsWatermark,
    get_photo_time,
    has_photo_time,
    plan_changes,
    plan_photo_changes,
)
from platbook.connectors.rets.key_lookup import KeyLookup
from platbook.connectors.rets.metadata import MetadataReader
from platbook.connectors.rets.paging import ClassPager
from platbook.connectors.rets.photos import PhotoFetcher
from platbook.connectors.rets.record_fetcher import RecordFetcher, select_in_batches
from platbook.connectors.rets.remarks import Remarks
from platbook.connectors.rets.searcher import Searcher
from platbook.connectors.rets.settings import RetsCredentials, RetsSettings
from platbook.connectors.rets.walk_query import ResultPage, WalkQuery
from platbook.connectors.rets.watermark_tally import WatermarkTally
from platbook.protocols.rets.query import all_of

M = TypeVar("M", bound=BaseModel)


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
            volatile_fields=frozenset(rets.volatile_fields),
            classes=rets.classes,
            by_key=ByKey.MANY,
        )
        return SourceProfile(
            {Resource.PROPERTY: listings},
            time_zone=rets.time_zone,
            max_concurrency=rets.sessions,
            base_urls=(rets.login_url,),
            trusted_hosts=rets.trusted_hosts,
        )

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
        self._zone = ZoneInfo(settings.time_zone)
        self._remarks = Remarks()
        self._searcher = Searcher(http_session, settings, self._remarks)
        self._fetchers: dict[str, RecordFetcher] = {}
        self._lookups: dict[str, KeyLookup] = {}
        self._everything: dict[str, Everything] = {}
        self._photo_times: dict[str, bool] = {}
        self._tally = WatermarkTally()

    def remarks(self) -> Sequence[str]:
        """What was repaired, or read in another way than usual."""
        return [*self._remarks.to_sentences(), *self._tally.to_sentences()]

    async def changes(self, resource: Resource, since: Cursor | None, resume: Cursor | None) -> AsyncIterator[Page]:
        """Walk what changed, class after class, page after page.

        From the beginning where the checkpoint cannot be read: a walk that goes twice over records loses none.
        """
        _check_resource(resource)
        checkpoint = None if resume is None else RetsCheckpoint.parse(resume, self._clock.source_now())
        if resume is not None and checkpoint is None:
            self._remarks.add("the checkpoint of the interrupted walk cannot be read, so the walk starts again")
        start = None if since is None else RetsWatermark.parse(since)
        if checkpoint is None:
            greatest, photos = (None, None) if start is None else (start.modified, start.photos or start.modified)
            began_at = self._clock.source_now()
            checkpoint = RetsCheckpoint(began_at=began_at, greatest=greatest, greatest_photos=photos)
        classes = self._settings.classes
        if checkpoint.class_index >= len(classes):
            nothing = ResultPage((), (), checkpoint.within, None, complete=True)
            yield self._to_page(nothing, checkpoint, None)
        while checkpoint.class_index < len(classes):
            async for page in self._search(checkpoint, start):
                self._note_times(classes[checkpoint.class_index], page.records)
                total = page.total if len(classes) == 1 and not checkpoint.photos else None
                checkpoint = self._advance(checkpoint, page, start)
                is_last = checkpoint.class_index >= len(classes)
                if is_last or start is None or page.records or page.problems:
                    yield self._to_page(page, checkpoint, total)

    async def keys(self, resource: Resource) -> AsyncIterator[KeyPage]:
        """Read every key: a search for the key column alone, for which a source lifts its limit (section 7.4)."""
        _check_resource(resource)
        total = 0
        for class_name in self._settings.classes:
            settings = self._settings.of_class(class_name)
            fetcher = RecordFetcher(self._searcher, settings, [(settings.queried_key,)])
            pager = self._pager(class_name, fetcher, limit=None, keys_only=True)
            async for batch in pager.list_keys(await self._query(class_name)):
                total += batch.count or 0
                yield KeyPage(batch.keys)
        yield KeyPage((), complete=True, total=total)

    async def record(self, resource: Resource, key: str) -> RawRecord | None:
        """Read one record by its key."""
        _check_resource(resource)
        for class_name in self._settings.classes:
            record = await (await self._lookup(class_name)).find(key)
            if record is not None:
                return record
        return None

    async def records(self, resource: Resource, keys: Sequence[str]) -> AsyncIterator[RawRecord]:
        """Read records by lists of their keys, class after class."""
        _check_resource(resource)
        missing = list(dict.fromkeys(keys))
        for class_name in self._settings.classes:
            found = await (await self._lookup(class_name)).find_many(missing, self._remarks) if missing else []
            found_keys = {record.key for record in found}
            missing = [key for key in missing if key not in found_keys]
            for record in found:
                yield record

    async def count(self, resource: Resource) -> int | None:
        """Count the records of all classes."""
        _check_resource(resource)
        total = 0
        for class_name in self._settings.classes:
            count = await self._searcher.count(class_name, (await self._query(class_name)).dmql)
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

    async def _lookup(self, class_name: str) -> KeyLookup:
        if class_name not in self._lookups:
            settings = self._settings.of_class(class_name)
            query = all_of([usual_query(settings), settings.narrowing])
            self._lookups[class_name] = KeyLookup(
                await self._fetcher(class_name), class_name, query, lambda: self._has_numbers_for_keys(class_name)
            )
        return self._lookups[class_name]

    async def _has_numbers_for_keys(self, class_name: str) -> bool:
        """Whether the metadata say that the key is a number, so that nothing else can be one."""
        reader = MetadataReader(self._http_session, self._settings)
        return await read_type(reader, self._settings.of_class(class_name), class_name) in NUMBERS

    async def _query(self, class_name: str) -> WalkQuery:
        """All of a class."""
        settings = self._settings.of_class(class_name)
        if class_name not in self._everything:
            self._everything[class_name] = await find_everything(self._searcher, settings, class_name, self._remarks)
        everything = self._everything[class_name]
        return WalkQuery(
            class_name, settings.queried_modified, everything.dmql, settings.narrowing, expected=everything.count
        )

    def _note_times(self, class_name: str, records: Sequence[RawRecord]) -> None:
        """Count the times that can be read, and keep whether the class has one of its photos."""
        settings = self._settings.of_class(class_name)
        self._tally.add(settings.modified_field, records)
        if records and not self._photo_times.get(class_name):
            self._photo_times[class_name] = has_photo_time(settings, records)

    async def _search(self, checkpoint: RetsCheckpoint, start: RetsWatermark | None) -> AsyncIterator[ResultPage]:
        """Page through the search that a checkpoint is in: all of a class, what changed, or whose photos did."""
        class_name = self._settings.classes[checkpoint.class_index]
        settings = self._settings.of_class(class_name)
        has_begun = checkpoint.within != WalkPosition()
        pager = self._pager(class_name, await self._fetcher(class_name), limit=settings.page_size)
        if start is None or not checkpoint.photos:
            query = await self._query(class_name) if start is None else plan_changes(settings, class_name, start)
            async for page in pager.walk(query, checkpoint.within):
                yield page
            return
        try:
            async for page in pager.walk(plan_photo_changes(settings, class_name, start), checkpoint.within):
                has_begun = True
                yield page
        except ProviderMisconfigured as refusal:
            if has_begun:
                raise
            field = settings.queried_photos_modified
            self._remarks.add(
                f"the source refuses to search {class_name} by {field} (settings.photosModifiedField): photos that "
                f"changed alone are seen by full runs only ({refusal})"
            )
            yield ResultPage((), (), WalkPosition(), None, complete=True)

    def _advance(self, checkpoint: RetsCheckpoint, page: ResultPage, start: RetsWatermark | None) -> RetsCheckpoint:
        """The checkpoint after a page."""
        class_name, began_at = self._settings.classes[checkpoint.class_index], checkpoint.began_at
        settings = self._settings.of_class(class_name)
        times = (record.modified for record in page.records)
        times_of_photos = (get_photo_time(settings, record) for record in page.records)
        changed: dict[str, object] = {
            "within": WalkPosition() if page.complete else page.position,
            "greatest": advance_watermark(checkpoint.greatest, times, began_at, self._zone),
            "greatest_photos": advance_watermark(checkpoint.greatest_photos, times_of_photos, began_at, self._zone),
        }
        if page.complete:
            has_times = self._photo_times.get(class_name, has_photo_time(settings, ()))
            changed["photos"] = start is not None and not checkpoint.photos and has_times
            changed["class_index"] = checkpoint.class_index + (0 if changed["photos"] else 1)
        return checkpoint.model_copy(update=changed)

    def _to_page(self, page: ResultPage, checkpoint: RetsCheckpoint, total: int | None) -> Page:
        watermark = RetsWatermark(checkpoint.greatest or "", checkpoint.greatest_photos)
        return Page(
            records=page.records,
            problems=page.problems,
            checkpoint=Cursor(checkpoint.model_dump_json()),
            watermark=None if checkpoint.greatest is None else watermark.to_cursor(),
            total=total,
            complete=checkpoint.class_index >= len(self._settings.classes),
        )


def _check_resource(resource: Resource) -> None:
    if resource is not Resource.PROPERTY:
        raise ProviderMisconfigured(f"the RETS connector does not support the resource {resource}")


def _expect(model: type[M], value: BaseModel) -> M:
    if not isinstance(value, model):
        raise ProviderMisconfigured(f"RETS cannot work with {type(value).__name__}")
    return value
