"""What an issuer says of somebody, checked. Pure but for the keys, which are given."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import jwt

from platbook.base.errors import NotAuthenticated

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by a key that the issuer alone has. Never `none`, never a shared secret."""

_LEEWAY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class ExpectedClaims:
    """What an ID token must say."""

    issuer: str
    client_id: str
    nonce: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody at an issuer."""

    issuer: str
    subject: str
    first_name: str
    last_name: str


class UnknownKeyError(NotAuthenticated):
    """The token is signed by a key that the issuer's list, as it is known here, does not have."""


def read_id_token(token: str, keys: jwt.PyJWKSet, expected: ExpectedClaims, now: datetime) -> dict[str, object]:
    """The claims of an ID token (OpenID Connect Core 1.0 section 3.1.3.7); NotAuthenticated, UnknownKeyError."""
    try:
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        if algorithm not in ALGORITHMS:
            raise NotAuthenticated("the issuer signs in a way that is not accepted")
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
        raise NotAuthenticated("the issuer's token is not of this sign-in")
    if claims.get("azp", expected.client_id) != expected.client_id:
        raise NotAuthenticated("the issuer's token is for somebody else")
    return cast("dict[str, object]", claims)


def to_identity(claims: Mapping[str, object]) -> Identity:
    """Who the claims speak of."""
    return Identity(str(claims["iss"]), str(claims["sub"]), *_names(claims))


def read_email_verified(claims: Mapping[str, object]) -> bool | None:
    """Whether the e-mail address is verified; None: not told. Some issuers send the words `true` and `false`."""
    told = claims.get("email_verified")
    if told is None:
        return None
    return told is True or (isinstance(told, str) and told.strip().lower() == "true")


def add_userinfo(claims: Mapping[str, object], userinfo: Mapping[str, object]) -> dict[str, object]:
    """An ID token's claims, and what only the userinfo endpoint tells.

    An address is verified where the answer that says so names the same address, and neither says that it is not.
    """
    whole = {**userinfo, **claims}
    told = read_email_verified(claims), read_email_verified(userinfo)
    if False in told:
        whole["email_verified"] = False
    elif told[0] is None and userinfo.get("email") != whole.get("email"):
        whole.pop("email_verified", None)
    return whole


def _names(claims: Mapping[str, object]) -> tuple[str, str]:
    whole, _, rest = str(claims.get("name") or "").strip().rpartition(" ")
    first = str(claims.get("given_name") or whole or "New").strip()
    last = str(claims.get("family_name") or rest or "user").strip()
    return first[:100], last[:100]


def _find_key(keys: jwt.PyJWKSet, key_id: object) -> jwt.PyJWK:
    usable = [key for key in keys.keys if key.public_key_use in {None, "sig"}]
    found = [key for key in usable if key_id is None or key.key_id == key_id]
    if len(found) != 1:
        raise UnknownKeyError("the issuer's token is signed by a key that is not known")
    return found[0]
