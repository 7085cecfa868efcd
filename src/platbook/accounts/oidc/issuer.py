"""HTTP client of an issuer: discovery, keys (JWKS), token exchange and userinfo."""

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from urllib.parse import quote, urlencode, urlsplit

import jwt
import orjson

from platbook.accounts.oidc.claims import ExpectedClaims, UnknownKeyError, add_userinfo, read_id_token
from platbook.base.clock import Clock
from platbook.base.errors import NotAuthenticated, SourceBrokeProtocol, SourceUnavailable
from platbook.transport import ProviderClient, Transport

_MAX_BYTES = 1024 * 1024
_TIMEOUT_SECONDS = 20
_DISCOVERY_LIFETIME = timedelta(hours=1)
_MIN_KEYS_AGE = timedelta(minutes=1)
_OK = 200


@dataclass(frozen=True, slots=True)
class OidcClient:
    """Platbook's registration at the issuer. `secret` None: a public client, protected by PKCE alone."""

    issuer: str
    client_id: str
    secret: str | None
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class _Endpoints:
    """The provider metadata (OpenID Connect Discovery 1.0 section 3)."""

    authorization: str
    token: str
    keys: str
    userinfo: str | None
    basic: bool
    fetched_at: datetime


class OidcIssuer:
    """One issuer. Its metadata is cached for an hour, its keys until a token names an unknown one."""

    def __init__(self, client: OidcClient, transport: Transport, clock: Clock) -> None:
        self.client = client
        self._transport, self._clock = transport, clock
        self._endpoints: _Endpoints | None = None
        self._keys: tuple[datetime, jwt.PyJWKSet] | None = None

    async def get_authorization_url(self, *, state: str, nonce: str, challenge: str) -> str:
        """Return the URL at which a browser signs in. SourceUnavailable, SourceBrokeProtocol."""
        endpoint = (await self._find_endpoints()).authorization
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self.client.client_id,
                "redirect_uri": self.client.redirect_uri,
                "scope": "openid email profile",
                "state": state,
                "nonce": nonce,
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            },
            quote_via=quote,
        )
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{query}"

    async def fetch_claims(
        self, code: str, *, verifier: str, nonce: str, required: frozenset[str]
    ) -> dict[str, object]:
        """Exchange an authorization code for claims. NotAuthenticated; also errors of `get_authorization_url`.

        The userinfo endpoint is queried if the ID token lacks one of the `required` claims.
        """
        endpoints = await self._find_endpoints()
        tokens = await self._exchange(endpoints, code, verifier)
        claims = await self._verify(str(tokens.get("id_token") or ""), nonce)
        if not required <= claims.keys() and endpoints.userinfo is not None:
            bearer = {"authorization": f"Bearer {tokens.get('access_token')}"}
            userinfo = await self._fetch("GET", endpoints.userinfo, headers=bearer)
            if userinfo.get("sub") != claims["sub"]:  # OpenID Connect Core 1.0 section 5.3.2
                raise NotAuthenticated("the issuer's userinfo is of another account")
            claims = add_userinfo(claims, userinfo)
        return claims

    async def _exchange(self, endpoints: _Endpoints, code: str, verifier: str) -> dict[str, object]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.client.redirect_uri,
            "code_verifier": verifier,
        }
        headers = {"content-type": "application/x-www-form-urlencoded"}
        secret = self.client.secret
        if secret is not None and endpoints.basic:  # RFC 6749 section 2.3.1
            pair = f"{quote(self.client.client_id, safe='')}:{quote(secret, safe='')}"
            headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form["client_id"] = self.client.client_id
            if secret is not None:
                form["client_secret"] = secret
        return await self._fetch("POST", endpoints.token, headers=headers, content=urlencode(form).encode())

    async def _verify(self, token: str, nonce: str) -> dict[str, object]:
        expected = ExpectedClaims(self.client.issuer, self.client.client_id, nonce)
        now = self._clock.now()
        try:
            return read_id_token(token, await self._find_keys(now), expected, now)
        except UnknownKeyError:  # the issuer may have rotated its keys
            if self._keys is None or now - self._keys[0] < _MIN_KEYS_AGE:
                raise
            self._keys = None
            return read_id_token(token, await self._find_keys(now), expected, now)

    async def _find_keys(self, now: datetime) -> jwt.PyJWKSet:
        if self._keys is None:
            key_set = await self._fetch("GET", (await self._find_endpoints()).keys)
            try:
                self._keys = (now, jwt.PyJWKSet.from_dict(key_set))
            except jwt.PyJWTError:
                raise SourceBrokeProtocol("the issuer's keys cannot be used") from None
        return self._keys[1]

    async def _find_endpoints(self) -> _Endpoints:
        now = self._clock.now()
        if self._endpoints is None or now - self._endpoints.fetched_at >= _DISCOVERY_LIFETIME:
            url = f"{self.client.issuer.rstrip('/')}/.well-known/openid-configuration"
            self._endpoints = _to_endpoints(await self._fetch("GET", url), self.client.issuer, now)
        return self._endpoints

    async def _fetch(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes | None = None
    ) -> dict[str, object]:
        client = self._transport.for_service("oidc issuer")
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                return await _fetch_json(
                    client, method, url, {"accept": "application/json", **(headers or {})}, content
                )
        except TimeoutError:
            raise SourceUnavailable("the issuer did not answer in time") from None


async def _fetch_json(
    client: ProviderClient, method: str, url: str, headers: Mapping[str, str], content: bytes | None
) -> dict[str, object]:
    async with client.send(method, url, headers=headers, content=content) as reply:
        body = await reply.body(_MAX_BYTES)
    if reply.status != _OK:
        if method == "POST":
            raise NotAuthenticated("the issuer rejected this sign-in; start again")
        raise SourceUnavailable(f"the issuer answered {reply.status}")
    try:
        reply_json = orjson.loads(body)
    except orjson.JSONDecodeError:
        reply_json = None
    if not isinstance(reply_json, dict):
        raise SourceBrokeProtocol("the issuer's answer is not a JSON object")
    return cast("dict[str, object]", reply_json)


def _to_endpoints(metadata: Mapping[str, object], issuer: str, now: datetime) -> _Endpoints:
    if metadata.get("issuer") != issuer:  # OpenID Connect Discovery 1.0 section 4.3
        raise SourceBrokeProtocol(
            "the issuer's metadata names another issuer than OIDC_ISSUER; set OIDC_ISSUER to that name"
        )
    authorization, token, keys = (
        metadata.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
    )
    if not (isinstance(authorization, str) and isinstance(token, str) and isinstance(keys, str)):
        raise SourceBrokeProtocol("the issuer's metadata lacks authorization_endpoint, token_endpoint or jwks_uri")
    userinfo = metadata.get("userinfo_endpoint")
    methods = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return _Endpoints(
        authorization,
        token,
        keys,
        userinfo if isinstance(userinfo, str) else None,
        "client_secret_basic" in cast("list[object]", methods),
        now,
    )
