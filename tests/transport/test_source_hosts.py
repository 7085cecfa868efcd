"""What a source sends may name any host: credentials go to the provider's own and its trusted hosts alone."""

import pytest
from crafted_source import crafted_source, reply

from platbook.base.errors import InvalidInput, SourceBrokeProtocol
from platbook.transport import SourceHosts, Transport

SECRETS = {"Authorization": "Bearer s3cret", "Cookie": "s3cret"}


@pytest.mark.parametrize(
    ("base", "url", "objection"),
    [
        ("http://a.test/login", "http://a.test/search", None),
        ("http://a.test/login", "http://A.TEST:8080/search", None),
        ("http://A.test/login", "https://a.test/search", None),
        ("http://a.test/login", "http://b.test/search", None),
        ("https://a.test/login", "https://b.test/search", None),
        ("https://a.test/login", "https://a.test:8443/a space", None),
        ("http://[2001:db8::1]:81/login", "http://[2001:DB8::1]/search", None),
        ("https://a.test/login", "http://a.test/search", "http://a.test, although"),
        ("https://a.test/login", "http://b.test/search", "http://b.test, although"),
        ("https://a.test/login", "https://c.test/search", "c.test, which is neither"),
        ("https://a.test/login", "https://a.test./search", "a.test., which is neither"),
        ("https://a.test/login", "https://a.test.c.test/search", "a.test.c.test, which is neither"),
        ("https://a.test/login", "https://a.test@c.test/search", "a URL that is not valid"),
        ("https://a.test/login", "https://c.test\\@a.test/", "a URL that is not valid"),
        ("https://a.test/login", "ftp://a.test/search", "a URL that is not valid"),
        ("https://a.test/login", "//a.test/search", "a URL that is not valid"),
        ("https://a.test/login", "https:///search", "a URL that is not valid"),
        ("https://a.test/login", "https://[::1/search", "a URL that is not valid"),
    ],
)
def test_which_urls_may_be_sent_credentials(base: str, url: str, objection: str | None) -> None:
    found = SourceHosts.of([base], ["B.test"]).find_objection(url)
    assert (found is None) if objection is None else (found is not None and objection in found)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("trusted", [True, False])
async def test_a_link_of_a_source_to_another_host_is_followed_only_where_the_host_is_trusted(
    transport: Transport, method: str, *, trusted: bool
) -> None:
    async with crafted_source(reply(b"page")) as own:
        client = transport.for_provider("harbour", SourceHosts.of([own.base], ["localhost"] if trusted else []))
        async with client.send(method, f"{own.base}/page/1", headers=SECRETS) as answer:
            assert answer.status == 200
        next_link = f"{own.base.replace('127.0.0.1', 'localhost')}/page/2?token=hidden"
        if trusted:
            async with client.send(method, next_link, headers=SECRETS) as answer:
                assert answer.status == 200
        else:
            with pytest.raises(SourceBrokeProtocol, match="names an address at localhost, which is neither") as raised:
                async with client.send(method, next_link, headers=SECRETS):
                    pass
            assert "hidden" not in str(raised.value)
    assert len(own.requests) == (2 if trusted else 1)


async def test_where_the_settings_name_no_url_the_first_request_names_the_host(transport: Transport) -> None:
    async with crafted_source(reply(b"page")) as own:
        client = transport.for_provider("harbour")
        for path in ("/1", "/2"):
            async with client.send("GET", own.base + path, headers=SECRETS):
                pass
        with pytest.raises(SourceBrokeProtocol, match="localhost"):
            async with client.send("GET", own.base.replace("127.0.0.1", "localhost"), headers=SECRETS):
                pass
    assert own.targets == ["/1", "/2"]


async def test_http_is_refused_once_the_providers_own_url_uses_https(transport: Transport) -> None:
    async with crafted_source(reply(b"page")) as own:
        client = transport.for_provider("harbour", SourceHosts.of(["https://127.0.0.1/login"], ["127.0.0.1"]))
        with pytest.raises(SourceBrokeProtocol, match=r"http://127\.0\.0\.1, although"):
            async with client.send("GET", own.base, headers=SECRETS):
                pass
    assert own.requests == []


def test_a_url_of_the_settings_that_is_none_is_an_error() -> None:
    with pytest.raises(InvalidInput):
        SourceHosts.of(["harbour.test/login"])
