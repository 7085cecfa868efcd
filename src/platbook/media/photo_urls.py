"""Completes photo URLs as documents are read: the CDN's base before public paths, a signature behind private ones.

Documents hold paths alone, since bases change with a setting and signatures with the clock. Signatures expire at the
end of fixed time windows, so that the same document read twice within one is the same text, and can be cached.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from platbook.storage import Storage

WINDOW = timedelta(hours=1)
"""A signed URL is valid for one to two of these."""

_STORED = b'"url":"/media/p'
_PUBLIC = b'"url":"/media/public/'
_PRIVATE_TEXT = '"url":"/media/private/'
_PRIVATE = _PRIVATE_TEXT.encode()
_PRIVATE_URL = re.compile(rb'"url":"/media/private/([a-z0-9/._-]+)"')


@dataclass(frozen=True, slots=True)
class PhotoUrls:
    """Completes the URLs of documents for whoever may read them."""

    storage: Storage

    async def fill(self, body: bytes, now: datetime) -> bytes:
        """A body of documents with the complete URL of every stored picture."""
        if _STORED not in body:  # one scan of a long body instead of two
            return body
        if _PUBLIC in body:
            base = self.storage.public_url("x")[:-1]
            body = body.replace(_PUBLIC, b'"url":"' + base.encode())
        if _PRIVATE in body:
            body = await self._sign(body, now)
        return body

    async def _sign(self, body: bytes, now: datetime) -> bytes:
        names = list(dict.fromkeys(match[1].decode() for match in _PRIVATE_URL.finditer(body)))
        signed = dict(zip(names, await self.storage.sign_urls(names, to_expiry(now) - now), strict=True))
        return _PRIVATE_URL.sub(lambda match: b'"url":"' + _escape(signed[match[1].decode()]) + b'"', body)


def to_expiry(now: datetime) -> datetime:
    """When URLs signed now expire: at the end of the next window."""
    start = datetime.fromtimestamp(now.timestamp() // WINDOW.total_seconds() * WINDOW.total_seconds(), UTC)
    return start + 2 * WINDOW


def to_signature_window(documents: Iterable[str], now: datetime) -> str:
    """What an ETag of documents must hold beside their version: the window of their signatures, where they have any."""
    if not any(_PRIVATE_TEXT in document for document in documents):
        return ""
    return f"-{int(to_expiry(now).timestamp() // WINDOW.total_seconds())}"


def _escape(url: str) -> bytes:
    return url.replace("\\", "\\\\").replace('"', '\\"').encode()
