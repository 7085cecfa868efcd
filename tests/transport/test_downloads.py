"""Downloads: one attempt per URL, a maximum size, rate limits, and the SSRF guard."""

import asyncio
import gzip
from collections.abc import AsyncGenerator
from datetime import timedelta

import httpx2
import pytest
from crafted_source import Answer, Slept, crafted_source, reply

from platbook.base.clock import SystemClock
from platbook.base.errors import MediaRejected, RateLimited, SourceBrokeProtocol, SourceUnavailable
from platbook.db import Database, Query
from platbook.transport import (
    CacheValidators,
    Downloader,
    DownloadLimits,
    DownloadRateLimits,
    SourceHosts,
    Transport,
    UrlAlreadyUsed,
)
from platbook.transport.gcra import GcraLimiter, Rate
from platbook.transport.instrumentation import TimeSource
from platbook.transport.urls import parse_url

OWN = SourceHosts(frozenset({"127.0.0.1"}))
SMALL = DownloadLimits(1000, {"User-Agent": "a-token"}, private_addresses=True, header_hosts=OWN)
ADVANCE_TIME = Query("advance_time", "", "UPDATE source_budgets SET spent_until = spent_until - %(by)s::interval")


@pytest.fixture
async def transport(sources: Database) -> AsyncGenerator[Transport]:
    async with Transport.open(sources, SystemClock(), timeouts=httpx2.Timeout(5, read=0.3)) as opened:
        yield opened


@pytest.fixture
def downloader(transport: Transport) -> Downloader:
    return transport.downloads_for("harbour", SMALL)


async def test_a_download_has_content_and_validators(downloader: Downloader) -> None:
    answer = reply(b"jpeg", headers=['ETag: "a"', "Last-Modified: Mon, 02 Nov 2026 00:00:00 GMT"])
    async with crafted_source(answer) as source:
        got = await downloader.fetch(f"{source.base}/1.jpg?signature=s%2Fx")
    assert (got.content, got.validators) == (b"jpeg", CacheValidators('"a"', "Mon, 02 Nov 2026 00:00:00 GMT"))
    assert source.targets == ["/1.jpg?signature=s%2Fx"]
    assert b"user-agent: a-token" in source.requests[0].lower()


async def test_a_conditional_request_downloads_nothing_if_not_modified(downloader: Downloader) -> None:
    async with crafted_source(reply(b"", status="304 Not Modified", headers=['ETag: "a"'])) as source:
        got = await downloader.fetch(
            f"{source.base}/1.jpg", validators=CacheValidators('"a"', "Mon, 02 Nov 2026 00:00:00 GMT")
        )
    assert got.content is None
    assert b'if-none-match: "a"' in source.requests[0].lower()
    assert b"if-modified-since: mon, 02 nov" in source.requests[0].lower()


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("/a b.jpg", "/a%20b.jpg"),
        ("/fotó.jpg?größe=1 2", "/fot%C3%B3.jpg?gr%C3%B6%C3%9Fe=1%202"),
        ("/a%20b.jpg?x=%2F", "/a%20b.jpg?x=%2F"),
        ("/ok.jpg\n", "/ok.jpg"),
        ("/a\nb.jpg", "/ab.jpg"),
        ("\\1\\2.jpg", "/1/2.jpg"),
        ('/"<{`}>^.jpg?\'"', "/%22%3C%7B%60%7D%3E%5E.jpg?%27%22"),
        ("/100%.jpg", "/100%.jpg"),
        ("/ok.jpg#a b", "/ok.jpg"),
    ],
)
async def test_addresses_and_redirects_are_encoded_as_browsers_do(
    downloader: Downloader, address: str, target: str
) -> None:
    async with crafted_source(reply(b"jpeg")) as source:
        assert (await downloader.fetch(f" {source.base}{address}\t")).content == b"jpeg"
    onward = reply(status="302 Found", headers=[f"Location: {address.replace(chr(10), '')}"])
    async with crafted_source(onward, reply(b"jpeg")) as redirecting:
        await downloader.fetch(f"{redirecting.base}/from")
    assert source.targets == [target]
    if "\n" not in address:
        assert redirecting.targets == ["/from", target]


async def test_a_location_that_is_not_utf_8_is_encoded_as_it_came(downloader: Downloader) -> None:
    onward = reply(status="302 Found", headers=["Location: /fot@.jpg"]).replace(b"@", b"\xf3")
    async with crafted_source(onward, reply(b"jpeg")) as source:
        await downloader.fetch(f"{source.base}/from")
    assert source.targets == ["/from", "/fot%F3.jpg"]


PICTURE = b"\xff\xd8\xff and so on"


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("aws-chunked", PICTURE),
        ("aws-chunked,gzip", gzip.compress(PICTURE, mtime=0)),
        ("gzip, identity", gzip.compress(PICTURE, mtime=0)),
        ("utf-8", PICTURE),
        ("binary", PICTURE),
        ("none", PICTURE),
        ("br", PICTURE),
    ],
)
async def test_a_coding_that_is_none_is_ignored_where_the_bytes_are_a_picture(
    downloader: Downloader, coding: str, body: bytes
) -> None:
    async with crafted_source(reply(body, headers=[f"Content-Encoding: {coding}"])) as source:
        assert (await downloader.fetch(f"{source.base}/1.jpg")).content == PICTURE


async def test_an_unknown_coding_of_other_bytes_is_a_fault(downloader: Downloader) -> None:
    async with crafted_source(reply(b"\x0b\x02\x80", headers=["Content-Encoding: br"])) as source:
        with pytest.raises(SourceBrokeProtocol, match="a Content-Encoding that was not requested"):
            await downloader.fetch(f"{source.base}/1.jpg")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(status="304 Not Modified"), SourceBrokeProtocol),
        (reply(status="403 Forbidden"), UrlAlreadyUsed),
        (reply(status="404 Not Found"), UrlAlreadyUsed),
        (reply(status="410 Gone"), UrlAlreadyUsed),
        (reply(status="500 Oops"), SourceUnavailable),
        (reply(status="400 Bad Request"), SourceBrokeProtocol),
        (reply(status="429 Too Many", headers=["Retry-After: 1"]), RateLimited),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", SourceBrokeProtocol),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n", MediaRejected),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 1001, MediaRejected),
        (reply(status="302 Found", headers=["Location: file:///etc/passwd"]), MediaRejected),
        (reply(status="302 Found", headers=["Location: /again"]), MediaRejected),
        (reply(status="302 Found", headers=["Location: http://["]), MediaRejected),
        (reply(status="302 Found"), MediaRejected),
    ],
)
async def test_each_failure_has_its_error_and_is_not_retried(
    downloader: Downloader, answer: Answer, error: type[Exception]
) -> None:
    async with crafted_source(answer) as source:
        with pytest.raises(error):
            await downloader.fetch(f"{source.base}/1.jpg")
    assert len(set(source.targets)) == len(source.targets) or source.targets[1:] == ["/again"] * 5


@pytest.mark.parametrize(
    ("header_hosts", "host", "next_host", "first_gets", "second_gets"),
    [
        ((), "127.0.0.1", "localhost", False, False),
        (("127.0.0.1",), "127.0.0.1", "localhost", True, False),
        (("LocalHost",), "127.0.0.1", "localhost", False, True),
        (("127.0.0.1", "localhost"), "localhost", "127.0.0.1", True, True),
        (("photos.test",), "127.0.0.1", "127.0.0.1", False, False),
    ],
)
async def test_provider_headers_are_sent_to_header_hosts_only(
    transport: Transport,
    header_hosts: tuple[str, ...],
    host: str,
    next_host: str,
    *,
    first_gets: bool,
    second_gets: bool,
) -> None:
    secrets = {"Authorization": "a-token", "Cookie": "a-token"}
    limits = DownloadLimits(1000, secrets, private_addresses=True, header_hosts=SourceHosts().only(header_hosts))
    async with crafted_source(reply(b"jpeg")) as second:
        onward = second.base.replace("127.0.0.1", next_host)
        answer = reply(status="302 Found", headers=[f"Location: {onward}/2.jpg", "Set-Cookie: theirs=1"])
        async with crafted_source(answer) as first:
            base = first.base.replace("127.0.0.1", host)
            assert (await transport.downloads_for("harbour", limits).fetch(f"{base}/1.jpg")).content == b"jpeg"
    for source, gets in ((first, first_gets), (second, second_gets)):
        (request,) = source.requests
        assert (b"authorization: a-token" in request.lower(), b"cookie: a-token" in request.lower()) == (gets, gets)
        assert b"theirs" not in request


@pytest.mark.parametrize(
    ("first", "onward", "expected"),
    [
        ("https://a.test/1", "https://a.test/2", True),
        ("https://a.test/1", "http://a.test/2", False),
        ("https://a.test/1", "http://b.test/2", False),
        ("https://a.test/1", "https://b.test/2", True),
        ("http://a.test/1", "http://b.test/2", True),
        ("http://a.test/1", "https://c.test/2", False),
    ],
)
def test_provider_headers_are_dropped_on_a_downgrade_to_http(first: str, onward: str, *, expected: bool) -> None:
    limits = DownloadLimits(1000, {"Cookie": "a-token"}, header_hosts=SourceHosts().only(["a.test", "b.test"]))
    assert bool(limits.headers_for(parse_url(onward), parse_url(first))) is expected
    behind_https = SourceHosts.of(["https://b.test/login"]).only(["a.test", "b.test"])
    secure = DownloadLimits(1000, {"Cookie": "a-token"}, header_hosts=behind_https)
    assert bool(secure.headers_for(parse_url(onward), parse_url(first))) is (expected and onward.startswith("https:"))


async def test_a_photo_refused_where_the_headers_were_not_sent_says_which_setting_names_its_host(
    transport: Transport,
) -> None:
    limits = DownloadLimits(
        1000, {"Cookie": "a-token"}, private_addresses=True, header_hosts=SourceHosts.of(["http://a.test"])
    )
    async with crafted_source(reply(status="403 Forbidden")) as source:
        with pytest.raises(UrlAlreadyUsed, match=r"not sent to 127\.0\.0\.1, unless media\.headerHosts names it"):
            await transport.downloads_for("harbour", limits).fetch(f"{source.base}/1.jpg")


async def test_a_url_that_expired_while_it_waited_is_not_fetched(downloader: Downloader) -> None:
    async with crafted_source(reply(b"jpeg")) as source:
        with pytest.raises(UrlAlreadyUsed):
            await downloader.fetch(f"{source.base}/1.jpg", is_fresh=lambda: False)
    assert source.requests == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "169.254.169.254", "[::ffff:127.0.0.1]"]
)
async def test_private_addresses_are_refused(transport: Transport, host: str) -> None:
    async with crafted_source(reply(b"secret")) as source:
        port = source.base.rpartition(":")[2]
        with pytest.raises(MediaRejected):
            await transport.downloads(DownloadLimits(1000)).fetch(f"http://{host}:{port}/")
    assert source.requests == []


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://example.com/1.jpg", "mock:1", "", "http://a:b@example.com/"]
)
async def test_only_http_urls_without_credentials_are_fetched(downloader: Downloader, url: str) -> None:
    with pytest.raises(MediaRejected):
        await downloader.fetch(url)


def make_limiter(database: Database, slept: Slept, limit: float, burst_share: float = 0) -> GcraLimiter:
    rate = Rate(limit, timedelta(hours=1), burst_share)
    return GcraLimiter(database, "harbour", "photos", rate, slept.time_source())


async def test_a_limit_is_shared_and_spaces_requests(sources: Database, slept: Slept) -> None:
    async def advance_stored_time() -> None:
        async with sources.transaction() as connection:
            await connection.run(ADVANCE_TIME, {"by": timedelta(seconds=slept.seconds[-1])})

    slept.then = advance_stored_time
    one, other = (make_limiter(sources, slept, limit=600) for _ in range(2))
    for _ in range(3):
        await asyncio.gather(one.acquire(), other.acquire())
    assert len(slept.seconds) >= 5
    assert max(slept.seconds) < 6.7


async def test_bytes_are_charged_afterwards_and_the_next_request_waits_for_them(
    sources: Database, slept: Slept
) -> None:
    volume = make_limiter(sources, slept, limit=1000, burst_share=0.1)
    await volume.wait_available()
    await volume.charge(80)
    await volume.wait_available()
    assert slept.seconds == [], "a tenth may be used as a burst"
    await volume.charge(500)
    with pytest.raises(RateLimited) as raised:
        await volume.wait_available()
    assert raised.value.not_before is not None


async def test_no_second_holds_more_requests_than_the_limit(sources: Database) -> None:
    loop = asyncio.get_running_loop()
    times: list[float] = []
    rate = Rate(20, timedelta(seconds=1), safety_margin=0.1)
    limiters = [GcraLimiter(sources, "harbour", "photos", rate, TimeSource()) for _ in range(3)]

    async def use(one: GcraLimiter) -> None:
        for _ in range(8):
            await one.acquire()
            times.append(loop.time())

    await asyncio.gather(*map(use, limiters))
    async with sources.read() as connection:
        spent = await connection.value(
            float, Query("spent", "", "SELECT extract(epoch FROM spent_until - now())::float8 FROM source_budgets")
        )
    assert len(times) == 24
    assert times[-1] - times[0] >= 22 / 20 - 0.05, "24 requests at 20 a second take more than a second"
    assert spent is not None


async def test_photos_may_have_rate_limits_of_their_own(sources: Database, transport: Transport) -> None:
    limits = DownloadRateLimits(5, 100, 2_000_000)
    async with crafted_source(reply(b"jpeg")) as source:
        await transport.downloads_for("harbour", SMALL, rate_limits=limits).fetch(f"{source.base}/1.jpg")
    async with sources.read() as connection:
        names = await connection.column(str, Query("names", "", "SELECT name FROM source_budgets ORDER BY 1"))
        quotas = await connection.value(int, Query("quotas", "", "SELECT count(*) FROM source_quotas"))
    assert (names, quotas) == (["photo bytes per hour", "photos per hour", "photos per second"], 0)
