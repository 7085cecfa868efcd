"""Tokens: signed access tokens that live for minutes, and random ones that are kept only as hashes."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import jwt

from platbook.base.errors import NotAuthenticated

_ALGORITHM = "HS256"
_ISSUER = "platbook"


def new_secret_token() -> str:
    """A token nobody can guess: 32 random bytes."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> bytes:
    """What is kept of a token. It is random and long, so a plain hash tells nothing."""
    return hashlib.sha256(token.encode()).digest()


def sign_access_token(
    key: bytes,
    user_id: UUID,
    at: datetime,
    life: timedelta,
    *,
    role: str | None = None,
    session_id: UUID | None = None,
) -> str:
    """An access token for a user. `role` and `session_id` are told to whoever reads the token; we look them up."""
    claims: dict[str, object] = {"iss": _ISSUER, "sub": str(user_id), "iat": at, "exp": at + life}
    if role is not None:
        claims["role"] = role
    if session_id is not None:
        claims["sid"] = str(session_id)
    return jwt.encode(claims, key, algorithm=_ALGORITHM)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a good access token says: whom it speaks for, and until when (seconds of Unix time)."""

    user_id: UUID
    expires_at: float

    def holds(self, at: datetime) -> bool:
        """Whether it has not expired."""
        return at.timestamp() < self.expires_at


def read_access_token(key: bytes, token: str) -> AccessToken:
    """Read a token that was signed here; NotAuthenticated for any other text. Whether it has expired is not asked."""
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            issuer=_ISSUER,
            options={"require": ["sub", "exp", "iat"], "verify_exp": False, "verify_iat": False},
        )
        return AccessToken(UUID(claims["sub"]), float(claims["exp"]))
    except (jwt.InvalidTokenError, ValueError, TypeError):
        raise NotAuthenticated("the token is not valid") from None
