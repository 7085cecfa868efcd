"""Encryption of secrets at rest: AES-256-GCM (authenticated) with a key that is never stored in the database.

The database stores a check value of the key, so that a process with another key refuses to start instead of writing
secrets that the others cannot decrypt. Keys for other purposes are derived from it by HMAC-SHA-256.
"""

import base64
import contextlib
import hashlib
import hmac
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from platbook.base.errors import InvalidInput

_NONCE = 12
_KEY = 32


class SecretBox:
    """Encrypts and decrypts small secrets, and derives keys for signing."""

    def __init__(self, key: bytes) -> None:
        if len(key) != _KEY:
            raise ValueError("a secret key must have 32 bytes")
        self._key = key
        self._cipher = AESGCM(self.derive("seal"))

    @classmethod
    def from_text(cls, text: str) -> "SecretBox":
        """Read a key as `PLATBOOK_SECRET_KEY` carries it: 32 bytes in base64 or hexadecimal."""
        for decode in (bytes.fromhex, base64.urlsafe_b64decode, base64.b64decode):
            try:
                key = decode(text.strip())
            except ValueError:
                continue
            if len(key) == _KEY:
                return cls(key)
        raise InvalidInput.of("PLATBOOK_SECRET_KEY", "must be 32 bytes in base64 or hexadecimal (openssl rand -hex 32)")

    @classmethod
    def from_file(cls, path: Path) -> "SecretBox":
        """Read the key file of an embedded database, created on first use with mode 0600."""
        temporary = path.with_suffix(f".{os.getpid()}")
        if not path.exists():
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(os.urandom(_KEY).hex())
            # A hard link is atomic: of concurrent processes one key wins and all read it.
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(temporary)
            temporary.unlink()
        return cls.from_text(path.read_text())

    def seal(self, secret: bytes, *, context: str) -> bytes:
        """Encrypt; `context` (such as the provider's id) is authenticated: decryption needs the same."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, secret, context.encode())

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """Decrypt. A wrong key, context or a damaged value is a ValueError."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], context.encode())
        except InvalidTag:
            raise ValueError("a secret could not be decrypted with this key") from None

    def derive(self, purpose: str) -> bytes:
        """Derive a 32-byte key for one purpose, so that no two uses share a key."""
        return hmac.digest(self._key, f"platbook:{purpose}".encode(), hashlib.sha256)

    def check_value(self) -> bytes:
        """The value that identifies the key in the database; it reveals nothing about it."""
        return self.derive("check")
