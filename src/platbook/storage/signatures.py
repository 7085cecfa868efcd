"""Signed addresses of our own route: a key and the moment it expires, under an HMAC."""

import hashlib
import hmac
from datetime import datetime

_BYTES = 20


def sign_key(signing_key: bytes, key: str, expires: int) -> str:
    """The signature of a key until `expires` (seconds since 1970), in hexadecimal."""
    return hmac.digest(signing_key, f"{expires}\n{key}".encode(), hashlib.sha256)[:_BYTES].hex()


def is_signed(signing_key: bytes, key: str, expires: int, signature: str, now: datetime) -> bool:
    """Whether a signature was made for this key, and is still good."""
    wanted = sign_key(signing_key, key, expires)
    return hmac.compare_digest(wanted.encode(), signature.encode()) and now.timestamp() < expires
