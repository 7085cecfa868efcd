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
    """An issuer with prepared answers, sent one after another."""

    def __init__(self, source: CraftedSource, issuer: OidcIssuer) -> None:
        self.source, self.issuer = source, issuer

    def answers_with(self, *answers: Answer) -> None:
        self.source.answers = answers

    def metadata(self, **other: object) -> bytes:
        base = self.source.base
        fields: dict[str, object] = {
            "issuer": base,
            "authorization_endpoint": f"{base}/authorize?tenant=1",
            "token_endpoint": f"{base}/token",
            "jwks_uri": f"{base}/keys",
            "userinfo_endpoint": f"{base}/userinfo",
        }
        return _json({**fields, **other})

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
        return await self.issuer.fetch_claims("c", verifier="v", nonce=NONCE, required=frozenset({"email"}))

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


async def test_the_browser_is_sent_to_the_authorization_endpoint(database: Database) -> None:
    async with _stage(database) as (stage, clock):
        stage.answers_with(stage.metadata())
        first = await stage.url()
        assert first.startswith(f"{stage.source.base}/authorize?tenant=1&response_type=code&client_id=platbook&")
        assert (
            "&scope=openid%20email%20profile&state=s%20t&nonce=n&code_challenge=c&code_challenge_method=S256" in first
        )
        await stage.url()
        assert len(stage.source.requests) == 1, "the metadata is cached"
        clock.advance(timedelta(hours=1))
        await stage.url()
        assert stage.source.targets == ["/.well-known/openid-configuration"] * 2


@pytest.mark.parametrize(("secret", "basic"), [("s e/c", True), ("s e/c", False), (None, True)])
async def test_the_client_authenticates_by_a_supported_method(
    database: Database, secret: str | None, *, basic: bool
) -> None:
    async with _stage(database, secret) as (stage, _):
        methods = ["client_secret_basic"] if basic else ["client_secret_post"]
        metadata = stage.metadata(token_endpoint_auth_methods_supported=methods)
        stage.answers_with(metadata, stage.token(email="a@b.example"), _keys())
        assert (await stage.claims())["email"] == "a@b.example"
        head = stage.source.requests[1].decode()
        assert head.startswith("POST /token HTTP/1.1")
        assert ("authorization: Basic cGxhdGJvb2s6cyUyMGUlMkZj" in head) is (secret is not None and basic)


async def test_a_missing_address_is_fetched_from_userinfo(database: Database) -> None:
    async with _stage(database) as (stage, _):
        stage.answers_with(
            stage.metadata(), stage.token(), _keys(), _json({"sub": "s1", "email": "a@b.example", "nonce": "x"})
        )
        claims = await stage.claims()
        assert (claims["email"], claims["nonce"]) == ("a@b.example", NONCE)
        assert "authorization: Bearer at" in stage.source.requests[3].decode()
        stage.answers_with(*stage.source.answers[:4], stage.token(), _json({"sub": "s2", "email": "a@b.example"}))
        with pytest.raises(NotAuthenticated, match="another account"):
            await stage.claims()


async def test_an_unknown_key_refreshes_the_key_set_once_a_minute(database: Database) -> None:
    async with _stage(database) as (stage, clock):
        stage.answers_with(
            stage.metadata(), stage.token("k2", email="x"), _keys("k1"), stage.token("k2", email="x"), _keys("k2")
        )
        with pytest.raises(NotAuthenticated, match="unknown key"):
            await stage.claims()
        assert len(stage.source.requests) == 3, "keys that were just fetched are not fetched again"
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
async def test_invalid_metadata_and_failures_have_their_errors(
    database: Database, answer: bytes, error: type[Exception]
) -> None:
    async with _stage(database) as (stage, _):
        stage.answers_with(answer)
        with pytest.raises(error):
            await stage.url()


async def test_metadata_without_a_token_endpoint_is_refused(database: Database) -> None:
    async with _stage(database) as (stage, _):
        stage.answers_with(stage.metadata(token_endpoint=None))
        with pytest.raises(SourceBrokeProtocol, match="token_endpoint"):
            await stage.url()


async def test_an_empty_key_set_and_a_rejected_code_are_refused(database: Database) -> None:
    async with _stage(database) as (stage, _):
        stage.answers_with(stage.metadata(), stage.token(), _json({"keys": []}))
        with pytest.raises(SourceBrokeProtocol):
            await stage.claims()
        stage.answers_with(*stage.source.answers[:3], reply(b'{"error": "invalid_grant"}', status="400 Bad Request"))
        with pytest.raises(NotAuthenticated):
            await stage.claims()
