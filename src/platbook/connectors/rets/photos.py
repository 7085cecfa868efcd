"""GetObject (RETS 1.7.2, section 5): the photos of listings, as bytes or as URLs, in order of their numbers."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import replace
from urllib.parse import urljoin

from platbook.connectors.contract import HttpReply, MediaRef, ReplyTooLarge, SourceBrokeProtocol
from platbook.connectors.rets.http_session import RetsHttpSession, SessionLost
from platbook.connectors.rets.remarks import Remarks
from platbook.connectors.rets.reply_limits import PhotoLimits
from platbook.connectors.rets.settings import RetsSettings
from platbook.protocols.rets.codes import ReplyOutcome, classify_reply_code, to_error
from platbook.protocols.rets.objects import ObjectParser, RetsObject
from platbook.protocols.rets.xml import ReplyStatus

_LOCATION_UNSUPPORTED, _INVALID_IDENTIFIER = 20414, 20402
_LONGEST_REASON = 120
_TRIES = 3


class _RequestFormChanged(Exception):
    """The source does not take the request in this form; another was chosen."""


class PhotoFetcher:
    """Fetches the photos of one resource."""

    def __init__(self, http_session: RetsHttpSession, settings: RetsSettings, remarks: Remarks) -> None:
        self._http_session, self._settings, self._remarks = http_session, settings, remarks
        self._located = settings.photo_location
        self._keys_at_once = settings.photos_per_request

    async def fetch(self, keys: Sequence[str]) -> AsyncIterator[tuple[str, MediaRef]]:
        """Fetch the photos of records by their keys; pairs of key and photo, a record's photos one after the other."""
        pending, broken, buffer = list(keys), 0, _PhotoBuffer((), self._remarks)
        while pending:
            batch = pending[: self._keys_at_once]
            if broken == 0:
                buffer = _PhotoBuffer(batch, self._remarks)
            try:
                async for pair in self._fetch(batch, buffer):
                    yield pair
            except _RequestFormChanged:
                continue
            except ReplyTooLarge:  # it would be so again
                buffer.drop()  # whoever handles the error holds this frame, and asks for other photos meanwhile
                raise
            except SourceBrokeProtocol:
                broken += 1
                if broken == _TRIES:
                    raise
                buffer.drop()  # what was yielded is not yielded again
                continue
            broken = 0
            pending = pending[len(batch) :]

    async def _fetch(self, keys: Sequence[str], buffer: "_PhotoBuffer") -> AsyncIterator[tuple[str, MediaRef]]:
        arguments = {
            "Resource": self._settings.resource,
            "Type": self._settings.photo_type or "Photo",
            "ID": ",".join(f"{key}:*" for key in keys),
            "Location": "1" if self._located else "0",
        }
        while True:
            try:
                async with self._http_session.open_transaction("GetObject", arguments) as reply:
                    limits = PhotoLimits(self._settings)
                    async for one in self._read(reply, limits):
                        self._raise_refusal(one, keys)
                        limits.add_photo(buffer.find_key(one) or "", len(one.content))
                        for pair in buffer.add(one, reply.url):
                            yield pair
            except SessionLost as lost:
                await self._http_session.renew(lost)
            else:
                self._http_session.confirm()
                break
        for pair in buffer.clear():
            yield pair

    async def _read(self, reply: HttpReply, limits: PhotoLimits) -> AsyncGenerator[RetsObject]:
        parser = ObjectParser(reply.headers)
        async for chunk in reply.chunks:
            objects = parser.feed(chunk)
            for one in objects:
                yield one
            if not objects:
                limits.add_bytes(len(chunk))
        for one in parser.close():
            yield one

    def _raise_refusal(self, one: RetsObject, keys: Sequence[str]) -> None:
        """Raise what a refusal of the whole request means; the buffer counts that of a single object."""
        refused = one.error
        if refused is None:
            return
        outcome = classify_reply_code(refused.code, logged_in=True)
        if outcome is ReplyOutcome.SESSION_LOST:
            raise SessionLost.by_code(refused)
        if refused.code == _LOCATION_UNSUPPORTED and self._located:
            self._located = False
            self._remarks.add("the source sends no photo URLs, so the photos' bytes were fetched")
            raise _RequestFormChanged
        if one.content_id:
            return
        if refused.code == _INVALID_IDENTIFIER and len(keys) > 1:
            self._keys_at_once = 1
            self._remarks.add("the source accepts only one record per photo request")
            raise _RequestFormChanged
        if outcome not in {ReplyOutcome.EMPTY, ReplyOutcome.OBJECT_UNAVAILABLE}:
            raise to_error(refused.code, refused.text, logged_in=True)


class _PhotoBuffer:
    """Collects a record's photos and returns them in order once those of another record arrive."""

    def __init__(self, keys: Sequence[str], remarks: Remarks) -> None:
        self._keys, self._remarks = keys, remarks
        self._key = ""
        self._photos: dict[int, MediaRef] = {}
        self._yielded: set[tuple[str, int]] = set()

    def add(self, one: RetsObject, url: str) -> list[tuple[str, MediaRef]]:
        """Add one object; returns the photos of the record before, if it is of another record."""
        if one.error is not None:
            self._count_refusal(one.error)
            return []
        key = self.find_key(one)
        if key is None:
            self._count_refusal(ReplyStatus(0, "the source does not name the photo's record"))
            return []
        done = self.clear() if key != self._key else []
        self._key = key
        number = int(one.object_id) if one.object_id.isdecimal() else max(self._photos, default=0) + 1
        self._photos.setdefault(number, _to_ref(one, number, url))
        return done

    def clear(self) -> list[tuple[str, MediaRef]]:
        """The photos of the current record."""
        photos, self._photos = self._photos, {}
        zero = photos.get(0)
        if zero is not None:
            # Number 0 is the preferred one under its other name (section 5.4), unless no other is the same.
            others = {number: photo for number, photo in photos.items() if number}
            is_alias = any(photo.content == zero.content for photo in others.values())
            photos = others if is_alias else {number + 1: _move_behind(photo) for number, photo in photos.items()}
        refs = sorted(photos.items(), key=lambda photo: (photo[1].order, photo[0]))
        fresh = [(number, ref) for number, ref in refs if (self._key, number) not in self._yielded]
        self._yielded |= {(self._key, number) for number, _ in fresh}
        return [(self._key, ref) for _, ref in fresh]

    def drop(self) -> None:
        """Discard the photos of the current record: its reply was broken and is requested again."""
        self._photos = {}

    def find_key(self, one: RetsObject) -> str | None:
        """The key of an object's record; None where it cannot be told."""
        content_id = one.content_id.strip().strip("<>\"'")
        if content_id in self._keys:
            return content_id
        bare = content_id.partition(":")[0]
        if bare in self._keys:
            return bare
        return self._keys[0] if len(self._keys) == 1 else None

    def _count_refusal(self, status: ReplyStatus) -> None:
        if classify_reply_code(status.code, logged_in=True) is ReplyOutcome.EMPTY:
            return
        reason = f"{status.code} {status.text}".removeprefix("0 ").strip()[:_LONGEST_REASON]
        refused = self._remarks.refused_photos
        refused[reason] = refused.get(reason, 0) + 1


def _move_behind(photo: MediaRef) -> MediaRef:
    """A photo of a source that numbers from 0, numbered from 1 as the records count. A preferred one stays first."""
    number = int(photo.media_key) + 1
    return replace(photo, media_key=str(number), order=photo.order + 1 if photo.order or number == 1 else 0)


def _to_ref(one: RetsObject, number: int, url: str) -> MediaRef:
    content: str | bytes = urljoin(url, one.location) if one.location and not one.content else one.content
    return MediaRef(
        media_key=str(number),
        order=0 if one.preferred and number > 1 else number,
        content=content,
        caption=one.sub_description or one.description,
        content_type=one.content_type or None,
    )
