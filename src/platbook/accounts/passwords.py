"""Password hashing with argon2id (RFC 9106), in a thread, as it is slow on purpose."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from platbook.base.errors import InvalidInput

MIN_LENGTH = 8
MAX_LENGTH = 128
WELL_KNOWN = "password"

hasher = PasswordHasher()
"""Its parameters are the low-memory ones of RFC 9106."""


def check_password(password: str, field: str = "password") -> None:
    """Refuse a password that is too short, too long, or the demo's; InvalidInput names the field."""
    if password.lower() == WELL_KNOWN:
        raise InvalidInput.of(field, "must not be the well-known password of the demo")
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise InvalidInput.of(field, f"must have {MIN_LENGTH} to {MAX_LENGTH} characters")


async def hash_password(password: str) -> str:
    """Hash a password for storage."""
    return await asyncio.to_thread(hasher.hash, password)


async def verify_password(password: str, stored: str | None) -> bool:
    """Verify a password. For an unknown user (`stored` None) the same work is done, and the result is False."""
    matches = await asyncio.to_thread(_verify, password[:MAX_LENGTH], stored or _to_dummy_hash())
    return matches and stored is not None and len(password) <= MAX_LENGTH


def needs_rehash(stored: str) -> bool:
    """Whether a hash was created with other parameters than the current ones."""
    return hasher.check_needs_rehash(stored)


def _to_dummy_hash() -> str:
    """The hash that an unknown user's password is verified against, so that the answer takes the same time.

    It is made up: hashing a password for it would take that login twice the time.
    """
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${costs}${'A' * 22}${'A' * 43}"


def _verify(password: str, stored: str) -> bool:
    try:
        return hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
