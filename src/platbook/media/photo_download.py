"""Asking a source for the photos of listings, and turning what it sends into outcomes, as it comes.

Addresses are asked for when they are to be used, a few listings at a time, since some are good for a minute and once.
Each is used once at most: what fails is asked for once more, and then left for another time.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from platbook.base.errors import MediaRejected, SourceBrokeProtocol, SourceUnavailable
from platbook.connectors.contract import MediaRef, Session
from platbook.listings.photo_work import Claim, Fetchable
from platbook.listings.photos import NO_PICTURES, to_version
from platbook.media.blobs import Blobs
from platbook.media.outcome import Outcome, PhotoFailed, PhotoNotTried, PhotoStored
from platbook.providers.display import DisplaySettings
from platbook.transport import CacheValidators, Downloader, UrlAlreadyUsed

_UNKNOWN = 10


@dataclass(slots=True)
class ListingPhotos:
    """One listing's photos while they are fetched.

    `waiting` are the rows that wait, by media key. `elsewhere`: only the source knows which photos there are, so every
    one it sends is wanted, unless it is `stored` in the version it has. `refs` is what the source listed, without the
    bytes.
    """

    claim: Claim
    waiting: dict[str, Fetchable]
    elsewhere: bool
    first_only: bool
    most: int | None = None
    stored: Mapping[str, str | None] = field(default_factory=dict[str, "str | None"])
    refs: list[MediaRef] = field(default_factory=list[MediaRef])
    outcomes: dict[str, Outcome] = field(default_factory=dict[str, Outcome])
    again: set[str] = field(default_factory=set[str])
    unasked: bool = True
    """The source has not told everything of this listing; nothing is to be concluded from its silence."""

    @property
    def property_id(self) -> UUID:
        """The listing."""
        return self.claim.property_id

    @property
    def changed_at(self) -> str | None:
        """The version of photos that have none of their own."""
        changed = self.claim.photos_change_timestamp
        return None if changed is None else changed.isoformat()

    def wants(self, ref: MediaRef, *, second: bool) -> bool:
        """Whether a photo the source offers is to be fetched now."""
        if second:
            return ref.media_key in self.again
        is_enough = self.most is not None and len(self.refs) > self.most
        is_later = self.first_only and isinstance(ref.content, str) and bool(self.outcomes)
        if ref.category in NO_PICTURES or is_enough or is_later:
            return False
        known = self.waiting.get(ref.media_key)
        if known is not None:
            return not known.is_put_off
        is_held = ref.media_key in self.stored and self.stored[ref.media_key] == to_version(ref, self.changed_at)
        return self.elsewhere and not is_held

    def conclude(self) -> None:
        """What the source did not send, though its row waits, is missing there."""
        if self.unasked or self.elsewhere:
            return
        listed = {ref.media_key for ref in self.refs}
        for key, photo in self.waiting.items():
            if key not in listed and not photo.is_put_off:
                self.outcomes[key] = PhotoFailed("the source lists this photo no more")


@dataclass(frozen=True, slots=True)
class PhotoDownload:
    """What asking takes: a session, downloads, a place for pictures, and how many seconds an address is good."""

    session: Session
    downloader: Downloader
    blobs: Blobs
    display: DisplaySettings
    address_seconds: float
    width: int

    async def fetch(self, albums: Sequence[ListingPhotos]) -> None:
        """Fetch what some listings want, and once more what failed by its address.

        What stands in the albums is true even when an error ends it: RateLimited, SourceUnavailable and what the
        store raises.
        """
        await self._fetch(albums, second=False)
        again = [album for album in albums if album.again]
        if again:
            await self._fetch(again, second=True)
        for album in albums:
            album.conclude()

    async def _fetch(self, albums: Sequence[ListingPhotos], *, second: bool) -> None:
        try:
            await self._stream(albums, second=second)
        except SourceBrokeProtocol as error:
            if len(albums) == 1:
                _note_silence(albums[0], error)
                return
            for album in albums:  # one bad listing must not hide the others
                if not second:
                    album.refs.clear()
                await self._fetch([album], second=second)

    async def _stream(self, albums: Sequence[ListingPhotos], *, second: bool) -> None:
        by_key = {album.claim.listing_key: album for album in albums}
        slots = asyncio.Semaphore(self.width)
        asked = time.monotonic()
        tasks: list[asyncio.Task[None]] = []
        try:
            async for key, ref in self.session.media(list(by_key)):
                album = by_key.get(key)
                if album is None:
                    continue
                if not second:
                    album.refs.append(_without_bytes(ref))
                if album.wants(ref, second=second):
                    album.outcomes[ref.media_key] = PhotoNotTried()
                    await slots.acquire()  # bytes that came are held by as many tasks as may run, and one more
                    _raise_first(tasks)
                    tasks.append(asyncio.create_task(self._fetch_one(album, ref, asked, slots, second=second)))
            await asyncio.gather(*tasks)
            for album in albums:
                album.unasked = False
        except SourceBrokeProtocol:
            await asyncio.gather(*tasks)  # what came before the reply broke is good
            raise
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _fetch_one(
        self, album: ListingPhotos, ref: MediaRef, asked: float, slots: asyncio.Semaphore, *, second: bool
    ) -> None:
        key = ref.media_key
        try:
            outcome = await self._to_outcome(album, ref, asked)
            album.again.discard(key)
        except UrlAlreadyUsed as error:
            outcome = PhotoNotTried() if not self._is_fresh(asked) else PhotoFailed(str(error))
            self._ask_again(album, key, second=second)
        except (SourceUnavailable, SourceBrokeProtocol) as error:
            outcome = PhotoFailed(str(error))
            self._ask_again(album, key, second=second)
        except MediaRejected as error:
            outcome = PhotoFailed(str(error), is_rejected=True)
            album.again.discard(key)
        finally:
            slots.release()
        album.outcomes[key] = outcome

    def _ask_again(self, album: ListingPhotos, key: str, *, second: bool) -> None:
        if second:
            album.again.discard(key)
        else:
            album.again.add(key)

    def _is_fresh(self, asked: float) -> bool:
        return time.monotonic() - asked < self.address_seconds

    async def _to_outcome(self, album: ListingPhotos, ref: MediaRef, asked: float) -> PhotoStored:
        waiting = album.waiting.get(ref.media_key)
        if isinstance(ref.content, bytes):
            await self.downloader.charge(ref.content)
            content, known = ref.content, CacheValidators()
        else:
            download = await self.downloader.fetch(
                ref.content,
                validators=None if waiting is None else waiting.known,
                is_fresh=lambda: self._is_fresh(asked),
            )
            content, known = download.content, download.validators
        if content is None:
            return PhotoStored(None, known)
        is_public = album.claim.is_shown and _is_open(ref, self.display)
        return PhotoStored(await self.blobs.keep(content, is_public=is_public), known)


def to_chunks(albums: Iterable[ListingPhotos], most_photos: int) -> list[list[ListingPhotos]]:
    """Listings to be asked for together, so many photos in each at most, one listing in each at least."""
    chunks: list[list[ListingPhotos]] = []
    room = 0
    for album in albums:
        size = _to_size(album)
        if not chunks or size > room:
            chunks.append([])
            room = most_photos
        chunks[-1].append(album)
        room -= size
    return chunks


def _to_size(album: ListingPhotos) -> int:
    """How many photos are to be expected of a listing."""
    if album.elsewhere:
        return album.claim.photos_count or _UNKNOWN
    return 1 if album.first_only else max(len(album.waiting), 1)


def _raise_first(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Stop asking once a download found that nothing more can be had now."""
    for task in tasks:
        if task.done() and not task.cancelled() and (error := task.exception()) is not None:
            raise error


def _note_silence(album: ListingPhotos, error: SourceBrokeProtocol) -> None:
    for key, photo in album.waiting.items():
        if key not in album.outcomes and not photo.is_put_off:
            album.outcomes[key] = PhotoFailed(str(error))


def _without_bytes(ref: MediaRef) -> MediaRef:
    return ref if isinstance(ref.content, str) else replace(ref, content="")


def _is_open(ref: MediaRef, display: DisplaySettings) -> bool:
    return display.photo_display_when_null if ref.permission is None else bool({"Public", "IDX"} & set(ref.permission))
