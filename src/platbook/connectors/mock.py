"""The MOCK connector: an MLS that does not exist, alive and able to fail to order.

Its source is `platbook.market`. No network is used, no state is kept: what a session answers follows from the settings,
the moment and the request alone, so any number of processes see the same source.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Literal, Self, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from platbook.base.clock import Clock
from platbook.base.times import as_utc, to_iso_z
from platbook.connectors.contract import (
    Capabilities,
    CredentialsRefused,
    Cursor,
    HttpClient,
    KeyPage,
    MediaRef,
    MediaSource,
    Page,
    ProviderMisconfigured,
    RateLimited,
    RawRecord,
    Resource,
    Scope,
    SourceBrokeProtocol,
    SourceUnavailable,
)
from platbook.market import Market, MarketListing, MarketPhoto, draw_photo
from platbook.market.seeded_random import to_hash

T = TypeVar("T")

_STARTED = datetime(2026, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


class FaultKind(StrEnum):
    """What can be ordered to go wrong."""

    TIMEOUT = "timeout"
    HTTP_500 = "http_500"
    RATE_LIMITED = "rate_limited"
    CUT_PAGE = "cut_page"
    LOGIN_REFUSED = "login_refused"
    """Strikes when the session is opened, whatever the other words of the fault say."""
    BAD_RECORD = "bad_record"
    """The page comes, but its first record holds values that cannot be understood."""
    UNREADABLE_RECORD = "unreadable_record"
    """The page comes, but its first record could not be read at all."""


class MockFault(BaseModel):
    """One fault, and when it strikes.

    It strikes at a stated `page` of a walk (from 1, resumed walks count on: it stays until the order is
    withdrawn), at a stated `request` of a session (from 1: a new session gets past it), or with a seeded `chance` for
    each request, which also depends on the moment. Without any of them it strikes always. `until` ends it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: FaultKind
    walk: Literal["changes", "keys", "record", "count", "media", "any"] = "any"
    page: int | None = Field(default=None, ge=1)
    request: int | None = Field(default=None, ge=1)
    chance: float | None = Field(default=None, gt=0, le=1)
    retry_after: int = Field(default=30, ge=0, description="Seconds, for rate_limited.")
    until: AwareDatetime | None = Field(default=None, description="A moment of the market's own time.")


class MockSettings(BaseModel):
    """Settings of a MOCK provider.

    The market's moment is `at` where it is set; else it runs from `started` at `speed` market seconds to each real
    one, by the clock that the session is given. A moment before `started` counts as `started`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = 1
    listings: int = Field(default=50, ge=1, le=5_000_000)
    started: AwareDatetime = _STARTED
    at: AwareDatetime | None = None
    speed: float = Field(default=1.0, gt=0)
    page_size: int = Field(default=1000, ge=1, le=50_000)
    order: Literal["time", "key"] = "time"
    delay: float = Field(default=0.0, ge=0, description="Seconds each request takes.")
    faults: tuple[MockFault, ...] = ()

    @model_validator(mode="after")
    def _anchor_speed(self) -> Self:
        if self.speed != 1 and "started" not in self.model_fields_set:
            raise ValueError("a speed other than 1 needs `started`, the moment from which it counts")
        return self


class MockCredentials(BaseModel):
    """Any login will do, or none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    username: str | None = None
    password: str | None = None


class _Place(BaseModel):
    """Where a walk stands: the content of a checkpoint.

    The walk keeps its moment, so that a resumed one goes on through the very same market. The names of the fields are
    stored, and none has a default: a checkpoint without one of them would be another place.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: AwareDatetime
    since: AwareDatetime | None
    order: Literal["time", "key"]
    page: int
    total: int | None
    key: str | None
    modified: AwareDatetime | None
    greatest: AwareDatetime | None


class MockConnector:
    """The connector named MOCK."""

    name = "MOCK"
    settings_model: type[BaseModel] = MockSettings
    credentials_model: type[BaseModel] = MockCredentials

    def capabilities(self, settings: BaseModel) -> Capabilities:
        """Tell what the invented source can do."""
        return Capabilities(
            incremental=True,
            key_sweep=True,
            time_ordered=_checked(settings).order == "time",
            media=MediaSource.INLINE,
            max_concurrency=4,
        )

    def connect(
        self, settings: BaseModel, credentials: BaseModel, *, scope: Scope, http: HttpClient, clock: Clock
    ) -> AbstractAsyncContextManager["MockSession"]:
        """Open a session; neither credentials nor network are looked at."""
        del credentials, http
        return _open(MockSession(_checked(settings), scope, clock))


@asynccontextmanager
async def _open(session: "MockSession") -> AsyncGenerator["MockSession"]:
    session.refuse_login()
    yield session


def _checked(settings: BaseModel) -> MockSettings:
    if not isinstance(settings, MockSettings):
        raise ProviderMisconfigured(f"MOCK cannot work with settings of the kind {type(settings).__name__}")
    return settings


class MockSession:
    """One conversation with the invented source."""

    def __init__(self, settings: MockSettings, scope: Scope, clock: Clock) -> None:
        self._settings = settings
        self._scope = scope
        self._clock = clock
        self._market = Market(settings.seed, settings.listings, settings.started)
        self._requests = 0

    async def changes(self, resource: Resource, since: Cursor | None, resume: Cursor | None) -> AsyncIterator[Page]:
        """Walk what changed at or after `since`, in pages, all seen at one moment of the market."""
        _check_resource(resource)
        place = self._first_place(since) if resume is None else _to_place(resume)
        source = self._walk(place)
        listings: list[MarketListing] | None = None
        while True:
            faults = await self._ask("changes", place.page + 1)
            if listings is None:
                if place.total is None and not _is_narrow(self._scope):
                    total = await asyncio.to_thread(self._market.count_changed, _before(place.since), place.at)
                    place = place.model_copy(update={"total": total})
                listings = await asyncio.to_thread(_take, source, self._settings.page_size)
            following = await asyncio.to_thread(_take, source, self._settings.page_size)
            place = _advance(place, listings)
            yield _spoil(_to_page(place, listings, complete=not following), faults)
            if not following:
                return
            listings = following

    async def keys(self, resource: Resource) -> AsyncIterator[KeyPage]:
        """Walk all keys in scope, in order of key; the last page carries the count, where no scope narrows it."""
        _check_resource(resource)
        size = self._settings.page_size
        at = self._moment()
        keys = await asyncio.to_thread(self._scoped_keys, at)
        total = None if _is_narrow(self._scope) else self._market.count_changed(None, at)
        for page, start in enumerate(range(0, max(len(keys), 1), size), 1):
            await self._ask("keys", page)
            complete = start + size >= len(keys)
            yield KeyPage(keys[start : start + size], complete, total if complete else None)

    async def record(self, resource: Resource, key: str) -> RawRecord | None:
        """Read one listing as it stands now, in scope or not."""
        _check_resource(resource)
        faults = await self._ask("record", 1)
        listing = self._market.listing(key, self._moment())
        if listing is None:
            return None
        return _spoil_record(_to_raw(listing)) if FaultKind.BAD_RECORD in faults else _to_raw(listing)

    async def count(self, resource: Resource) -> int | None:
        """Count the listings in scope now."""
        _check_resource(resource)
        await self._ask("count", 1)
        return len(await asyncio.to_thread(self._scoped_keys, self._moment()))

    async def media(self, listing_keys: Sequence[str]) -> AsyncIterator[tuple[str, MediaRef]]:
        """Draw the photos of listings now: real JPEG bytes. A listing that is not in the feed has none."""
        for page, key in enumerate(listing_keys, 1):
            await self._ask("media", page)
            listing = self._market.listing(key, self._moment())
            for photo in listing.photos if listing else ():
                content = await asyncio.to_thread(draw_photo, listing, photo.order) if listing else b""
                yield key, replace(_to_ref(key, photo), content=content, content_type="image/jpeg")

    def refuse_login(self) -> None:
        """Strike with an ordered login fault, if there is one."""
        for fault in self._settings.faults:
            if fault.kind is FaultKind.LOGIN_REFUSED and (fault.until is None or self._moment() < fault.until):
                raise CredentialsRefused("the source does not accept this login (ordered fault)")

    def _moment(self) -> datetime:
        settings = self._settings
        moment = settings.at or _run(settings.started, self._clock.now(), settings.speed)
        return as_utc(max(moment, settings.started)).replace(microsecond=0)

    def _first_place(self, since: Cursor | None) -> _Place:
        moment = None if since is None else _to_moment(since)
        at, order = self._moment(), self._settings.order
        return _Place(at=at, since=moment, order=order, page=0, total=None, key=None, modified=None, greatest=moment)

    def _walk(self, place: _Place) -> Iterator[MarketListing]:
        floor = _before(place.since)
        if place.order == "key":
            source = self._market.listings(place.at, since=floor, after=place.key)
        else:
            behind = (place.modified, place.key) if place.modified is not None and place.key is not None else None
            source = self._market.changed(floor, place.at, after=behind)
        if not _is_narrow(self._scope):
            return source
        return (listing for listing in source if _is_wanted(listing.record, self._scope))

    def _scoped_keys(self, at: datetime) -> list[str]:
        if not _is_narrow(self._scope):
            return self._market.keys(at)
        return [listing.key for listing in self._market.listings(at) if _is_wanted(listing.record, self._scope)]

    async def _ask(self, walk: str, page: int) -> frozenset[FaultKind]:
        """Make one request: wait, let ordered faults strike, and answer those that spoil the answer's content."""
        self._requests += 1
        await asyncio.sleep(self._settings.delay)
        struck = [fault for at, fault in enumerate(self._settings.faults) if self._strikes(at, fault, walk, page)]
        for fault in struck:
            self._fail(fault, page)
        return frozenset(fault.kind for fault in struck)

    def _strikes(self, at: int, fault: MockFault, walk: str, page: int) -> bool:
        if fault.kind is FaultKind.LOGIN_REFUSED or fault.walk not in {walk, "any"}:
            return False
        if fault.until is not None and self._moment() >= fault.until:
            return False
        if fault.page not in {None, page} or fault.request not in {None, self._requests}:
            return False
        if fault.chance is None:
            return True
        moment = int(self._clock.now().timestamp())
        return to_hash(self._settings.seed, at, moment, page, self._requests) % 1_000_000 < fault.chance * 1_000_000

    def _fail(self, fault: MockFault, page: int) -> None:
        if fault.kind is FaultKind.TIMEOUT:
            raise SourceUnavailable("the source did not answer in time (ordered fault)")
        if fault.kind is FaultKind.HTTP_500:
            raise SourceUnavailable("the source answered 500 Internal Server Error (ordered fault)")
        if fault.kind is FaultKind.RATE_LIMITED:
            earliest = self._clock.now() + timedelta(seconds=fault.retry_after)
            raise RateLimited(
                f"the source allows no request for {fault.retry_after} s (ordered fault)", not_before=earliest
            )
        if fault.kind is FaultKind.CUT_PAGE:
            sample = b'{"value": [{"ListingKey": "1000'
            raise SourceBrokeProtocol(f"page {page} ended in the middle of a record (ordered fault)", sample=sample)


def _check_resource(resource: Resource) -> None:
    if resource is not Resource.PROPERTY:
        raise ProviderMisconfigured(f"MOCK has no resource {resource}")


def _run(started: datetime, now: datetime, speed: float) -> datetime:
    try:
        return started + (now - started) * speed
    except OverflowError:
        raise ProviderMisconfigured(
            f"at speed {speed:g} the market has run past the year 9999; start it later"
        ) from None


def _take(source: Iterator[T], most: int) -> list[T]:
    return list(islice(source, most))


def _before(since: datetime | None) -> datetime | None:
    """Make the market's "after" of our "at or after"."""
    return None if since is None else since - _SECOND


def _to_moment(cursor: Cursor) -> datetime:
    try:
        return datetime.fromisoformat(cursor)
    except ValueError:
        raise ProviderMisconfigured(f"not a watermark of MOCK: {cursor[:80]!r}") from None


def _to_text(moment: datetime) -> str:
    return to_iso_z(moment)


def _to_place(cursor: Cursor) -> _Place:
    try:
        return _Place.model_validate_json(cursor)
    except ValidationError:
        raise ProviderMisconfigured(f"not a checkpoint of MOCK: {cursor[:80]!r}") from None


def _advance(place: _Place, listings: Sequence[MarketListing]) -> _Place:
    """Stand behind the last of the listings."""
    moved: dict[str, object] = {"page": place.page + 1}
    if listings:
        seen = [listing.modified for listing in listings]
        moved |= {"key": listings[-1].key, "modified": seen[-1]}
        moved["greatest"] = max(seen if place.greatest is None else [*seen, place.greatest])
    return place.model_copy(update=moved)


def _to_page(place: _Place, listings: Sequence[MarketListing], *, complete: bool) -> Page:
    return Page(
        records=[_to_raw(listing) for listing in listings],
        checkpoint=Cursor(place.model_dump_json()),
        watermark=None if place.greatest is None else Cursor(_to_text(place.greatest)),
        total=place.total,
        complete=complete,
    )


def _to_raw(listing: MarketListing) -> RawRecord:
    return RawRecord(
        key=listing.key,
        fields=listing.record,
        modified=_to_text(listing.modified),
        media=[_to_ref(listing.key, photo) for photo in listing.photos],
    )


def _to_ref(key: str, photo: MarketPhoto) -> MediaRef:
    """Name a photo. The content is an address in name only; the bytes come from `media`."""
    return MediaRef(
        media_key=photo.key,
        order=photo.order,
        content=f"mock:{key}/{photo.order}?v={photo.version}",
        caption=photo.caption,
        permission=("Public",),
        modified=_to_text(photo.modified),
        content_type="image/jpeg",
    )


def _is_narrow(scope: Scope) -> bool:
    return bool(scope.statuses or scope.property_types or scope.closed_since)


def _is_wanted(record: Mapping[str, object], scope: Scope) -> bool:
    if scope.statuses and record["StandardStatus"] not in scope.statuses:
        return False
    if scope.property_types and record["PropertyType"] not in scope.property_types:
        return False
    closed = record["CloseDate"]
    return not (scope.closed_since and isinstance(closed, str) and closed < scope.closed_since[:10])


def _spoil(page: Page, faults: frozenset[FaultKind]) -> Page:
    """Damage the first record of a page as ordered."""
    if not page.records:
        return page
    first, rest = page.records[0], page.records[1:]
    if FaultKind.UNREADABLE_RECORD in faults:
        seen = json.dumps(first.fields)[:200]
        return replace(
            page, records=rest, problems=[(first.key, None, "the record ends in the middle of a value", seen)]
        )
    if FaultKind.BAD_RECORD in faults:
        return replace(page, records=[_spoil_record(first), *rest])
    return page


def _spoil_record(record: RawRecord) -> RawRecord:
    wrong = {"ListPrice": "ask the agent", "ModificationTimestamp": "yesterday, about noon", "BedroomsTotal": "several"}
    return replace(record, fields={**record.fields, **wrong})
