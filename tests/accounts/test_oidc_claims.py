"""ID tokens: validation and claims."""

import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from platbook.accounts.oidc.claims import (
    ExpectedClaims,
    UnknownKeyError,
    add_userinfo,
    read_email_verified,
    read_id_token,
    to_identity,
)
from platbook.base.errors import NotAuthenticated

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
EXPECTED = ExpectedClaims("https://issuer.example", "platbook", "n-1")
KEY = rsa.generate_private_key(65537, 2048)
CURVE = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = rsa.generate_private_key(65537, 2048)
PUBLIC = json.loads(RSAAlgorithm.to_jwk(KEY.public_key()))
KEYS = jwt.PyJWKSet.from_dict(
    {
        "keys": [
            {**PUBLIC, "kid": "k1", "use": "sig"},
            {**json.loads(ECAlgorithm.to_jwk(CURVE.public_key())), "kid": "k2"},
            {**PUBLIC, "kid": "enc", "use": "enc"},
        ]
    }
)


def _token(key: object = KEY, algorithm: str = "RS256", kid: str | None = "k1", **other: object) -> str:
    fields: dict[str, object] = {
        "iss": EXPECTED.issuer,
        "sub": "s1",
        "aud": EXPECTED.client_id,
        "nonce": EXPECTED.nonce,
        "iat": NOW,
        "exp": NOW + timedelta(minutes=5),
        **other,
    }
    claims = {name: value for name, value in fields.items() if value is not None}
    headers = None if kid is None else {"kid": kid}
    return jwt.encode(claims, key, algorithm=algorithm, headers=headers)  # pyright: ignore[reportArgumentType] - keys of several kinds


@pytest.mark.parametrize(
    "token",
    [_token(), _token(CURVE, "ES256", "k2"), _token(aud=["platbook", "else"], azp="platbook"), _token(KEY, "PS384")],
)
def test_a_valid_token_is_accepted(token: str) -> None:
    assert read_id_token(token, KEYS, EXPECTED, NOW)["sub"] == "s1"


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="empty"),
        pytest.param(_token(iss="https://else.example"), id="another issuer"),
        pytest.param(_token(iss=f"{EXPECTED.issuer}/"), id="the issuer spelt otherwise"),
        pytest.param(_token(aud="else"), id="for somebody else"),
        pytest.param(_token(aud=["platbook", "else"], azp="else"), id="given to somebody else"),
        pytest.param(_token(nonce="n-2"), id="of another sign-in"),
        pytest.param(_token(nonce=None), id="of no sign-in"),
        pytest.param(_token(exp=NOW - timedelta(minutes=2)), id="expired"),
        pytest.param(_token(exp=None), id="endless"),
        pytest.param(_token(sub=None), id="of nobody"),
        pytest.param(_token(OTHER_KEY), id="signed by another key"),
        pytest.param(_token("", "none"), id="not signed"),
        pytest.param(_token("a client's secret that both know, long enough", "HS256"), id="signed by a shared secret"),
        pytest.param(_token(kid="enc"), id="signed by a key for another use"),
        pytest.param(_token(CURVE, "ES256", "k1"), id="a key of another kind"),
    ],
)
def test_an_invalid_token_is_refused(token: str) -> None:
    with pytest.raises(NotAuthenticated):
        read_id_token(token, KEYS, EXPECTED, NOW)


def test_an_unknown_key_has_its_own_error() -> None:
    with pytest.raises(UnknownKeyError):
        read_id_token(_token(kid="k9"), KEYS, EXPECTED, NOW)
    with pytest.raises(UnknownKeyError):
        read_id_token(_token(kid=None), KEYS, EXPECTED, NOW)


@given(st.text())
def test_any_text_is_refused_in_the_same_way(text: str) -> None:
    with pytest.raises(NotAuthenticated):
        read_id_token(text, KEYS, EXPECTED, NOW)


@pytest.mark.parametrize(
    ("claims", "names"),
    [
        ({"name": "Ada de la Moss"}, ("Ada de la", "Moss")),
        ({"given_name": "Ada"}, ("Ada", "user")),
        ({"family_name": "Moss"}, ("New", "Moss")),
        ({"name": "Ada"}, ("New", "Ada")),
        ({}, ("New", "user")),
    ],
)
def test_missing_names_have_a_default(claims: dict[str, object], names: tuple[str, str]) -> None:
    identity = to_identity({"iss": "i", "sub": "s", **claims})
    assert (identity.issuer, identity.subject) == ("i", "s")
    assert (identity.first_name, identity.last_name) == names


@pytest.mark.parametrize(
    ("token", "userinfo", "email", "verified"),
    [
        ({}, {"email": "a@b.example", "email_verified": True}, "a@b.example", True),
        ({"email": "a@b.example"}, {"email": "a@b.example", "email_verified": "true"}, "a@b.example", True),
        ({"email": "a@b.example"}, {"email": "c@b.example", "email_verified": True}, "a@b.example", None),
        ({"email": "a@b.example"}, {"email_verified": True}, "a@b.example", None),
        ({"email": "a@b.example"}, {"email": "a@b.example", "email_verified": False}, "a@b.example", False),
        ({"email_verified": True}, {"email": "a@b.example", "email_verified": False}, "a@b.example", False),
        ({"email_verified": "false"}, {"email": "a@b.example", "email_verified": True}, "a@b.example", False),
    ],
)
def test_userinfo_verifies_the_address_it_names(
    token: dict[str, object], userinfo: dict[str, object], email: str, *, verified: bool | None
) -> None:
    merged = add_userinfo(token, userinfo)
    assert (merged["email"], read_email_verified(merged)) == (email, verified)
