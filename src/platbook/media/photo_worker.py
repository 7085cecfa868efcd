"""A batch: some listings' photos of one provider, claimed, fetched and recorded within a short time.

A session is opened only with a seat. Where a source allows one session alone, batches stay out of the way of runs: a
run that waits or is under way has the seat, and lends its session to the photo work when it is through. A batch is
short, so that a run need not wait long for the seat.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from platbook.base.clock import Clock
from platbook.base.errors import LoginSlotTaken, NeedsOperator, TryLater
from platbook.base.ids import new_id
from platbook.base.log import get_log
from platbook.connectors.contract import Capabilities, Connector, MediaSource, Session
from platbook.connectors.registry import find_connector
from platbook.db import Database, SecretBox, load_queries
from platbook.listings.photo_work import Claim, claim_work, drop_work, find_fetchable, put_back_work, renew_work
from platbook.listings.store import find_photos
from platbook.media.blobs import Blobs
from platbook.media.photo_download import ListingPhotos, PhotoDownload, to_chunks
from platbook.media.recorder import PhotoRecorder
from platbook.providers.configuration import read_part
from platbook.providers.providers import Provider, get_provider, open_credentials
from platbook.storage import Cdn
from platbook.transport import Downloader, DownloadLimits, DownloadRateLimits, Transport, session_slot

Q = load_queries(__package__ or "platbook.media")
log = get_log("media")

_DOWNLOADS = "download"
_SIDE_BY_SIDE = 4
_LATER = timedelta(minutes=1)
_MUCH_LATER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """How much a batch takes on. `seconds` bound the time of a batch, `lent_seconds` that of a run's session."""

    listings: int = 20
    photos_asked: int = 25
    seconds: float = 20
    lent_seconds: float = 60
    lease: timedelta = timedelta(minutes=5)
    seat_lease: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class PhotoWorker:
    """What a worker needs to do photo work."""

    database: Database
    transport: Transport
    box: SecretBox
    clock: Clock
    blobs: Blobs
    find_connector: Callable[[str], Connector] = find_connector
    pace: BatchLimits = BatchLimits()
    cdn: Cdn | None = None
    """Asked for new public photos, so that it has them before anybody else asks; None: it is not."""

    async def find_due(self) -> Sequence[str]:
        """Providers with photo work that can be done now, in no order."""
        async with self.database.read() as connection:
            return await connection.column(str, Q.find_due_providers)

    async def run_next(self, provider_id: str) -> int:
        """Do one batch of a provider, unless its seats are taken; how many listings were worked on."""
        holder = new_id()
        try:
            batch = await self._prepare(provider_id, holder)
            if batch is None or (batch.capabilities.max_concurrency == 1 and await self._is_run_pending(provider_id)):
                return 0
            async with self._seats(batch), self._session(batch) as session:
                return await batch.work(session, self.pace.seconds)
        except LoginSlotTaken:
            return 0
        except TryLater as error:
            log.info("photos put off", provider=provider_id, reason=str(error))
            return 0
        except NeedsOperator as error:
            log.warning("photos wait for a person", provider=provider_id, reason=str(error))
            await self._put_all_off(provider_id, holder)
            return 0

    async def lend(self, provider: Provider, session: Session) -> int:
        """Do a provider's photo work in a session that a run lends, where it is the only one; how many listings."""
        try:
            batch = await self._prepare(provider.provider_id, new_id())
            if batch is None or batch.capabilities.max_concurrency > 1:
                return 0
            async with self._download_seat(batch):
                return await batch.work(session, self.pace.lent_seconds)
        except (TryLater, NeedsOperator) as error:
            log.warning("photos put off", provider=provider.provider_id, reason=str(error))
            return 0

    async def _prepare(self, provider_id: str, holder: UUID) -> "_Batch | None":
        async with self.database.read() as connection:
            provider = await get_provider(connection, provider_id)
            credentials = await open_credentials(connection, self.box, provider_id)
        connector = self.find_connector(provider.provider_type)
        settings = read_part(connector.settings_model, provider.settings, "settings")
        capabilities = connector.capabilities(settings)
        rules = provider.media_settings
        if capabilities.media is MediaSource.NONE or not rules.fetch or provider.archived_at is not None:
            async with self.database.transaction() as connection:
                await drop_work(connection, provider_id)
            return None
        downloader = self.transport.downloads_for(
            provider_id,
            DownloadLimits(
                rules.max_bytes, rules.fill_headers(credentials), rules.private_addresses, rules.header_hosts
            ),
            requests_per_second=provider.requests_per_second,
            rate_limits=DownloadRateLimits(rules.requests_per_second, rules.requests_per_hour, rules.bytes_per_hour),
        )
        recorder = PhotoRecorder(self.database, self.clock, provider_id, holder)
        return _Batch(self, provider, connector, capabilities, credentials, downloader, holder, recorder)

    @asynccontextmanager
    async def _seats(self, batch: "_Batch") -> AsyncGenerator[None]:
        provider_id, sessions = batch.provider.provider_id, batch.capabilities.max_concurrency
        async with (
            self._download_seat(batch),
            session_slot(self.database, provider_id, sessions, lease=self.pace.seat_lease),
        ):
            yield

    @asynccontextmanager
    async def _download_seat(self, batch: "_Batch") -> AsyncGenerator[None]:
        seats = max(1, batch.provider.media_settings.concurrency // _SIDE_BY_SIDE)
        provider_id, lease = batch.provider.provider_id, self.pace.seat_lease
        async with session_slot(self.database, provider_id, seats, kind=_DOWNLOADS, lease=lease):
            yield

    @asynccontextmanager
    async def _session(self, batch: "_Batch") -> AsyncGenerator[Session]:
        provider, connector = batch.provider, batch.connector
        http = self.transport.for_provider(provider.provider_id, requests_per_second=provider.requests_per_second)
        async with connector.connect(
            read_part(connector.settings_model, provider.settings, "settings"),
            read_part(connector.credentials_model, batch.credentials, "credentials"),
            scope=provider.wanted,
            http=http,
            clock=self.clock,
        ) as session:
            yield session

    async def _is_run_pending(self, provider_id: str) -> bool:
        async with self.database.read() as connection:
            return bool(await connection.value(bool, Q.is_run_pending, {"provider_id": provider_id}))

    async def _put_all_off(self, provider_id: str, holder: UUID) -> None:
        """Nobody knocks again soon at a door that was shut: a source may lock an account that does."""
        async with self.database.transaction() as connection:
            claims = await claim_work(connection, provider_id, holder, limit=1_000_000, lease=_MUCH_LATER)
            await put_back_work(connection, [one.property_id for one in claims], holder, after=_MUCH_LATER)


@dataclass(frozen=True, slots=True)
class _Batch:
    """One batch under way."""

    of: PhotoWorker
    provider: Provider
    connector: Connector
    capabilities: Capabilities
    credentials: dict[str, object]
    downloader: Downloader
    holder: UUID
    recorder: PhotoRecorder

    async def work(self, session: Session, seconds: float) -> int:
        """Claim, fetch and record until nothing is due or the time is over; how many listings."""
        rules = self.provider.media_settings
        asking = PhotoDownload(
            session,
            self.downloader,
            self.of.blobs,
            self.provider.display_rules,
            rules.address_seconds,
            min(_SIDE_BY_SIDE, rules.concurrency),
        )
        until = time.monotonic() + seconds
        done = 0
        while time.monotonic() < until:
            claims = await self._claim()
            if not claims:
                break
            left = {claim.property_id for claim in claims}
            async with self._keeping(left):
                done += await self._work_on(asking, claims, left, until)
        return done

    async def _work_on(self, asking: PhotoDownload, claims: Sequence[Claim], left: set[UUID], until: float) -> int:
        done = 0
        for chunk in to_chunks(await self._open(claims), self.of.pace.photos_asked):
            if time.monotonic() >= until:
                break
            try:
                await self.downloader.wait_available()
                await asking.fetch(chunk)
            except TryLater as error:
                after = _LATER if error.not_before is None else error.not_before - self.of.clock.now()
                await self._record(chunk, left, cut_short=True)
                await self._put_back(left, max(after, _LATER))
                raise
            await self._record(chunk, left)
            done += len(chunk)
        return done

    async def _record(self, albums: Sequence[ListingPhotos], left: set[UUID], *, cut_short: bool = False) -> None:
        for album in albums:
            stored = await self.recorder.record(album, cut_short=cut_short)
            await self._warm(album, stored)
            if not cut_short:
                left.discard(album.property_id)

    async def _warm(self, album: ListingPhotos, stored: Sequence[str]) -> None:
        cdn, storage = self.of.cdn, self.of.blobs.storage
        if cdn is None or not stored:
            return
        params = {"property_id": album.property_id, "media_keys": list(stored)}
        async with self.of.database.transaction() as connection:
            names = await connection.column(str, Q.find_public_objects, params)
        await cdn.warm([storage.address(name) for name in names])

    @asynccontextmanager
    async def _keeping(self, left: set[UUID]) -> AsyncGenerator[None]:
        """Keep the leases while the block works, and give back what is left at its end."""
        renewal = asyncio.create_task(self._renew(left))
        try:
            yield
        finally:
            renewal.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await renewal
            await asyncio.shield(self._put_back(left, timedelta(0)))

    async def _renew(self, left: set[UUID]) -> None:
        lease = self.of.pace.lease
        while True:
            await asyncio.sleep(lease.total_seconds() / 3)
            async with self.of.database.transaction() as connection:
                await renew_work(connection, self.holder, list(left), lease)

    async def _put_back(self, left: set[UUID], after: timedelta) -> None:
        if left:
            async with self.of.database.transaction() as connection:
                await put_back_work(connection, list(left), self.holder, after=after)
            left.clear()

    async def _claim(self) -> Sequence[Claim]:
        pace = self.of.pace
        async with self.of.database.transaction() as connection:
            return await claim_work(
                connection, self.provider.provider_id, self.holder, limit=pace.listings, lease=pace.lease
            )

    async def _open(self, claims: Sequence[Claim]) -> list[ListingPhotos]:
        ids = [claim.property_id for claim in claims]
        elsewhere = self.capabilities.media is not MediaSource.INLINE
        async with self.of.database.read() as connection:
            waiting = await find_fetchable(connection, ids)
            photos = await find_photos(connection, ids) if elsewhere else {}
        limits = self.provider.photos_per_status
        return [
            ListingPhotos(
                claim,
                {photo.media_key: photo for photo in waiting if photo.property_id == claim.property_id},
                elsewhere=elsewhere,
                first_only=claim.rank == 0,
                most=limits.get(claim.standard_status or ""),
                stored={
                    photo.media_key: photo.modified
                    for photo in photos.get(claim.property_id, ())
                    if photo.state == "stored"
                },
            )
            for claim in claims
        ]
