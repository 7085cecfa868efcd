"""Issuers that misbehave, over a real socket."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from platbook.accounts.oidc import OidcClient, OidcIssuer
from platbook.base.clock import SetClock
from platbook.base.errors import NotAuthenticated, RateLimited, SourceBrokeProtocol, SourceUnavailable
from platbook.db import Database
from platbook.transport import Transport
from tests.transport.crafted_source import Answer, CraftedSource, Slept, crafted_source, reply

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
KEY = rsa.generate_private_key(65537, 2048)
JWK = json.loads(RSAAlgorithm.to_jwk(KEY.public_key()))
NONCE = "n-1"


def _json(value: object) -> bytes:
    return reply(json.dumps(value).encode(), headers=["Content-Type: application/json"])


def _keys(kid: str = "k1") -> bytes:
    return _json({"keys": [{**JWK, "kid": kid}]})


class Stage:
    """An issuer that says what it is told to, in turn."""

    def __init__(self, source: CraftedSource, issuer: OidcIssuer) -> None:
        self.source, self.issuer = source, issuer

    def says(self, *answers: Answer) -> None:
        self.source.answers = answers

    def itself(self, **other: object) -> bytes:
        base = self.source.base
        told: dict[str, object] = {
            "issuer": base,
            "authorization_endpoint": f"{base}/authorize?tenant=1",
            "token_endpoint": f"{base}/token",
            "jwks_uri": f"{base}/keys",
            "userinfo_endpoint": f"{base}/userinfo",
        }
        return _json({**told, **other})

    def token(self, kid: str = "k1", **other: object) -> bytes:
        claims: Mapping[str, object] = {
            "iss": self.source.base,
            "sub": "s1",
            "aud": "platbook",
            "nonce": NONCE,
            "iat": NOW,
            "exp": NOW + timedelta(minutes=5),
            **other,
        }
        token = jwt.encode(dict(claims), KEY, algorithm="RS256", headers={"kid": kid})
        return _json({"access_token": "at", "id_token": token, "token_type": "Bearer"})

    async def claims(self) -> Mapping[str, object]:
        return await self.issuer.fetch_claims("c", verifier="v", nonce=NONCE)

    async def url(self) -> str:
        return await self.issuer.get_authorization_url(state="s t", nonce="n", challenge="c")


@asynccontextmanager
async def _stage(database: Database, secret: str | None = None) -> AsyncGenerator[tuple[Stage, SetClock]]:
    clock = SetClock(NOW)
    async with (
        crafted_source(reply()) as source,
        Transport.open(database, clock, time_source=Slept().time_source()) as transport,
    ):
        client = OidcClient(source.base, "platbook", secret, "https://platbook.example/back")
        yield Stage(source, OidcIssuer(client, transport, clock)), clock


async def test_the_browser_is_sent_where_the_issuer_says(database: Database) -> None:
    async with _stage(database) as (stage, clock):
        stage.says(stage.itself())
        first = await stage.url()
        assert first.startswith(f"{stage.source.base}/authorize?tenant=1&response_type=code&client_id=platbook&")
        assert (
            "&scope=openid%20email%20profile&state=s%20t&nonce=n&code_challenge=c&code_challenge_method=S256" in first
        )
        await stage.url()
        assert len(stage.source.requests) == 1, "what it says of itself is kept"
        clock.advance(timedelta(hours=1))
        await stage.url()
        assert stage.source.targets == ["/.well-known/openid-configuration"] * 2


@pytest.mark.parametrize(("secret", "basic"), [("s e/c", True), ("s e/c", False), (None, True)])
async def test_a_code_is_exchanged_in_the_way_the_issuer_knows(
    database: Database, secret: str | None, *, basic: bool
) -> None:
    async with _stage(database, secret) as (stage, _):
        methods = ["client_secret_basic"] if basic else ["client_secret_post"]
        itself = stage.itself(token_endpoint_auth_methods_supported=methods)
        stage.says(itself, stage.token(email="a@b.example"), _keys())
        assert (await stage.claims())["email"] == "a@b.example"
        head = stage.source.requests[1].decode()
        assert head.startswith("POST /token HTTP/1.1")
        assert ("authorization: Basic cGxhdGJvb2s6cyUyMGUlMkZj" in head) is (secret is not None and basic)


async def test_an_address_the_token_does_not_hold_is_asked_for(database: Database) -> None:
    async with _stage(database) as (stage, _):
        stage.says(stage.itself(), stage.token(), _keys(), _json({"sub": "s1", "email": "a@b.example", "nonce": "x"}))
        claims = await stage.claims()
        assert (claims["email"], claims["nonce"]) == ("a@b.example", NONCE)
        assert "authorization: Bearer at" in stage.source.requests[3].decode()
        stage.says(*stage.source.answers[:4], stage.token(), _json({"sub": "s2", "email": "a@b.example"}))
        with pytest.raises(NotAuthenticated, match="somebody else"):
            await stage.claims()


async def test_a_new_key_is_looked_for_but_not_for_every_token(database: Database) -> None:
    async with _stage(database) as (stage, clock):
        stage.says(stage.itself(), stage.token("k2", email="x"), _keys("k1"), stage.token("k2", email="x"), _keys("k2"))
        with pytest.raises(NotAuthenticated, match="not known"):
            await stage.claims()
        assert len(stage.source.requests) == 3, "keys that were just read are not read again"
        clock.advance(timedelta(minutes=1))
        assert (await stage.claims())["sub"] == "s1"
        assert stage.source.targets[3:] == ["/token", "/keys"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (_json({"issuer": "https://else.example"}), SourceBrokeProtocol),
        (_json([]), SourceBrokeProtocol),
        (reply(b"<html>"), SourceBrokeProtocol),
        (reply(b"{}", status="404 Not Found"), SourceUnavailable),
        (reply(b"{}", status="500 Oh"), SourceUnavailable),
        (reply(b"{}", status="429 Slow", headers=["Retry-After: 3600"]), RateLimited),
    ],
)
async def test_an_issuer_that_makes_no_sense_is_an_error_with_a_name(
    database: Database, answer: bytes, error: type[Exception]
) -> None:
    async with _stage(database) as (stage, _):
        stage.says(answer)
        with pytest.raises(error):
            await stage.url()


async def test_an_issuer_that_does_not_say_where_to_go_is_of_no_use(database: Database) -> None:
    async with _stage(database) as (stage, _):
        stage.says(stage.itself(token_endpoint=None))
        with pytest.raises(SourceBrokeProtocol, match="where to sign in"):
            await stage.url()


async def test_keys_that_are_none_and_codes_that_are_refused(database: Database) -> None:
    async with _stage(database) as (stage, _):
        stage.says(stage.itself(), stage.token(), _json({"keys": []}))
        with pytest.raises(SourceBrokeProtocol):
            await stage.claims()
        stage.says(*stage.source.answers[:3], reply(b'{"error": "invalid_grant"}', status="400 Bad Request"))
        with pytest.raises(NotAuthenticated):
            await stage.claims()
