"""What authorizes us goes to the login's host alone, to trusted ones besides, and never from https to http."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest

from platbook.base.clock import SystemClock
from platbook.base.errors import PlatbookError, ProviderMisconfigured, SourceBrokeProtocol
from platbook.connectors.contract import HttpReply, Resource, Scope
from platbook.connectors.rets import RetsConnector
from platbook.connectors.rets.http_session import RetsHttpSession, SessionLost
from platbook.connectors.rets.settings import RetsCredentials, RetsSettings
from tests.fakes.plain_http import PlainHttp, plain_http
from tests.fakes.rets_market import no_sleep, rets_market
from tests.fakes.rets_replay import NONE_FOUND, Answer, RetsReplay, serving
from tests.transport.crafted_source import CraftedSource, crafted_source, reply

CAPABILITIES = ("Action", "GetMetadata", "GetObject", "Logout", "Search")
CREDENTIALS = RetsCredentials.model_validate(
    {"username": "demo", "password": "secret", "userAgent": "a-client/1.0", "userAgentPassword": "agent"}
)
ANSWER = reply(NONE_FOUND, headers=["Set-Cookie: theirs=1"])


class BehindTls:
    """Sends what is for https to a loopback server without it, as a proxy that ends TLS does."""

    def __init__(self, http: PlainHttp) -> None:
        self._http = http

    @asynccontextmanager
    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes | None = None
    ) -> AsyncGenerator[HttpReply]:
        plain = url.replace("https://", "http://")
        async with self._http.send(method, plain, headers=headers, content=content) as answer:
            yield replace(answer, url=url)


def settings(url: str, *trusted: str) -> RetsSettings:
    return RetsSettings.model_validate(
        {"loginUrl": url, "auth": "basic", "classes": ["RES"], "allQuery": "*", "trustedHosts": trusted}
    )


def write_login(**elsewhere: str) -> bytes:
    """A login reply whose addresses are on its own server, but for some."""
    places = {name: f"/rets/{name.lower()}" for name in CAPABILITIES if name != "Action"} | elsewhere
    lines = "\n".join(f"{name}={url}" for name, url in places.items())
    return f'<RETS ReplyCode="0" ReplyText="ok"><RETS-RESPONSE>\n{lines}\n</RETS-RESPONSE></RETS>'.encode()


@asynccontextmanager
async def two_servers() -> AsyncGenerator[tuple[RetsReplay, CraftedSource, str]]:
    """The login's at 127.0.0.1, another at localhost, and the other's base."""
    async with AsyncExitStack() as stack:
        own = await stack.enter_async_context(serving(RetsReplay([NONE_FOUND])))
        other = await stack.enter_async_context(crafted_source(ANSWER))
        yield own, other, other.base.replace("127.0.0.1", "localhost")


async def count(http: PlainHttp | BehindTls, given: RetsSettings) -> int | None:
    """Log in, count the records, log out."""
    connector = RetsConnector(no_sleep)
    async with connector.connect(given, CREDENTIALS, scope=Scope(), http=http, clock=SystemClock()) as session:
        return await session.count(Resource.PROPERTY)


@pytest.mark.parametrize("name", CAPABILITIES)
async def test_a_capability_on_another_host_is_refused_and_gets_nothing(name: str) -> None:
    async with two_servers() as (own, other, base), plain_http() as http:
        own.login = write_login(**{name: f"{base}/rets/x?token=hidden"})
        with pytest.raises(ProviderMisconfigured, match=rf"names {name} at localhost, .*trustedHosts") as raised:
            await count(http, settings(own.login_url))
        assert "hidden" not in str(raised.value)
        assert other.requests == []
        logged_out = any("logout" in request.path for request in own.requests)
        assert logged_out == (name != "Logout"), "the slot at the source is not kept"


@pytest.mark.parametrize("trusted", ["localhost", "LocalHost"])
async def test_a_trusted_host_is_sent_the_login_but_no_cookie_of_another(trusted: str) -> None:
    async with two_servers() as (own, other, base), plain_http() as http:
        own.login = write_login(Search=f"{base}/rets/search")
        given = settings(own.login_url, trusted)
        await count(http, given)
        async with RetsConnector(no_sleep).connect(
            given, CREDENTIALS, scope=Scope(), http=http, clock=SystemClock()
        ) as session:
            other.requests.clear()
            for _ in range(2):
                await session.count(Resource.PROPERTY)
    first, second = (request.lower() for request in other.requests)
    assert b"authorization: basic" in first
    assert b"cookie:" not in first
    assert b"\r\ncookie: theirs=1\r\n" in second
    logout = own.requests[-1]
    assert (logout.path, logout.headers["cookie"]) == ("/rets/logout", "RETS-Session-ID=s1")


async def test_the_simulated_source_on_another_host_is_refused_and_asked_nothing() -> None:
    async with rets_market("other-host-urls", listings=1) as market:
        with pytest.raises(ProviderMisconfigured, match="names Logout at localhost"):
            async with market.session():
                pass
        assert set(market.server.request_log.requests) == {"login"}


async def test_another_port_of_the_same_host_is_the_same_host() -> None:
    async with two_servers() as (own, other, _), plain_http() as http:
        own.login = write_login(Search=f"{other.base}/rets/search")
        assert await count(http, settings(own.login_url)) == 0
    assert b"cookie: rets-session-id=s1" in other.requests[0].lower()


@pytest.mark.parametrize("trusted", [(), ("localhost", "127.0.0.1")])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_http_is_refused_after_a_login_by_https_even_at_a_trusted_host(
    host: str, trusted: tuple[str, ...]
) -> None:
    async with two_servers() as (own, other, _), plain_http() as http:
        own.login = write_login(Search=other.base.replace("127.0.0.1", host))
        with pytest.raises(ProviderMisconfigured, match=rf"names Search at (http://)?{host}"):
            await count(BehindTls(http), settings(own.login_url.replace("http:", "https:"), *trusted))
        assert other.requests == []


async def test_a_later_login_that_names_another_host_breaks_the_protocol_and_the_next_may_be_good() -> None:
    async with two_servers() as (own, other, base), plain_http() as http:
        own.login = good = write_login()
        own.searches = [NONE_FOUND]
        conversation = RetsHttpSession(http, settings(own.login_url), CREDENTIALS, no_sleep)
        await conversation.log_in()
        own.login = write_login(GetObject=f"{base}/x")
        with pytest.raises(SourceBrokeProtocol, match="names GetObject at localhost"):
            await conversation.log_in()
        with pytest.raises(SessionLost):
            async with conversation.open_transaction("Search", {}):
                pass
        own.login = good

        async def read(answer: HttpReply) -> bytes:
            return await answer.body()

        assert await conversation.transact("Search", {}, read) == NONE_FOUND
        assert other.requests == []


@pytest.mark.parametrize("trusted", [(), ("localhost",)])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_of_a_login_to_another_host_is_not_followed(status: int, trusted: tuple[str, ...]) -> None:
    async with two_servers() as (_, other, base), plain_http() as http:
        onward = reply(b"", status=f"{status} Moved", headers=[f"Location: {base}/rets/login", "Set-Cookie: ours=1"])
        async with crafted_source(onward) as own:
            with pytest.raises(
                PlatbookError, match=str(status) if trusted else "redirected to an endpoint at localhost"
            ):
                await count(http, settings(f"{own.base}/rets/login", *trusted))
        assert other.requests == []


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("place", ["/rets/other", "/rets/login"])
async def test_a_redirect_of_a_search_to_another_host_is_not_followed(method: str, place: str) -> None:
    async with two_servers() as (own, other, base), plain_http() as http:
        own.login = write_login()
        own.searches = [Answer(b"", 302, [f"Location: {base}{place}"])]
        given = settings(own.login_url).model_copy(update={"method": method})
        with pytest.raises(PlatbookError, match=r"redirected to an endpoint at localhost|refuses its session"):
            await count(http, given)
        assert other.requests == []


@pytest.mark.parametrize("host", ["https://b.test", "b.test:443", "b.test/x", "*", "", "me@b.test"])
def test_a_trusted_host_is_a_name_alone(host: str) -> None:
    with pytest.raises(ValueError, match="trustedHosts"):
        settings("https://a.test/login", host)
