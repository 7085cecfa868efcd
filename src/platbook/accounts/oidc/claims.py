"""Verification of ID tokens and reading of their claims (OpenID Connect Core 1.0). Pure; keys are passed in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import jwt

from platbook.base.errors import NotAuthenticated

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Accepted signatures: asymmetric only, never `none` or a shared secret."""

_LEEWAY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class ExpectedClaims:
    """The issuer, audience and nonce that an ID token must have."""

    issuer: str
    client_id: str
    nonce: str


@dataclass(frozen=True, slots=True)
class Identity:
    """A person's account at an issuer."""

    issuer: str
    subject: str
    first_name: str
    last_name: str


class UnknownKeyError(NotAuthenticated):
    """The token is signed by a key that is not in the cached key set of the issuer."""


def read_id_token(token: str, keys: jwt.PyJWKSet, expected: ExpectedClaims, now: datetime) -> dict[str, object]:
    """Validate an ID token (OpenID Connect Core 1.0 section 3.1.3.7); NotAuthenticated, UnknownKeyError."""
    try:
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        if algorithm not in ALGORITHMS:
            raise NotAuthenticated("the issuer's token has a signature algorithm that is not accepted")
        claims = jwt.decode(
            token,
            _find_key(keys, header.get("kid")).key,
            algorithms=[algorithm],
            issuer=expected.issuer,
            audience=expected.client_id,
            options={"require": ["iss", "sub", "aud", "exp", "iat"], "verify_exp": False, "verify_iat": False},
        )
        expires_at = float(claims["exp"])
    except (jwt.PyJWTError, ValueError, TypeError):
        raise NotAuthenticated("the issuer's token is not valid") from None
    if expires_at + _LEEWAY_SECONDS <= now.timestamp():
        raise NotAuthenticated("the issuer's token has expired")
    if claims.get("nonce") != expected.nonce:
        raise NotAuthenticated("the issuer's token belongs to another sign-in; start again")
    if claims.get("azp", expected.client_id) != expected.client_id:
        raise NotAuthenticated("the issuer's token is for another client")
    return cast("dict[str, object]", claims)


def to_identity(claims: Mapping[str, object]) -> Identity:
    """Return the identity in the claims."""
    return Identity(str(claims["iss"]), str(claims["sub"]), *_names(claims))


def read_email_verified(claims: Mapping[str, object]) -> bool | None:
    """Return `email_verified`, None if it is missing. Some issuers send the strings `true` and `false`."""
    verified = claims.get("email_verified")
    if verified is None:
        return None
    return verified is True or (isinstance(verified, str) and verified.strip().lower() == "true")


def add_userinfo(claims: Mapping[str, object], userinfo: Mapping[str, object]) -> dict[str, object]:
    """Merge the claims of the userinfo endpoint into those of an ID token, which take precedence.

    The address is verified if the response that verifies it has the same address, and neither denies it.
    """
    merged = {**userinfo, **claims}
    verified = read_email_verified(claims), read_email_verified(userinfo)
    if False in verified:
        merged["email_verified"] = False
    elif verified[0] is None and userinfo.get("email") != merged.get("email"):
        merged.pop("email_verified", None)
    return merged


def _names(claims: Mapping[str, object]) -> tuple[str, str]:
    given, _, family = str(claims.get("name") or "").strip().rpartition(" ")
    first = str(claims.get("given_name") or given or "New").strip()
    last = str(claims.get("family_name") or family or "user").strip()
    return first[:100], last[:100]


def _find_key(keys: jwt.PyJWKSet, key_id: object) -> jwt.PyJWK:
    usable = [key for key in keys.keys if key.public_key_use in {None, "sig"}]
    matches = [key for key in usable if key_id is None or key.key_id == key_id]
    if len(matches) != 1:
        raise UnknownKeyError("the issuer's token is signed by an unknown key")
    return matches[0]
