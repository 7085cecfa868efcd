"""A session with MOCK's source."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property

from platbook.base.clock import Clock
from platbook.base.times import as_utc, to_iso_z
from platbook.connectors.contract import (
    CredentialsRefused,
    Cursor,
    KeyPage,
    MediaRef,
    Page,
    ProviderMisconfigured,
    RateLimited,
    RawRecord,
    RecordProblem,
    Resource,
    Scope,
    SourceBrokeProtocol,
    SourceUnavailable,
)
from platbook.connectors.mock.checkpoint import MockCheckpoint, read_checkpoint, read_watermark
from platbook.connectors.mock.feeds import (
    Feed,
    FeedPosition,
    FeedRecord,
    ListingFeed,
    create_member_feed,
    create_office_feed,
    to_media_ref,
)
from platbook.connectors.mock.files import to_files
from platbook.connectors.mock.settings import FaultKind, MockFault, MockSettings
from platbook.connectors.paging import batch_rows
from platbook.market import Market, draw_photo
from platbook.market.people import Directory
from platbook.market.seeded_random import to_hash


class MockSession:
    """A session with a generated market."""

    def __init__(self, settings: MockSettings, scope: Scope, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._market = Market(settings.seed, settings.listings, settings.started)
        self._listings = ListingFeed(self._market, scope, photos_alone=settings.photos_alone, videos=settings.videos)
        self._requests = 0

    async def changes(self, resource: Resource, since: Cursor | None, resume: Cursor | None) -> AsyncIterator[Page]:
        """Walk what changed at or after `since`, in pages, all seen at one time of the market."""
        feed = await self._feed(resource)
        checkpoint = self._start(since) if resume is None else read_checkpoint(resume)
        batches = batch_rows(feed.records(_to_position(checkpoint)), lambda: self._settings.page_size)
        complete = False
        while not complete:
            faults = await self._request("changes", checkpoint.page + 1)
            if checkpoint.total is None:
                total = await asyncio.to_thread(feed.total, checkpoint.since, checkpoint.at)
                checkpoint = checkpoint.model_copy(update={"total": total})
            batch = await asyncio.to_thread(next, batches)
            complete = batch.complete
            checkpoint = checkpoint.advance(batch.rows)
            yield _break_page(_to_page(checkpoint, batch.rows, complete=complete), faults)

    async def keys(self, resource: Resource) -> AsyncIterator[KeyPage]:
        """Walk all keys in scope, in order of key; the last page carries the count, where no scope narrows it."""
        feed = await self._feed(resource)
        at = self._now()
        keys = await asyncio.to_thread(feed.keys, at)
        total = await asyncio.to_thread(feed.total, None, at)
        for page, batch in enumerate(batch_rows(keys, lambda: self._settings.page_size), 1):
            await self._request("keys", page)
            yield KeyPage(batch.rows, batch.complete, total if batch.complete else None)

    async def record(self, resource: Resource, key: str) -> RawRecord | None:
        """Read one record as it is now, in scope or not."""
        feed = await self._feed(resource)
        faults = await self._request("record", 1)
        record = feed.record(key, self._now())
        return _break_record(record) if record is not None and FaultKind.BAD_RECORD in faults else record

    async def records(self, resource: Resource, keys: Sequence[str]) -> AsyncIterator[RawRecord]:
        """Read records by their keys in one request, as they are now, in scope or not."""
        feed = await self._feed(resource)
        faults = await self._request("record", 1)
        at = self._now()
        found = await asyncio.to_thread(lambda: [feed.record(key, at) for key in dict.fromkeys(keys)])
        for record in found:
            if record is not None:
                yield _break_record(record) if FaultKind.BAD_RECORD in faults else record

    async def count(self, resource: Resource) -> int | None:
        """Count the records in scope now."""
        feed = await self._feed(resource)
        await self._request("count", 1)
        return len(await asyncio.to_thread(feed.keys, self._now()))

    async def media(self, listing_keys: Sequence[str]) -> AsyncIterator[tuple[str, MediaRef]]:
        """Draw the present photos of listings as JPEG bytes, then their files. A listing that is gone has none."""
        for page, key in enumerate(listing_keys, 1):
            await self._request("media", page)
            listing = self._market.listing(key, self._now())
            if listing is None:
                continue
            for photo in listing.photos:
                content = await asyncio.to_thread(draw_photo, listing, photo.order)
                yield key, replace(to_media_ref(key, photo), content=content, content_type="image/jpeg")
            for ref in to_files(listing) if self._settings.videos else ():
                yield key, ref

    def refuse_login(self) -> None:
        """Raise CredentialsRefused if a fault requires it."""
        for fault in self._settings.faults:
            if fault.kind is FaultKind.LOGIN_REFUSED and (fault.until is None or self._now() < fault.until):
                raise CredentialsRefused("the source does not accept this login (injected fault)")

    async def _feed(self, resource: Resource) -> Feed:
        match resource:
            case Resource.PROPERTY:
                return self._listings
            case Resource.MEMBER:
                return await asyncio.to_thread(create_member_feed, self._directory, self._settings.started)
            case Resource.OFFICE:
                return await asyncio.to_thread(create_office_feed, self._directory, self._settings.started)
            case _:
                raise ProviderMisconfigured(f"MOCK does not serve {resource}")

    @cached_property
    def _directory(self) -> Directory:
        return Directory(self._settings.seed, self._settings.listings)

    def _now(self) -> datetime:
        """The market's time."""
        settings = self._settings
        now = settings.at or _run(settings.started, self._clock.now(), settings.speed)
        return as_utc(max(now, settings.started)).replace(microsecond=0)

    def _start(self, since: Cursor | None) -> MockCheckpoint:
        start = None if since is None else read_watermark(since)
        return MockCheckpoint(
            at=self._now(),
            since=start,
            order=self._settings.order,
            page=0,
            total=None,
            key=None,
            modified=None,
            greatest=start,
        )

    async def _request(self, walk: str, page: int) -> frozenset[FaultKind]:
        """Make one request: wait, raise the faults that apply, and return those that damage the reply's content."""
        self._requests += 1
        await asyncio.sleep(self._settings.delay)
        active = [fault for index, fault in enumerate(self._settings.faults) if self._applies(index, fault, walk, page)]
        for fault in active:
            self._fail(fault, page)
        return frozenset(fault.kind for fault in active)

    def _applies(self, index: int, fault: MockFault, walk: str, page: int) -> bool:
        if fault.kind is FaultKind.LOGIN_REFUSED or fault.walk not in {walk, "any"}:
            return False
        if fault.until is not None and self._now() >= fault.until:
            return False
        if fault.page not in {None, page} or fault.request not in {None, self._requests}:
            return False
        if fault.chance is None:
            return True
        second = int(self._clock.now().timestamp())
        return to_hash(self._settings.seed, index, second, page, self._requests) % 1_000_000 < fault.chance * 1_000_000

    def _fail(self, fault: MockFault, page: int) -> None:
        if fault.kind is FaultKind.TIMEOUT:
            raise SourceUnavailable("the source did not answer in time (injected fault)")
        if fault.kind is FaultKind.HTTP_500:
            raise SourceUnavailable("the source answered 500 Internal Server Error (injected fault)")
        if fault.kind is FaultKind.RATE_LIMITED:
            earliest = self._clock.now() + timedelta(seconds=fault.retry_after)
            raise RateLimited(
                f"the source allows no request for {fault.retry_after} s (injected fault)", not_before=earliest
            )
        if fault.kind is FaultKind.CUT_PAGE:
            sample = b'{"value": [{"ListingKey": "1000'
            raise SourceBrokeProtocol(f"page {page} ended in the middle of a record (injected fault)", sample=sample)


def _run(started: datetime, now: datetime, speed: float) -> datetime:
    try:
        return started + (now - started) * speed
    except OverflowError:
        raise ProviderMisconfigured(
            f"at speed {speed:g} the market has run past the year 9999; start it later"
        ) from None


def _to_position(checkpoint: MockCheckpoint) -> FeedPosition:
    return FeedPosition(checkpoint.at, checkpoint.since, checkpoint.order == "key", checkpoint.key, checkpoint.modified)


def _to_page(checkpoint: MockCheckpoint, records: Sequence[FeedRecord], *, complete: bool) -> Page:
    return Page(
        records=[record.raw for record in records],
        checkpoint=Cursor(checkpoint.model_dump_json()),
        watermark=None if checkpoint.greatest is None else Cursor(to_iso_z(checkpoint.greatest)),
        total=checkpoint.total,
        complete=complete,
    )


def _break_page(page: Page, faults: frozenset[FaultKind]) -> Page:
    """Damage the first record of a page as the faults say."""
    if not page.records:
        return page
    first, rest = page.records[0], page.records[1:]
    if FaultKind.UNREADABLE_RECORD in faults:
        sample = json.dumps(first.fields)[:200]
        problem = RecordProblem(first.key, None, "the record ends in the middle of a value", sample)
        return replace(page, records=rest, problems=[problem])
    if FaultKind.BAD_RECORD in faults:
        return replace(page, records=[_break_record(first), *rest])
    return page


def _break_record(record: RawRecord) -> RawRecord:
    wrong = {"ListPrice": "ask the agent", "ModificationTimestamp": "yesterday, about noon", "BedroomsTotal": "several"}
    return replace(record, fields={**record.fields, **wrong})
