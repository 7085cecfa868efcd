"""Where an object is found by those who read it over HTTP."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from obstore import sign_async
from obstore.store import S3Store

from platbook.base.clock import Clock
from platbook.storage.failures import explained

ROUTE = "/media"
"""Where Platbook itself serves objects by key."""

_SIGNATURE_BYTES = 20


class ObjectUrls(Protocol):
    """Addresses of keys."""

    def public(self, key: str) -> str:
        """Where anybody finds an object."""
        ...

    async def sign(self, keys: Sequence[str], expires_in: timedelta) -> Sequence[str]:
        """Where whoever holds the address finds each object, for so long."""
        ...

    def is_signed(self, key: str, expires: int, signature: str) -> bool:
        """Whether an address of our own route was signed for this key and is still good."""
        ...


class OwnRoute:
    """Addresses of Platbook's own route: relative to the server, or below a CDN that stands before it."""

    def __init__(self, signing_key: bytes, clock: Clock, cdn: str | None = None) -> None:
        self._signing_key = signing_key
        self._clock = clock
        self._cdn = cdn or ""

    def public(self, key: str) -> str:
        """The route's address, below the CDN if there is one."""
        return f"{self._cdn}{ROUTE}/{key}"

    async def sign(self, keys: Sequence[str], expires_in: timedelta) -> Sequence[str]:
        """The route's addresses, never below the CDN, which would keep what is not for everybody."""
        expires = int((self._clock.now() + expires_in).timestamp())
        return [f"{ROUTE}/{key}?expires={expires}&signature={self._sign(key, expires)}" for key in keys]

    def is_signed(self, key: str, expires: int, signature: str) -> bool:
        """Whether we made this signature, and its time is not over."""
        expected = self._sign(key, expires)
        is_valid = hmac.compare_digest(expected.encode(), signature.encode())
        return is_valid and self._clock.now().timestamp() < expires

    def _sign(self, key: str, expires: int) -> str:
        """The HMAC of a key and the time it expires (seconds since 1970), in hexadecimal."""
        digest = hmac.digest(self._signing_key, f"{expires}\n{key}".encode(), hashlib.sha256)
        return digest[:_SIGNATURE_BYTES].hex()


class BucketAddresses:
    """Addresses at an S3 endpoint, public ones below the CDN if there is one."""

    def __init__(self, store: S3Store, public_base: str) -> None:
        self._store = store
        self._public_base = public_base

    def public(self, key: str) -> str:
        """Below the CDN, or at the endpoint; the bucket's policy lets everybody read `public/`."""
        return f"{self._public_base}/{key}"

    async def sign(self, keys: Sequence[str], expires_in: timedelta) -> Sequence[str]:
        """Presigned addresses (AWS Signature Version 4, query parameters), made without a request."""
        with explained("sign addresses"):
            return await sign_async(self._store, "GET", list(keys), expires_in)

    def is_signed(self, key: str, expires: int, signature: str) -> bool:
        """Never: the bucket judges its own signatures."""
        del key, expires, signature
        return False
