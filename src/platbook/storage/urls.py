"""URLs of objects: public, and signed ones that expire (HMAC for our own route, AWS Signature Version 4 at S3)."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from obstore import sign_async
from obstore.store import S3Store

from platbook.base.clock import Clock
from platbook.storage.failures import translate_errors

ROUTE = "/media"
"""The path below which Platbook itself serves objects by key."""

_SIGNATURE_BYTES = 20


class ObjectUrls(Protocol):
    """URLs of keys."""

    def public(self, key: str) -> str:
        """The URL by which everyone may read an object."""
        ...

    async def sign(self, keys: Sequence[str], expires_in: timedelta) -> Sequence[str]:
        """URLs by which whoever has them may read the objects until they expire."""
        ...

    def is_signed(self, key: str, expires: int, signature: str) -> bool:
        """Whether a URL of our own route was signed for this key and has not expired."""
        ...


class OwnRouteUrls:
    """URLs of Platbook's own route: relative to the server, or below the CDN in front of it."""

    def __init__(self, signing_key: bytes, clock: Clock, cdn: str | None = None) -> None:
        self._signing_key = signing_key
        self._clock = clock
        self._cdn = cdn or ""

    def public(self, key: str) -> str:
        """The route's URL, below the CDN if there is one."""
        return f"{self._cdn}{ROUTE}/{key}"

    async def sign(self, keys: Sequence[str], expires_in: timedelta) -> Sequence[str]:
        """The route's URLs, never below the CDN, which would cache what is not for everybody."""
        expires = int((self._clock.now() + expires_in).timestamp())
        return [f"{ROUTE}/{key}?expires={expires}&signature={self._sign(key, expires)}" for key in keys]

    def is_signed(self, key: str, expires: int, signature: str) -> bool:
        """Whether we made this signature, and it has not expired."""
        expected = self._sign(key, expires)
        is_valid = hmac.compare_digest(expected.encode(), signature.encode())
        return is_valid and self._clock.now().timestamp() < expires

    def _sign(self, key: str, expires: int) -> str:
        """The HMAC of a key and the time it expires (seconds since 1970), in hexadecimal."""
        digest = hmac.digest(self._signing_key, f"{expires}\n{key}".encode(), hashlib.sha256)
        return digest[:_SIGNATURE_BYTES].hex()


class BucketUrls:
    """URLs at an S3 endpoint, public ones below the CDN if there is one."""

    def __init__(self, store: S3Store, public_base: str, own_route: OwnRouteUrls | None = None) -> None:
        self._store = store
        self._public_base = public_base
        self._own_route = own_route

    def public(self, key: str) -> str:
        """The URL below the CDN, or at the endpoint; the bucket's policy lets everybody read `public/`."""
        return f"{self._public_base}/{key}"

    async def sign(self, keys: Sequence[str], expires_in: timedelta) -> Sequence[str]:
        """Presigned URLs (AWS Signature Version 4, query parameters), made without a request."""
        with translate_errors("sign URLs"):
            return await sign_async(self._store, "GET", list(keys), expires_in)

    def is_signed(self, key: str, expires: int, signature: str) -> bool:
        """Whether a URL of our own route was signed, before the object came here: the bucket verifies its own."""
        return self._own_route is not None and self._own_route.is_signed(key, expires, signature)
