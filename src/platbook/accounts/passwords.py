"""Passwords: argon2id, hashed and verified in a thread since that takes its time on purpose."""

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from platbook.base.errors import InvalidInput

SHORTEST = 8
LONGEST = 128

_hasher = PasswordHasher()


def check_password(password: str, field: str = "password") -> None:
    """Refuse what is too short to be a password or too long to be hashed; InvalidInput names the field."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidInput.of(field, f"must have {SHORTEST} to {LONGEST} characters")


async def hash_password(password: str) -> str:
    """Hash a password for keeping."""
    return await asyncio.to_thread(_hasher.hash, password)


async def verify_password(password: str, known: str | None) -> bool:
    """Check a password. For an unknown user (`known` None) the same work is done, and the answer is no."""
    return await asyncio.to_thread(_verify, password[:LONGEST], known or _nobodys_hash()) and known is not None


def needs_rehash(known: str) -> bool:
    """Whether a hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(known)


def _verify(password: str, known: str) -> bool:
    try:
        return _hasher.verify(known, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("a password that nobody has")
