"""A photo source on loopback with short-lived, single-use URLs, and a connector over it."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO

from PIL import Image
from pydantic import BaseModel

from platbook.connectors.contract import (
    MediaRef,
    MediaSource,
    RawRecord,
    Resource,
    ResourceProfile,
    SourceBrokeProtocol,
    SourceProfile,
)
from tests.fakes.scripted_source import ScriptedConnector, ScriptedSession, Source, all_keys, listing, one_page

TOKEN = "a-secret-token"


def draw(seed: int, width: int = 120, height: int = 90) -> bytes:
    """A small JPEG, different for each seed."""
    rng = random.Random(seed)  # noqa: S311 - test images
    image = Image.new("RGB", (width, height), tuple(rng.randrange(256) for _ in range(3)))
    for _ in range(6):
        left, top = rng.randrange(width), rng.randrange(height)
        image.paste(tuple(rng.randrange(256) for _ in range(3)), (left, top, left + 30, top + 20))
    out = BytesIO()
    image.save(out, "JPEG")
    return out.getvalue()


@dataclass
class SourcePhoto:
    """A photo of the source."""

    key: str
    content: bytes
    modified: str | None = "2026-01-01T00:00:00Z"
    permission: tuple[str, ...] | None = ("Public",)
    category: str = "Photo"
    status: int = 200


@dataclass
class PhotoSource:
    """Listings with photos, and a record of all requests."""

    albums: dict[str, list[SourcePhoto]] = field(default_factory=dict[str, list[SourcePhoto]])
    listed: dict[str, dict[str, object]] = field(default_factory=dict[str, "dict[str, object]"])
    kind: MediaSource = MediaSource.INLINE
    sends_bytes: bool = False
    seats: int = 2
    required_headers: dict[str, str] = field(default_factory=dict[str, str])
    per_second: int | None = None
    url_lifetime: float = 60.0
    single_use: bool = True
    failing: float = 0.0
    broken_listings: set[str] = field(default_factory=set[str])
    etags: bool = False
    base: str = ""
    asked: list[list[str]] = field(default_factory=list[list[str]])
    served: list[str] = field(default_factory=list[str])
    violations: list[str] = field(default_factory=list[str])
    not_modified: int = 0
    failed: int = 0
    sessions: int = 0
    most_sessions: int = 0
    held: dict[str, asyncio.Event] = field(default_factory=dict[str, asyncio.Event])
    """Photos of which nothing but the headers is sent before their event."""
    addresses: dict[str, str] = field(default_factory=dict[str, str])
    """Addresses of videos elsewhere, by their keys."""
    _issued: dict[str, tuple[SourcePhoto, float]] = field(default_factory=dict[str, "tuple[SourcePhoto, float]"])
    _used: set[str] = field(default_factory=set[str])
    _arrivals: list[float] = field(default_factory=list[float])
    _failure_rng: random.Random = field(default_factory=lambda: random.Random(3))  # noqa: S311 - one of the first eight fails
    _token_rng: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 - the same faults each time

    def add(self, key: str, count: int, **attributes: object) -> None:
        """Add a listing with `count` photos."""
        self.albums[key] = [
            SourcePhoto(f"{key}-{at}", draw(hash((key, at)) % 2**32), **attributes)  # pyright: ignore[reportArgumentType] - by name
            for at in range(1, count + 1)
        ]

    def record(self, key: str) -> RawRecord:
        """A listing as a raw record of the feed."""
        shown: dict[str, object] = {"InternetEntireListingDisplayYN": True, "InternetAddressDisplayYN": True}
        shown |= {"PhotosCount": len(self.albums[key])} | self.listed.get(key, {})
        one = listing(key, str(shown.pop("ModificationTimestamp", "2026-01-01T00:00:00Z")), **shown)
        media = self.refs(key, fresh=False) if self.kind is MediaSource.INLINE else None
        return RawRecord(one.key, one.fields, modified=str(one.fields["ModificationTimestamp"]), media=media)

    def to_script(self) -> Source:
        """The current listings, in one page."""
        records = {key: self.record(key) for key in sorted(self.albums)}
        return Source(one_page(*records.values()), all_keys(*records), records)

    def refs(self, key: str, *, fresh: bool) -> list[MediaRef]:
        """A listing's photos, with valid URLs if `fresh`."""
        return [
            MediaRef(
                photo.key,
                at,
                self._content(photo, fresh=fresh),
                category=photo.category,
                permission=photo.permission,
                modified=photo.modified,
            )
            for at, photo in enumerate(self.albums.get(key, ()), 1)
        ]

    def _content(self, photo: SourcePhoto, *, fresh: bool) -> str | bytes:
        if photo.key in self.addresses:
            return self.addresses[photo.key]
        if self.sends_bytes:
            return photo.content if fresh else ""
        if not fresh:
            return f"{self.base}/stale/{photo.key}"
        token = f"{self._token_rng.getrandbits(64):x}" if self.single_use else photo.key
        self._issued[token] = (photo, time.monotonic() + self.url_lifetime)
        return f"{self.base}/photo/{token}"

    async def hold(self, path: str) -> None:
        """Wait until the rest of a reply may be sent."""
        photo, _ = self._issued.get(path.rpartition("/")[2], (None, 0.0))
        if photo is not None and photo.key in self.held:
            await self.held[photo.key].wait()

    def answer(self, path: str, headers: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
        """The reply to a request; violations are what no client of this source may do."""
        now = time.monotonic()
        self._arrivals.append(now)
        token = path.rpartition("/")[2]
        photo, valid_until = self._issued.get(token, (None, 0.0))
        status, violation = self._check(token, headers, now, valid_until if photo else None)
        if violation:
            self.violations.append(f"{violation}: {path}")
        if photo is None or status != 200:
            return status, b"", {"Retry-After": "1"} if status == 429 else {}
        self._used.add(token)
        if self._failure_rng.random() < self.failing:
            self.failed += 1
            return 500, b"", {}
        etag = f'"{len(photo.content)}-{photo.content[-40:].hex()[:16]}"'
        if self.etags and headers.get("if-none-match") == etag:
            self.not_modified += 1
            return 304, b"", {"ETag": etag}
        if photo.status == 200:
            self.served.append(photo.key)
        return photo.status, photo.content, {"Content-Type": "image/jpeg", **({"ETag": etag} if self.etags else {})}

    def _check(self, token: str, headers: dict[str, str], now: float, valid_until: float | None) -> tuple[int, str]:
        """A status, and the violation of the request, if any."""
        recent = sum(now - at < 1 for at in self._arrivals)
        missing = [name for name, value in self.required_headers.items() if headers.get(name.lower()) != value]
        checks: list[tuple[bool, int, str]] = [
            (self.per_second is not None and recent > self.per_second, 429, f"{recent} requests within a second"),
            (bool(missing), 401, f"without {missing}"),
            (valid_until is None, 404, "an unknown URL"),
            (self.single_use and token in self._used, 429, "a URL was used twice"),
            (valid_until is not None and now > valid_until, 403, "a URL was used after it expired"),
        ]
        return next(((status, message) for wrong, status, message in checks if wrong), (200, ""))


class NumberedPhotos(PhotoSource):
    """One small photo for any listing with a numeric key, all different; requests are not recorded."""

    def refs(self, key: str, *, fresh: bool) -> list[MediaRef]:
        del fresh
        return [MediaRef(f"{key}-1", 1, f"{self.base}/{key}", permission=("Public",), modified="2026-01-01T00:00:00Z")]

    def answer(self, path: str, headers: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
        del headers
        return 200, draw(int(path.rpartition("/")[2])), {"Content-Type": "image/jpeg"}


@asynccontextmanager
async def serving(source: PhotoSource) -> AsyncGenerator[PhotoSource]:
    """Serve on a free loopback port until the block ends."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                first, *lines = head.strip().split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
                status, body, reply_headers = source.answer(first.split(" ")[1], headers)
                head_lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}"]
                head_lines += [f"{name}: {value}" for name, value in reply_headers.items()]
                writer.write("\r\n".join([*head_lines, "", ""]).encode())
                await source.hold(first.split(" ")[1])
                writer.write(body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    source.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield source
    finally:
        server.close()


@dataclass
class PhotoSession(ScriptedSession):
    """A session at the source: a script of its listings, and their photos."""

    photos: PhotoSource

    async def media(self, listing_keys: Sequence[str]) -> AsyncIterator[tuple[str, MediaRef]]:
        self.photos.asked.append(list(listing_keys))
        for key in listing_keys:
            for at, ref in enumerate(self.photos.refs(key, fresh=True)):
                if key in self.photos.broken_listings and at:
                    raise SourceBrokeProtocol(f"the photos of {key} end in the middle of one")
                yield key, ref


class PhotoConnector(ScriptedConnector):
    """The connector PHOTOS."""

    name = "PHOTOS"

    def __init__(self, photos: PhotoSource) -> None:
        super().__init__(Source())
        self.photos = photos

    def profile(self, settings: BaseModel) -> SourceProfile:
        del settings
        listings = ResourceProfile(media=self.photos.kind)
        return SourceProfile({Resource.PROPERTY: listings}, max_concurrency=self.photos.seats)

    @asynccontextmanager
    async def _open(self) -> AsyncGenerator[PhotoSession]:
        photos = self.photos
        photos.sessions += 1
        photos.most_sessions = max(photos.most_sessions, photos.sessions)
        try:
            yield PhotoSession(photos.to_script(), photos)
        finally:
            photos.sessions -= 1
