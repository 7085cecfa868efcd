"""Passwords: argon2id, hashed and verified in a thread since that takes its time on purpose."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from platbook.base.errors import InvalidInput

SHORTEST = 8
LONGEST = 128
WELL_KNOWN = "password"

_hasher = PasswordHasher()
_COSTS = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
_NOBODYS_HASH = f"$argon2id$v=19${_COSTS}${'A' * 22}${'A' * 43}"
"""Of no password. Written and not made: making one when it is first needed would cost that login twice the time."""


def check_password(password: str, field: str = "password") -> None:
    """Refuse what is too short to be a password, too long to be hashed, or the demo's; InvalidInput names the field."""
    if password.lower() == WELL_KNOWN:
        raise InvalidInput.of(field, "is the first one anybody would try")
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidInput.of(field, f"must have {SHORTEST} to {LONGEST} characters")


async def hash_password(password: str) -> str:
    """Hash a password for keeping."""
    return await asyncio.to_thread(_hasher.hash, password)


async def verify_password(password: str, known: str | None) -> bool:
    """Check a password. For an unknown user (`known` None) the same work is done, and the answer is no."""
    good = await asyncio.to_thread(_verify, password[:LONGEST], known or _NOBODYS_HASH)
    return good and known is not None and len(password) <= LONGEST


def needs_rehash(known: str) -> bool:
    """Whether a hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(known)


def _verify(password: str, known: str) -> bool:
    try:
        return _hasher.verify(known, password)
    except (VerificationError, InvalidHashError):
        return False
