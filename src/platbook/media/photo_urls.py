"""Completes photo URLs as documents are read: a base before public paths, a signature behind private ones.

Documents hold paths alone, since bases change with settings and signatures with the clock. Signatures expire at the
end of fixed time windows, so that the same document read twice within one is the same text, and can be cached.
"""

import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from platbook.listings.listing import FIRST_STORE
from platbook.storage import Storage

WINDOW = timedelta(hours=1)
"""A signed URL is valid for one to two of these."""

_STORED = b'"url":"/media/'
_URL = re.compile(rb'"url":"/media/(?:(\d{1,4})/)?(public|private)/([a-z0-9/._-]+)"')
_PUBLIC = b'"url":"/media/public/'
_PRIVATE = b'"url":"/media/private/'
_PRIVATE_TEXT = re.compile(r'"url":"/media/(?:\d{1,4}/)?private/')
_OTHER_STORE = re.compile(rb'"url":"/media/\d')


@dataclass(frozen=True, slots=True)
class PhotoUrls:
    """Completes the URLs of documents for whoever may read them.

    `own_base` is put before those of our own route, which are relative without it.
    """

    storage: Storage
    own_base: str = ""

    async def fill(self, body: bytes, now: datetime) -> bytes:
        """A body of documents with the complete URL of every stored picture."""
        if _STORED not in body:  # one scan of a long body instead of two
            return body
        if _OTHER_STORE.search(body) is None and _PRIVATE not in body:
            base = self._complete((await self.storage.at(FIRST_STORE)).public_url("x"))[:-1]
            return body.replace(_PUBLIC, b'"url":"' + base)
        urls = await self._find_urls(body, now)
        return _URL.sub(lambda match: b'"url":"' + urls[match[0]] + b'"', body)

    async def _find_urls(self, body: bytes, now: datetime) -> dict[bytes, bytes]:
        """The complete URL of each one in a body."""
        by_store: dict[int, dict[bytes, re.Match[bytes]]] = {}
        for match in _URL.finditer(body):
            by_store.setdefault(int(match[1] or FIRST_STORE), {})[match[0]] = match
        urls: dict[bytes, bytes] = {}
        for store_id, matches in by_store.items():
            storage = await self.storage.at(store_id)
            private = [match for match in matches.values() if match[2] == b"private"]
            signed = await storage.sign_urls([match[3].decode() for match in private], to_expiry(now) - now)
            urls |= {match[0]: self._complete(url) for match, url in zip(private, signed, strict=True)}
            public = (match for match in matches.values() if match[2] == b"public")
            urls |= {match[0]: self._complete(storage.public_url(match[3].decode())) for match in public}
        return urls

    def to_version(self, documents: Iterable[str], now: datetime) -> str:
        """What an ETag of documents must hold beside their version: the base of URLs, the window of signatures."""
        base = zlib.crc32(self._complete(self.storage.public_url("x")))
        window = f"-{to_signature_window(now)}" if any(map(has_signed_urls, documents)) else ""
        return f"-{base:x}{window}"

    def _complete(self, url: str) -> bytes:
        """A store's URL as it stands in JSON, absolute where our own base is known."""
        absolute = f"{self.own_base}{url}" if url.startswith("/") else url
        return absolute.replace("\\", "\\\\").replace('"', '\\"').encode()


def to_expiry(now: datetime) -> datetime:
    """When URLs signed now expire: at the end of the next window."""
    start = datetime.fromtimestamp(now.timestamp() // WINDOW.total_seconds() * WINDOW.total_seconds(), UTC)
    return start + 2 * WINDOW


def to_signature_window(now: datetime) -> str:
    """The window in which the same documents have the same signatures."""
    return str(int(to_expiry(now).timestamp() // WINDOW.total_seconds()))


def has_signed_urls(document: str) -> bool:
    """Whether a document has photos whose URLs are signed when it is read."""
    return _PRIVATE_TEXT.search(document) is not None
