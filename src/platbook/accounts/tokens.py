"""Tokens: short-lived access tokens as signed JWTs (RFC 7519), and random secrets that are stored as hashes."""

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
    """Return a random token of 32 bytes, in URL-safe base64."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> bytes:
    """Return the SHA-256 of a token, for storage. Tokens are long and random, so no salt or slow hash is needed."""
    return hashlib.sha256(token.encode()).digest()


@dataclass(frozen=True, slots=True)
class AccessToken:
    """The claims of a valid access token: its session and expiry."""

    session_id: UUID
    expires_at: datetime


def sign_access_token(key: bytes, user_id: UUID, session_id: UUID, at: datetime, lifetime: timedelta) -> str:
    """Return a signed access token of a session."""
    claims = {"iss": _ISSUER, "sub": str(user_id), "sid": str(session_id), "iat": at, "exp": at + lifetime}
    return jwt.encode(claims, key, algorithm=_ALGORITHM)


def read_access_token(key: bytes, token: str, at: datetime) -> AccessToken:
    """Verify an access token; NotAuthenticated if it is invalid or expired."""
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            issuer=_ISSUER,
            options={"require": ["sub", "sid", "exp", "iat"], "verify_exp": False, "verify_iat": False},
        )
        access = AccessToken(UUID(claims["sid"]), datetime.fromtimestamp(float(claims["exp"]), UTC))
    except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError, AttributeError):
        raise NotAuthenticated("the access token is invalid; log in again") from None
    if access.expires_at <= at:
        raise NotAuthenticated("the access token has expired; refresh it or log in again")
    return access
