"""Completes photo URLs as documents are read: the CDN's base before public paths, a signature behind private ones.

Documents hold paths alone, since bases change with a setting and signatures with the clock. Signatures expire at the
end of fixed time windows, so that the same document read twice within one is the same text, and can be cached.
"""

import re
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
    """Completes the URLs of documents for whoever may read them."""

    storage: Storage

    async def fill(self, body: bytes, now: datetime) -> bytes:
        """A body of documents with the complete URL of every stored picture."""
        if _STORED not in body:  # one scan of a long body instead of two
            return body
        if _OTHER_STORE.search(body) is None and _PRIVATE not in body:
            base = (await self.storage.at(FIRST_STORE)).public_url("x")[:-1]
            return body.replace(_PUBLIC, b'"url":"' + base.encode())
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
            urls |= {match[0]: _escape(url) for match, url in zip(private, signed, strict=True)}
            public = (match for match in matches.values() if match[2] == b"public")
            urls |= {match[0]: _escape(storage.public_url(match[3].decode())) for match in public}
        return urls


def to_expiry(now: datetime) -> datetime:
    """When URLs signed now expire: at the end of the next window."""
    start = datetime.fromtimestamp(now.timestamp() // WINDOW.total_seconds() * WINDOW.total_seconds(), UTC)
    return start + 2 * WINDOW


def to_signature_window(documents: Iterable[str], now: datetime) -> str:
    """What an ETag of documents must hold beside their version: the window of their signatures, where they have any."""
    if not any(_PRIVATE_TEXT.search(document) for document in documents):
        return ""
    return f"-{int(to_expiry(now).timestamp() // WINDOW.total_seconds())}"


def _escape(url: str) -> bytes:
    return url.replace("\\", "\\\\").replace('"', '\\"').encode()
