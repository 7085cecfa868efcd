"""Signing in by an issuer: a provider of other people's making, as a process of its own, on loopback."""

import asyncio
import base64
import hashlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from pydantic import SecretStr

from platbook.accounts import UserAssignment, invite
from platbook.api import OIDC_CALLBACK
from platbook.base.actor import COMMAND_LINE, Role
from platbook.base.settings import Settings
from tests.api.conftest import Api, minutes

START = "/api/v1/auth/oidc/start"
URL = "http://platbook.test"


class Provider:
    """The issuer's process."""

    def __init__(self, url: str) -> None:
        self.url = url

    def know(self, subject: str, **claims: object) -> None:
        """Let the issuer know somebody."""
        httpx2.put(f"{self.url}/users/{subject}", json=claims).raise_for_status()

    def know_at_userinfo(self, subject: str, **claims: object) -> None:
        """Let the issuer's userinfo endpoint tell more than its ID tokens."""
        httpx2.put(f"{self.url}/userinfo/{subject}", json=claims).raise_for_status()

    def sign_in(self, url: str, subject: str) -> str:
        """What the browser does there: the address it is sent back to."""
        answer = httpx2.post(url, data={"sub": subject})
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]


@pytest.fixture(scope="module")
def provider() -> Generator[Provider]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "tests.fakes.oidc_issuer", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        url = f"http://127.0.0.1:{port}"
        for _ in range(200):
            try:
                httpx2.get(f"{url}/.well-known/openid-configuration")
                break
            except httpx2.ConnectError:
                time.sleep(0.1)
        yield Provider(url)
        process.terminate()


@dataclass(frozen=True)
class Shape:
    """An issuer as Platbook is configured for it, and the claims of its ID tokens beside those of every token."""

    path: str = ""
    claims: Mapping[str, object] = field(default_factory=dict[str, object])
    userinfo: Mapping[str, object] = field(default_factory=dict[str, object])
    trust: str = "claim"
    domains: str | None = None

    def know(self, provider: Provider, subject: str, **other: object) -> None:
        """Let the issuer know somebody; None takes a claim away."""
        claims = {"iss": provider.url + self.path, **self.claims, **other}
        provider.know(subject, **{name: value for name, value in claims.items() if value is not None})
        if self.userinfo:
            provider.know_at_userinfo(subject, **self.userinfo)


TENANT = "6f1f7b1e-52a1-4c4e-9a52-0d8f3f0c9b11"
ENTRA = Shape(
    f"/{TENANT}/v2.0",
    {
        "ver": "2.0", "tid": TENANT, "oid": "0a61c1f2-7d0e-4d0e-8c3a-6a4f0f6d2a10", "name": "Ada Moss",
        "preferred_username": "Agent@Example.com", "rh": "0.AXoA", "uti": "x1", "aio": "x2",
    },
    trust="issuer",
    domains="office.example, EXAMPLE.com",
)  # fmt: skip
ENTRA_EMAIL = Shape(
    ENTRA.path,
    {**ENTRA.claims, "email": "agent@example.com", "preferred_username": "ada@office.onmicrosoft.com"},
    trust="issuer",
    domains="example.com",
)
GOOGLE = Shape(
    claims={
        "azp": "platbook", "hd": "example.com", "email": "agent@example.com", "email_verified": True,
        "name": "Ada Moss", "given_name": "Ada", "family_name": "Moss", "picture": "https://pictures.example/1",
    },
    domains="example.com",
)  # fmt: skip
KEYCLOAK = Shape(
    "/realms/office",
    {
        "typ": "ID", "azp": "platbook", "acr": "1", "sid": "5d1e", "email": "agent@example.com",
        "email_verified": True, "preferred_username": "ada", "name": "Ada Moss", "given_name": "Ada",
    },
)  # fmt: skip
OKTA = Shape(
    "/oauth2/default",
    {
        "ver": 1, "jti": "ID.1", "amr": ["pwd"], "idp": "00o1gfn2hkb", "name": "Ada Moss",
        "preferred_username": "agent@example.com", "email": "agent@example.com", "email_verified": True,
    },
)  # fmt: skip
OKTA_ORG = Shape(
    claims={name: value for name, value in OKTA.claims.items() if name != "email_verified"},
    userinfo={"email_verified": True},
)


@pytest.fixture
def shape() -> Shape:
    """The issuer that is configured; a test may parametrize it."""
    return Shape()


@pytest.fixture
def settings(provider: Provider, shape: Shape) -> Settings:
    """An issuer is configured."""
    return Settings(
        platbook_url=URL,
        oidc_issuer=provider.url + shape.path,
        oidc_client_id="platbook",
        oidc_client_secret=SecretStr("s e/c"),
        oidc_email_trust=shape.trust,
        oidc_email_domains=shape.domains,
    )


async def _leave(api: Api) -> tuple[str, str]:
    """Where the browser is sent, and the cookie it is given."""
    answer = await api.call("GET", START, who=None)
    assert (answer.status_code, answer.headers["cache-control"]) == (302, "no-store")
    said = answer.headers["set-cookie"]
    assert {"HttpOnly", f"Path={OIDC_CALLBACK}", "SameSite=lax"} <= set(said.split("; "))
    api.client.cookies.clear()
    return answer.headers["location"], said.partition(";")[0]


async def _return(api: Api, location: str, cookie: str) -> httpx2.Response:
    assert location.startswith(URL + OIDC_CALLBACK)
    return await api.call("GET", location.removeprefix(URL), who=None, headers={"Cookie": cookie})


async def _sign_in(api: Api, provider: Provider, subject: str) -> httpx2.Response:
    url, cookie = await _leave(api)
    return await _return(api, provider.sign_in(url, subject), cookie)


async def _invite(api: Api, email: str, place: UserAssignment) -> None:
    async with api.services.database.transaction() as connection:
        await invite(connection, email, place, COMMAND_LINE, api.clock.now())


async def test_a_known_address_that_the_issuer_vouches_for_is_let_in(api: Api, provider: Provider) -> None:
    await api.token("agent@example.com")
    provider.know("s1", email="Agent@example.com", email_verified=True)
    answer = await _sign_in(api, provider, "s1")
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert (data["user"]["email"], data["user"]["role"]) == ("agent@example.com", "agent")
    header = {"Authorization": f"Bearer {data['token']}"}
    assert (await api.call("GET", "/api/v1/auth/me", who=None, headers=header)).status_code == 200
    assert "max-age=0" in answer.headers["set-cookie"].lower(), "the cookie has done its work"

    provider.know("s1", email="changed@example.com", email_verified=False)
    again = await _sign_in(api, provider, "s1")
    assert again.json()["data"]["user"]["email"] == "agent@example.com", "known by the issuer's own name for them now"
    acts = await api.rows("SELECT act FROM audit_log WHERE act = 'issuer linked'")
    assert len(acts) == 1


async def test_an_invited_address_becomes_what_it_was_invited_to_be(api: Api, provider: Provider) -> None:
    await _invite(api, "new@example.com", UserAssignment(Role.MANAGER, "North", "A"))
    provider.know("s2", email="new@example.com", email_verified=True, given_name="Nia", family_name="Long")
    user = (await _sign_in(api, provider, "s2")).json()["data"]["user"]
    said = (user["role"], user["office"], user["team"], user["firstName"], user["lastName"])
    assert said == ("manager", "North", "A", "Nia", "Long")
    login = {"email": "new@example.com", "password": ""}
    assert (await api.call("POST", "/api/v1/auth/login", who=None, json=login)).status_code == 400
    login["password"] = "password of nobody"
    assert (await api.call("POST", "/api/v1/auth/login", who=None, json=login)).status_code == 401


@pytest.mark.parametrize(
    ("subject", "claims"),
    [
        ("s3", {"email": "agent@example.com", "email_verified": False}),
        ("s4", {"email": "agent@example.com"}),
        ("s5", {"email": "stranger@example.com", "email_verified": True}),
        ("s6", {}),
    ],
)
async def test_whoever_is_not_known_for_certain_stays_out(
    api: Api, provider: Provider, subject: str, claims: Mapping[str, object]
) -> None:
    await api.token("agent@example.com")
    provider.know(subject, **claims)
    answer = await _sign_in(api, provider, subject)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "FORBIDDEN")
    assert await api.rows("SELECT * FROM oidc_identities") == []


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param(ENTRA, id="Entra"),
        pytest.param(ENTRA_EMAIL, id="Entra with the email claim"),
        pytest.param(GOOGLE, id="Google"),
        pytest.param(KEYCLOAK, id="Keycloak"),
        pytest.param(OKTA, id="Okta"),
        pytest.param(OKTA_ORG, id="Okta that tells of email_verified at userinfo"),
    ],
)
async def test_a_user_of_every_issuer_in_the_guide_is_let_in(api: Api, provider: Provider, shape: Shape) -> None:
    await api.token("agent@example.com")
    await api.token("other@example.com")
    shape.know(provider, "u1")
    first = await _sign_in(api, provider, "u1")
    assert first.status_code == 200, first.text
    assert first.json()["data"]["user"]["email"] == "agent@example.com"
    shape.know(provider, "u1", email="other@example.com", preferred_username="other@example.com", email_verified=None)
    again = await _sign_in(api, provider, "u1")
    assert again.json()["data"]["user"]["email"] == "agent@example.com", "another user's address changes nothing"
    shape.know(provider, "u1", email=None, preferred_username=None, email_verified=None)
    again = await _sign_in(api, provider, "u1")
    assert again.json()["data"]["user"]["email"] == "agent@example.com", "nor does none at all"


@pytest.mark.parametrize(
    ("shape", "claims"),
    [
        pytest.param(Shape(ENTRA.path, ENTRA.claims), {}, id="Entra by the claim it does not send"),
        pytest.param(Shape(OKTA.path, OKTA_ORG.claims), {}, id="Okta without the claim"),
        pytest.param(ENTRA, {"preferred_username": "agent@else.example"}, id="Entra, another domain"),
        pytest.param(ENTRA, {"email": "agent@example.com", "email_verified": False}, id="Entra, not verified"),
        pytest.param(ENTRA, {"idp": "https://sts.windows.net/another/"}, id="Entra, a guest"),
        pytest.param(ENTRA, {"iss": "https://login.microsoftonline.com/another/v2.0"}, id="Entra, another tenant"),
        pytest.param(GOOGLE, {"email_verified": "false"}, id="Google, not verified"),
        pytest.param(GOOGLE, {"hd": None, "email": "agent@else.example"}, id="Google, another domain"),
        pytest.param(KEYCLOAK, {"email_verified": False}, id="Keycloak, not verified"),
    ],
)
async def test_a_user_of_an_issuer_in_the_guide_whose_address_is_not_proved_stays_out(
    api: Api, provider: Provider, shape: Shape, claims: Mapping[str, object]
) -> None:
    await api.token("agent@example.com")
    async with api.services.database.transaction() as connection:
        await invite(connection, "agent@else.example", UserAssignment(), COMMAND_LINE, api.clock.now())
    shape.know(provider, "u2", **claims)
    answer = await _sign_in(api, provider, "u2")
    assert answer.status_code == (401 if "iss" in claims else 403), answer.text
    assert await api.rows("SELECT * FROM oidc_identities") == []
    assert await api.rows("SELECT * FROM users WHERE email = 'agent@else.example'") == []


@pytest.mark.parametrize("shape", [ENTRA, KEYCLOAK])
async def test_nobody_else_at_the_issuer_becomes_a_user_that_is_linked(
    api: Api, provider: Provider, shape: Shape
) -> None:
    await api.token("agent@example.com")
    for subject in ("u3", "u4"):
        shape.know(provider, subject)
    departures = [await _leave(api) for _ in range(2)]
    backs = [provider.sign_in(url, who) for who, (url, _) in zip(("u3", "u4"), departures, strict=True)]
    answers = await asyncio.gather(
        *(_return(api, back, cookie) for back, (_, cookie) in zip(backs, departures, strict=True))
    )
    assert sorted(one.status_code for one in answers) == [200, 403], "of two at once one is let in"
    (linked,) = await api.rows("SELECT subject FROM oidc_identities")
    for subject in ("u3", "u4"):
        expected = 200 if subject == linked["subject"] else 403
        assert (await _sign_in(api, provider, subject)).status_code == expected
    assert len(await api.rows("SELECT act FROM audit_log WHERE act = 'issuer linked'")) == 1


async def test_a_user_may_be_somebody_at_several_issuers(api: Api, provider: Provider) -> None:
    await api.token("agent@example.com")
    await api.run_sql(
        "INSERT INTO oidc_identities SELECT 'https://else.example', 'x', id, created_at FROM users "
        "WHERE email = 'agent@example.com'"
    )
    provider.know("u5", email="agent@example.com", email_verified=True)
    assert (await _sign_in(api, provider, "u5")).status_code == 200


async def test_a_disabled_user_stays_out(api: Api, provider: Provider) -> None:
    await api.token("agent@example.com")
    provider.know("s7", email="agent@example.com", email_verified=True)
    assert (await _sign_in(api, provider, "s7")).status_code == 200
    await api.run_sql("UPDATE users SET is_active = false")
    assert (await _sign_in(api, provider, "s7")).status_code == 403


async def test_only_the_browser_that_left_comes_back_once_and_in_time(api: Api, provider: Provider) -> None:
    await api.token("agent@example.com")
    provider.know("s8", email="agent@example.com", email_verified=True)
    url, cookie = await _leave(api)
    _, other = await _leave(api)
    back = provider.sign_in(url, "s8")
    for wrong in (other, "platbook_oidc=nonsense", ""):
        assert (await _return(api, back, wrong)).status_code == 401
    state = parse_qs(urlsplit(back).query)["state"][0]
    assert (await _return(api, back.replace(state, "another"), cookie)).status_code == 401
    assert (await _return(api, f"{back}&iss=https%3A%2F%2Felse.example", cookie)).status_code == 401
    assert (await _return(api, f"{back}&authuser=0", cookie)).status_code == 200, "issuers add words of their own"
    assert (await _return(api, back, cookie)).status_code == 401, "the issuer's code is good once"
    url, cookie = await _leave(api)
    back = provider.sign_in(url, "s8")
    api.clock.advance(minutes(10))
    assert (await _return(api, back, cookie)).status_code == 401


async def test_the_verifier_stays_here_and_only_its_hash_goes_out(api: Api) -> None:
    url, cookie = await _leave(api)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    sealed = base64.urlsafe_b64decode(cookie.partition("=")[2].strip('"'))
    kept = json.loads(api.services.box.open(sealed, context="oidc sign-in"))
    digest = hashlib.sha256(kept["verifier"].encode()).digest()
    assert asked["code_challenge"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert asked["code_challenge_method"] == "S256"
    assert (asked["state"], asked["nonce"]) == (kept["state"], kept["nonce"])
    assert kept["verifier"] not in url
    assert kept["verifier"].encode() not in sealed
    assert asked["redirect_uri"] == URL + OIDC_CALLBACK


async def test_the_issuer_gives_no_token_without_the_verifier_of_the_challenge(api: Api, provider: Provider) -> None:
    await api.token("agent@example.com")
    provider.know("s9", email="agent@example.com", email_verified=True)
    url, cookie = await _leave(api)
    sealed = base64.urlsafe_b64decode(cookie.partition("=")[2].strip('"'))
    kept = json.loads(api.services.box.open(sealed, context="oidc sign-in"))
    stolen = api.services.box.seal(json.dumps({**kept, "verifier": "another"}).encode(), context="oidc sign-in")
    forged = f"platbook_oidc={base64.urlsafe_b64encode(stolen).decode()}"
    assert (await _return(api, provider.sign_in(url, "s9"), forged)).status_code == 401
    assert (await _return(api, provider.sign_in(url, "s9"), cookie)).status_code == 200
    bare = url.replace("code_challenge_method", "x")
    assert httpx2.post(bare, data={"sub": "s9"}).json() == {"error": "invalid_request"}


async def test_sign_ins_and_refusals_are_in_the_audit_log(api: Api, provider: Provider) -> None:
    await api.token("agent@example.com")
    provider.know("t1", email="agent@example.com", email_verified=True)
    provider.know("t2", email="stranger@example.com", email_verified=True)
    assert (await _sign_in(api, provider, "t1")).status_code == 200
    assert (await _sign_in(api, provider, "t2")).status_code == 403
    await api.run_sql("UPDATE users SET is_active = false")
    assert (await _sign_in(api, provider, "t1")).status_code == 403
    acts = await api.rows("SELECT act, subject_id, details FROM audit_log WHERE act LIKE 'log%%' ORDER BY id")
    agent = str(api.users["agent@example.com"].id)
    assert [(one["act"], one["subject_id"]) for one in acts] == [
        ("logged in", agent), ("login refused", "unknown"), ("login refused", agent),
    ]  # fmt: skip
    assert "stranger" not in str(acts)


async def test_who_says_no_at_the_issuer_is_told_so(api: Api) -> None:
    answer = await api.call("GET", f"{OIDC_CALLBACK}?error=access_denied&error_description=x", who=None)
    assert answer.status_code == 403


@pytest.mark.parametrize("settings", [Settings()])
async def test_without_an_issuer_there_is_no_such_door(api: Api) -> None:
    for path in (START, OIDC_CALLBACK):
        answer = await api.call("GET", path, who=None)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "OIDC_NOT_CONFIGURED")
