"""Tokens: signed access tokens that live for minutes, and random ones that are kept only as hashes."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a good access token says: which login it belongs to, and until when."""

    session_id: UUID
    expires_at: datetime


def sign_access_token(key: bytes, user_id: UUID, session_id: UUID, at: datetime, life: timedelta) -> str:
    """An access token of a user's login."""
    claims = {"iss": _ISSUER, "sub": str(user_id), "sid": str(session_id), "iat": at, "exp": at + life}
    return jwt.encode(claims, key, algorithm=_ALGORITHM)


def read_access_token(key: bytes, token: str, at: datetime) -> AccessToken:
    """What an access token says; NotAuthenticated for any other text or an expired one."""
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            issuer=_ISSUER,
            options={"require": ["sub", "sid", "exp", "iat"], "verify_exp": False, "verify_iat": False},
        )
        read = AccessToken(UUID(claims["sid"]), datetime.fromtimestamp(float(claims["exp"]), UTC))
    except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError, AttributeError):
        raise NotAuthenticated("the token is not valid") from None
    if read.expires_at <= at:
        raise NotAuthenticated("the token has expired")
    return read
