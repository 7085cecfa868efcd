"""Photo work in batches: some listings of one provider, claimed, fetched and recorded within a short time.

A session is opened only with a seat (a slot of the source's concurrency limit). Where a source allows a single session,
batches stay out of the way of runs: a run that waits or is running has priority for the seat, and shares its session
with photo work once its records are done. Batches are short, so that a run need not wait long for the seat.
Of a source that allows more, photo work takes no seat while a run waits for one.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from platbook.base.clock import Clock
from platbook.base.errors import LoginSlotTaken, NeedsOperator, StorageUnavailable, TryLater
from platbook.base.ids import new_id
from platbook.base.log import get_log
from platbook.connectors.contract import Connector, MediaSource, Resource, Session
from platbook.connectors.registry import find_connector
from platbook.db import Database, SecretBox, load_queries
from platbook.listings.photo_work import (
    PhotoClaim,
    claim_work,
    delete_provider_work,
    find_waiting_photos,
    release_work,
    renew_work,
)
from platbook.listings.store import find_photos
from platbook.media.blobs import Blobs
from platbook.media.photo_download import ListingPhotos, PhotoDownload, to_chunks
from platbook.media.recorder import PhotoRecorder
from platbook.providers.providers import Provider, get_provider, open_credentials
from platbook.providers.sessions import SessionOptions, SessionServices, Source, get_source, open_session
from platbook.storage import Cdn
from platbook.transport import Downloader, DownloadLimits, DownloadRateLimits, Transport, session_slot

Q = load_queries(__package__ or "platbook.media")
log = get_log("media")

_DOWNLOAD_SEATS = "download"
_PARALLEL_DOWNLOADS = 4
_SHORT_DELAY = timedelta(minutes=1)
_LONG_DELAY = timedelta(hours=1)
_STORE_DELAY = timedelta(seconds=30)
"""After a failure of the store: a full disk, say. It is ours, so asking again disturbs nobody."""


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """The size of a batch. `seconds` bound its duration, `shared_seconds` that of photo work in a run's session.

    What is stored is recorded every `record_seconds` while the rest of a request is fetched.
    """

    listings: int = 20
    photos_per_request: int = 25
    seconds: float = 20
    shared_seconds: float = 60
    record_seconds: float = 5
    lease: timedelta = timedelta(minutes=5)
    seat_lease: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class PhotoWorker:
    """Does a process's photo work."""

    database: Database
    transport: Transport
    box: SecretBox
    clock: Clock
    blobs: Blobs
    find_connector: Callable[[str], Connector] = find_connector
    limits: BatchLimits = BatchLimits()
    cdn: Cdn | None = None
    """Warmed with new public photos, so that it has them before anybody requests them; None: not warmed."""

    async def find_due(self) -> Sequence[str]:
        """Providers with photo work that can be done now, in random order."""
        async with self.database.read() as connection:
            return await connection.column(str, Q.find_due_providers)

    async def run_next(self, provider_id: str) -> int:
        """Do one batch of a provider, unless its seats are taken; returns how many listings were recorded."""
        holder = new_id()
        try:
            batch = await self._prepare(provider_id, holder)
            if batch is None or (batch.source.profile.max_concurrency == 1 and await self._is_run_pending(provider_id)):
                return 0
            async with self._download_seat(batch), self._session(batch) as session:
                return await batch.work(session, self.limits.seconds)
        except LoginSlotTaken:
            return 0
        except TryLater as error:
            log.info("photos deferred", provider=provider_id, reason=str(error))
            return 0
        except NeedsOperator as error:
            log.warning("photos need an operator", provider=provider_id, reason=str(error))
            await self._defer_all(provider_id, holder)
            return 0

    async def run_in_session(self, provider: Provider, session: Session) -> int:
        """Do a provider's photo work in a run's session, where the source allows no other; how many listings."""
        try:
            batch = await self._prepare(provider.provider_id, new_id())
            if batch is None or batch.source.profile.max_concurrency > 1:
                return 0
            async with self._download_seat(batch):
                return await batch.work(session, self.limits.shared_seconds)
        except (TryLater, NeedsOperator) as error:
            log.warning("photos deferred", provider=provider.provider_id, reason=str(error))
            return 0

    async def _prepare(self, provider_id: str, holder: UUID) -> "_Batch | None":
        async with self.database.read() as connection:
            provider = await get_provider(connection, provider_id)
            credentials = await open_credentials(connection, self.box, provider_id)
        source = get_source(provider, self.find_connector)
        rules = provider.media_settings
        if _media_source(source) is MediaSource.NONE or not rules.fetch or provider.archived_at is not None:
            async with self.database.transaction() as connection:
                await delete_provider_work(connection, provider_id)
            return None
        downloader = self.transport.downloads_for(
            provider_id,
            DownloadLimits(
                rules.max_bytes,
                rules.fill_headers(credentials),
                rules.private_addresses,
                source.hosts.only(rules.header_hosts) if rules.header_hosts else source.hosts,
            ),
            requests_per_second=provider.requests_per_second,
            rate_limits=DownloadRateLimits(rules.requests_per_second, rules.requests_per_hour, rules.bytes_per_hour),
        )
        recorder = PhotoRecorder(self.database, self.clock, provider_id, holder)
        return _Batch(self, source, downloader, holder, recorder)

    @asynccontextmanager
    async def _download_seat(self, batch: "_Batch") -> AsyncGenerator[None]:
        seats = max(1, batch.provider.media_settings.concurrency // _PARALLEL_DOWNLOADS)
        provider_id, lease = batch.provider.provider_id, self.limits.seat_lease
        async with session_slot(self.database, provider_id, seats, kind=_DOWNLOAD_SEATS, lease=lease):
            yield

    def _session(self, batch: "_Batch") -> AbstractAsyncContextManager[Session]:
        services = SessionServices(self.database, self.transport, self.box, self.clock)
        return open_session(services, batch.source, SessionOptions(lease=self.limits.seat_lease, yields=True))

    async def _is_run_pending(self, provider_id: str) -> bool:
        async with self.database.read() as connection:
            return bool(await connection.value(bool, Q.is_run_pending, {"provider_id": provider_id}))

    async def _defer_all(self, provider_id: str, holder: UUID) -> None:
        """Defer all work of a provider that refused the login: a source may lock an account that tries again."""
        async with self.database.transaction() as connection:
            claims = await claim_work(connection, provider_id, holder, limit=1_000_000, lease=_LONG_DELAY)
            await release_work(connection, [one.property_id for one in claims], holder, delay=_LONG_DELAY)


@dataclass(frozen=True, slots=True)
class _Batch:
    """One batch in progress."""

    worker: PhotoWorker
    source: Source
    downloader: Downloader
    holder: UUID
    recorder: PhotoRecorder

    @property
    def provider(self) -> Provider:
        """The provider whose photos are fetched."""
        return self.source.provider

    async def work(self, session: Session, seconds: float) -> int:
        """Claim, fetch and record until nothing is due or the time is over; returns how many listings."""
        rules = self.provider.media_settings
        download = PhotoDownload(
            session,
            self.downloader,
            self.worker.blobs,
            self.provider.display_rules,
            rules.address_seconds,
            min(_PARALLEL_DOWNLOADS, rules.concurrency),
        )
        until = time.monotonic() + seconds
        done = 0
        while time.monotonic() < until:
            claims = await self._claim()
            if not claims:
                break
            remaining = {claim.property_id for claim in claims}
            async with self._keep_leases(remaining):
                done += await self._work_on(download, claims, remaining, until)
        return done

    async def _work_on(
        self, download: PhotoDownload, claims: Sequence[PhotoClaim], remaining: set[UUID], until: float
    ) -> int:
        done = 0
        for chunk in to_chunks(await self._load(claims), self.worker.limits.photos_per_request):
            if time.monotonic() >= until:
                break
            try:
                await self.downloader.wait_available()
                async with self._record_as_it_comes(chunk, remaining, until):
                    await download.fetch(chunk)
            except TryLater as error:
                await self._record(chunk, remaining, interrupted=True)
                await self._release(remaining, _to_delay(error, self.worker.clock.now()))
                raise
            await self._record(chunk, remaining)
            done += len(chunk)
        return done

    @asynccontextmanager
    async def _record_as_it_comes(
        self, listings: Sequence[ListingPhotos], remaining: set[UUID], until: float
    ) -> AsyncGenerator[None]:
        """Record what is stored while the block fetches the rest, so that one slow photo holds back no other."""
        done = asyncio.Event()
        recording = asyncio.create_task(self._record_stored(listings, remaining, until, done))
        try:
            yield
        finally:
            done.set()
            await asyncio.wait([recording])
        await recording

    async def _record_stored(
        self, listings: Sequence[ListingPhotos], remaining: set[UUID], until: float, done: asyncio.Event
    ) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), self.worker.limits.record_seconds)
            if done.is_set():
                return
            for photos in listings:
                if (taken := photos.take_stored()) is not None:
                    await self._record([taken], remaining, interrupted=True)
            if time.monotonic() >= until:  # another worker may have the listings whose turn has not come
                await self._release_others(listings, remaining)

    async def _release_others(self, listings: Sequence[ListingPhotos], remaining: set[UUID]) -> None:
        others = remaining - {photos.property_id for photos in listings}
        if others:
            remaining -= others
            await self._release(others, timedelta(0))

    async def _record(
        self, listings: Sequence[ListingPhotos], remaining: set[UUID], *, interrupted: bool = False
    ) -> None:
        for photos in listings:
            stored = await self.recorder.record(photos, interrupted=interrupted)
            await self._warm(photos, stored)
            if not interrupted:
                remaining.discard(photos.property_id)

    async def _warm(self, photos: ListingPhotos, stored: Sequence[str]) -> None:
        cdn, storage = self.worker.cdn, self.worker.blobs.storage
        if cdn is None or not stored:
            return
        params = {"property_id": photos.property_id, "media_keys": list(stored), "store_id": storage.store_id}
        async with self.worker.database.transaction() as connection:
            names = await connection.column(str, Q.find_public_objects, params)
        await cdn.warm([storage.public_url(name) for name in names])

    @asynccontextmanager
    async def _keep_leases(self, remaining: set[UUID]) -> AsyncGenerator[None]:
        """Renew the leases while the block runs, and release what remains at its end."""
        renewal = asyncio.create_task(self._renew(remaining))
        try:
            yield
        finally:
            renewal.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await renewal
            await asyncio.shield(self._release(remaining, timedelta(0)))

    async def _renew(self, remaining: set[UUID]) -> None:
        lease = self.worker.limits.lease
        while True:
            await asyncio.sleep(lease.total_seconds() / 3)
            async with self.worker.database.transaction() as connection:
                await renew_work(connection, self.holder, list(remaining), lease)

    async def _release(self, remaining: set[UUID], delay: timedelta) -> None:
        if remaining:
            async with self.worker.database.transaction() as connection:
                await release_work(connection, list(remaining), self.holder, delay=delay)
            remaining.clear()

    async def _claim(self) -> Sequence[PhotoClaim]:
        limits = self.worker.limits
        async with self.worker.database.transaction() as connection:
            return await claim_work(
                connection, self.provider.provider_id, self.holder, limit=limits.listings, lease=limits.lease
            )

    async def _load(self, claims: Sequence[PhotoClaim]) -> list[ListingPhotos]:
        ids = [claim.property_id for claim in claims]
        listed_by_source = _media_source(self.source) is not MediaSource.INLINE
        async with self.worker.database.read() as connection:
            waiting = await find_waiting_photos(connection, ids)
            photos = await find_photos(connection, ids) if listed_by_source else {}
        limits = self.provider.photos_per_status
        return [
            ListingPhotos(
                claim,
                {photo.media_key: photo for photo in waiting if photo.property_id == claim.property_id},
                listed_by_source=listed_by_source,
                first_only=claim.rank == 0,
                limit=limits.get(claim.standard_status or ""),
                rules=self.provider.media_settings,
                stored={
                    photo.media_key: photo.modified
                    for photo in photos.get(claim.property_id, ())
                    if photo.state in {"stored", "linked"}
                },
            )
            for claim in claims
        ]


def _to_delay(error: TryLater, now: datetime) -> timedelta:
    if isinstance(error, StorageUnavailable):
        return _STORE_DELAY
    return _SHORT_DELAY if error.not_before is None else max(error.not_before - now, _SHORT_DELAY)


def _media_source(source: Source) -> MediaSource:
    return source.profile.resource(Resource.PROPERTY).media
