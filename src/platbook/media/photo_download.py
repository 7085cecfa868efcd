"""Requests the photos of listings from a source, and streams what it sends into outcomes.

URLs are requested just before they are used, a few listings at a time, since some are valid for a minute and for one
request. Each is used at most once: a photo that fails is requested once more, and then left for a later attempt.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from platbook.base.errors import MediaRejected, SourceBrokeProtocol, SourceTooSlow, SourceUnavailable
from platbook.connectors.contract import MediaRef, Session
from platbook.listings.display import shows_media
from platbook.listings.photo_work import PhotoClaim, WaitingPhoto
from platbook.listings.photos import FETCHED_BY_DEFAULT, to_photo_version
from platbook.media.blobs import Blobs
from platbook.media.file_kinds import NotAFile
from platbook.media.outcome import Outcome, PhotoFailed, PhotoLinked, PhotoNotTried, PhotoStored
from platbook.media.received_file import ReceivedFile
from platbook.providers.display_rules import ProviderRules
from platbook.providers.media import MediaSettings
from platbook.reso.media_category import is_image
from platbook.transport import CacheValidators, Downloader, DownloadTooLarge, UrlAlreadyUsed

_ASSUMED_PHOTOS = 10


@dataclass(slots=True)
class ListingPhotos:
    """One listing's photos while they are fetched.

    `waiting` are the rows to be fetched, by media key. `listed_by_source`: only the source knows which photos there are
    (GetObject, a Media resource), so every one it sends is fetched, unless that version is `stored`. `first_only`:
    nothing but the first photo is fetched now. `limit`: how many photos may be stored. `rules`: what is fetched.
    `stored`: the versions of what is stored, or linked to. `refs` is what the source listed, without the bytes; `retry`
    holds the keys of photos that failed and are requested once more.
    """

    claim: PhotoClaim
    waiting: dict[str, WaitingPhoto]
    listed_by_source: bool
    first_only: bool
    limit: int | None = None
    rules: MediaSettings = FETCHED_BY_DEFAULT
    stored: Mapping[str, str | None] = field(default_factory=dict[str, "str | None"])
    refs: list[MediaRef] = field(default_factory=list[MediaRef])
    outcomes: dict[str, Outcome] = field(default_factory=dict[str, Outcome])
    retry: set[str] = field(default_factory=set[str])
    taken: set[str] = field(default_factory=set[str])
    """Photos whose outcome was recorded already."""
    incomplete: bool = True
    """The source has not sent its whole list of this listing; a missing photo proves nothing."""

    @property
    def property_id(self) -> UUID:
        """The listing's id."""
        return self.claim.property_id

    @property
    def changed_at(self) -> str | None:
        """The version of photos without one of their own."""
        changed = self.claim.photos_change_timestamp
        return None if changed is None else changed.isoformat()

    def should_fetch(self, ref: MediaRef, *, is_retry: bool) -> bool:
        """Whether a photo the source lists is to be fetched now."""
        if is_retry:
            return ref.media_key in self.retry
        is_beyond_limit = self.limit is not None and len(self.refs) > self.limit
        is_first = not self.outcomes and is_image(ref.category)
        is_later = self.first_only and isinstance(ref.content, str) and not is_first
        if not self.rules.fetches(ref.category) or is_beyond_limit or is_later:
            return False
        row = self.waiting.get(ref.media_key)
        if row is not None:
            return not row.is_deferred
        version = to_photo_version(ref, self.changed_at)
        is_stored = ref.media_key in self.stored and self.stored[ref.media_key] == version
        return self.listed_by_source and not is_stored

    def take_stored(self) -> "ListingPhotos | None":
        """What is stored and not taken yet, to be recorded while the rest is fetched; None where there is nothing.

        What the source lists is only known once it has sent all of it.
        """
        stored = {key: one for key, one in self.outcomes.items() if isinstance(one, PhotoStored)}
        if not stored.keys() - self.taken or (self.listed_by_source and self.incomplete):
            return None
        self.taken |= stored.keys()
        return replace(self, outcomes=stored)

    def mark_missing(self) -> None:
        """Fail the waiting photos that a complete list of the source did not contain."""
        if self.incomplete or self.listed_by_source:
            return
        listed = {ref.media_key for ref in self.refs}
        for key, photo in self.waiting.items():
            if key not in listed and not photo.is_deferred:
                self.outcomes[key] = PhotoFailed("the source no longer lists this photo")


@dataclass(frozen=True, slots=True)
class PhotoDownload:
    """Downloads photos through one session into `blobs`.

    `url_seconds`: how long a URL may be used after it was requested. `parallel`: downloads at the same time.
    """

    session: Session
    downloader: Downloader
    blobs: Blobs
    rules: ProviderRules
    url_seconds: float
    parallel: int

    async def fetch(self, listings: Sequence[ListingPhotos]) -> None:
        """Fetch the photos of some listings, and once more, by new URLs, those that failed.

        The outcomes recorded in `listings` hold even when an error ends it: RateLimited, SourceUnavailable and what the
        store raises.
        """
        await self._fetch(listings, is_retry=False)
        failed = [photos for photos in listings if photos.retry]
        if failed:
            await self._fetch(failed, is_retry=True)
        for photos in listings:
            photos.mark_missing()

    async def _fetch(self, listings: Sequence[ListingPhotos], *, is_retry: bool) -> None:
        try:
            await self._stream(listings, is_retry=is_retry)
        except SourceBrokeProtocol as error:
            if len(listings) == 1:
                _mark_unanswered(listings[0], error)
                return
            for photos in listings:  # one listing's broken reply must not hide the others
                if not is_retry:
                    photos.refs.clear()
                await self._fetch([photos], is_retry=is_retry)

    async def _stream(self, listings: Sequence[ListingPhotos], *, is_retry: bool) -> None:
        by_key = {photos.claim.listing_key: photos for photos in listings}
        slots = asyncio.Semaphore(self.parallel)  # released by each download
        requested_at = time.monotonic()
        tasks: list[asyncio.Task[None]] = []
        try:
            async for key, ref in self.session.media(list(by_key)):
                photos = by_key.get(key)
                if photos is None:
                    continue
                if not is_retry:
                    photos.refs.append(_without_bytes(ref))
                if photos.should_fetch(ref, is_retry=is_retry):
                    photos.outcomes[ref.media_key] = PhotoNotTried()
                    await slots.acquire()  # so inline bytes are held by at most `parallel` tasks and one more
                    _raise_first(tasks)
                    tasks.append(
                        asyncio.create_task(self._fetch_one(photos, ref, requested_at, slots, is_retry=is_retry))
                    )
            await asyncio.gather(*tasks)
            for photos in listings:
                photos.incomplete = False
        except SourceBrokeProtocol:
            await asyncio.gather(*tasks)  # what came before the reply broke is valid
            raise
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _fetch_one(
        self, photos: ListingPhotos, ref: MediaRef, requested_at: float, slots: asyncio.Semaphore, *, is_retry: bool
    ) -> None:
        key = ref.media_key
        try:
            outcome = await self._to_outcome(photos, ref, requested_at)
            photos.retry.discard(key)
        except UrlAlreadyUsed as error:
            outcome = PhotoNotTried() if not self._is_fresh(requested_at) else PhotoFailed(str(error))
            self._request_again(photos, key, is_retry=is_retry)
        except SourceTooSlow as error:
            outcome = PhotoFailed(str(error))
            photos.retry.discard(key)  # at once it would only hold the same seat again
        except (SourceUnavailable, SourceBrokeProtocol) as error:
            outcome = PhotoFailed(str(error))
            self._request_again(photos, key, is_retry=is_retry)
        except MediaRejected as error:
            is_no_file = not is_image(ref.category) and isinstance(error, NotAFile | DownloadTooLarge)
            outcome = PhotoLinked(str(error)) if is_no_file else PhotoFailed(str(error), is_rejected=True)
            photos.retry.discard(key)
        finally:
            slots.release()
        photos.outcomes[key] = outcome

    def _request_again(self, photos: ListingPhotos, key: str, *, is_retry: bool) -> None:
        if is_retry:
            photos.retry.discard(key)
        else:
            photos.retry.add(key)

    def _is_fresh(self, requested_at: float) -> bool:
        return time.monotonic() - requested_at < self.url_seconds

    async def _to_outcome(self, photos: ListingPhotos, ref: MediaRef, requested_at: float) -> PhotoStored:
        if not is_image(ref.category):
            return await self._store_file(photos, ref, requested_at)
        waiting = photos.waiting.get(ref.media_key)
        if isinstance(ref.content, bytes):
            await self.downloader.charge(ref.content)
            content, validators = ref.content, CacheValidators()
        else:
            download = await self.downloader.fetch(
                ref.content,
                validators=None if waiting is None else waiting.validators,
                is_fresh=lambda: self._is_fresh(requested_at),
            )
            content, validators = download.content, download.validators
        if content is None:
            return PhotoStored(None, validators)
        is_public = self._is_public(photos, ref)
        return PhotoStored(await self.blobs.store(content, is_public=is_public), validators)

    async def _store_file(self, photos: ListingPhotos, ref: MediaRef, requested_at: float) -> PhotoStored:
        waiting = photos.waiting.get(ref.media_key)
        validators = CacheValidators()
        with ReceivedFile.open() as file:
            if isinstance(ref.content, bytes):
                await self.downloader.charge(ref.content)
                await file.write(ref.content)
            else:
                received = await self.downloader.fetch_into(
                    file,
                    ref.content,
                    validators=None if waiting is None else waiting.validators,
                    is_fresh=lambda: self._is_fresh(requested_at),
                )
                validators = received.validators
                if not received.is_modified:
                    return PhotoStored(None, validators)
            await file.finish()
            return PhotoStored(await self.blobs.store_file(file, is_public=self._is_public(photos, ref)), validators)

    def _is_public(self, photos: ListingPhotos, ref: MediaRef) -> bool:
        claim = photos.claim
        if not claim.is_public:
            return False
        rules = self.rules.resolve(claim.to_subject(self.rules))
        return shows_media(rules, ref.category, ref.permission, shows_address=claim.shows_address)


def to_chunks(listings: Iterable[ListingPhotos], photos_per_request: int) -> list[list[ListingPhotos]]:
    """Listings to be requested together: at most so many photos in each chunk, but at least one listing."""
    chunks: list[list[ListingPhotos]] = []
    room = 0
    for photos in listings:
        size = _expect_photos(photos)
        if not chunks or size > room:
            chunks.append([])
            room = photos_per_request
        chunks[-1].append(photos)
        room -= size
    return chunks


def _expect_photos(photos: ListingPhotos) -> int:
    """How many photos a listing is expected to have."""
    if photos.listed_by_source:
        return photos.claim.photos_count or _ASSUMED_PHOTOS
    return 1 if photos.first_only else max(len(photos.waiting), 1)


def _raise_first(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Stop the stream once a download failed in a way that ends all (rate limit, source or store unavailable)."""
    for task in tasks:
        if task.done() and not task.cancelled() and (error := task.exception()) is not None:
            raise error


def _mark_unanswered(photos: ListingPhotos, error: SourceBrokeProtocol) -> None:
    for key, photo in photos.waiting.items():
        if key not in photos.outcomes and not photo.is_deferred:
            photos.outcomes[key] = PhotoFailed(str(error))


def _without_bytes(ref: MediaRef) -> MediaRef:
    return ref if isinstance(ref.content, str) else replace(ref, content="")
