"""The HTTP client against a loopback server that answers with crafted bytes."""

import asyncio
import gzip
import logging
import zlib
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from crafted_source import Answer, Slept, crafted_source, reply
from structlog.testing import capture_logs

from platbook.base.clock import SetClock
from platbook.base.errors import InvalidInput, PlatbookError, RateLimited, SourceBrokeProtocol, SourceUnavailable
from platbook.db import Database, Query
from platbook.transport import HttpReply, TrafficCounter, Transport

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
OK = reply(b"ok")
FAILS = reply(b"", status="500 Oops")
SECRET = "s3cret"
END_PAUSES = Query("end_pauses", "", "UPDATE source_quotas SET closed_until = clock_timestamp()")


async def silence(writer: asyncio.StreamWriter) -> None:
    _ = writer
    await asyncio.sleep(5)


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()
    await asyncio.sleep(0)


async def stall_in_body(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegin")
    await writer.drain()
    await asyncio.sleep(5)


async def end_pauses(database: Database) -> None:
    """End all pauses, as time would have done: the database's clock does not advance when a test's sleep does."""
    async with database.transaction() as connection:
        await connection.run(END_PAUSES)


async def get(transport: Transport, url: str, *, method: str = "GET") -> tuple[HttpReply, bytes]:
    async with transport.for_provider("harbour").send(method, url) as answer:
        return answer, await answer.body()


@pytest.mark.parametrize(
    "target",
    [
        "/a%20b(c)?q=%2B+%20(x=1)&d=2026-11-24T00:00:00Z",
        "/Odata/Property('1')?$filter=A%20eq%20'%C3%A9'",
        "/?",
        "/a/../b",
    ],
)
async def test_the_target_is_sent_as_it_stands(transport: Transport, target: str) -> None:
    async with crafted_source(OK) as source:
        answer, _ = await get(transport, source.base + target + "#part")
    assert source.targets == [target]
    assert answer.url == source.base + target + "#part"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://harbour.test/x",
        "//harbour.test/x",
        "http:///x",
        "http://harbour.test:port/x",
        f"http://me:{SECRET}@harbour.test/",
        f"http://harbour.test/a b?key={SECRET}",
        f"http://harbour.test/é?key={SECRET}",
        f"http://harbour.test/x\r\nCookie:{SECRET}",
    ],
)
async def test_a_url_that_cannot_be_sent_is_refused_without_secrets(transport: Transport, url: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        await get(transport, url)
    assert SECRET not in str(refusal.value)


async def test_headers_and_content_are_sent_and_gzip_is_always_requested(transport: Transport) -> None:
    async with (
        crafted_source(OK) as source,
        transport.for_provider("harbour").send(
            "post",
            source.base,
            headers={"User-Agent": "Agent/1", "Accept-Encoding": "br", "X-Two": "2"},
            content=b"a=1",
        ),
    ):
        pass
    lines = source.requests[0].decode().lower().split("\r\n")
    assert lines[0] == "post / http/1.1"
    assert {"user-agent: agent/1", "accept-encoding: gzip", "x-two: 2", "content-length: 3"} <= set(lines)


async def test_an_illegal_header_is_refused_without_its_value(transport: Transport) -> None:
    async with crafted_source(OK) as source:
        client = transport.for_provider("harbour")
        with pytest.raises(InvalidInput) as refusal:
            async with client.send("GET", source.base, headers={"Authorization": f"{SECRET}\r\nX: y"}):
                pass
    assert SECRET not in str(refusal.value)
    assert refusal.value.__cause__ is None


async def test_repeated_headers_are_joined_and_cookies_are_parsed(transport: Transport) -> None:
    headers = [
        "X-Part: one",
        "x-part: two",
        "Set-Cookie: RETS-Session-ID=a=b; Path=/; HttpOnly",
        "Set-Cookie: lang=en; Expires=Wed, 25 Nov 2026 00:00:00 GMT",
        "Set-Cookie: gone=1; Max-Age=0",
        "Set-Cookie: past=1; Expires=Wed, 25 Nov 2020 00:00:00 GMT",
        "Set-Cookie: no-pair",
    ]
    async with crafted_source(reply(headers=headers), OK) as source:
        answer, _ = await get(transport, source.base)
        await get(transport, source.base)
    assert answer.headers["x-part"] == "one, two"
    assert "set-cookie" not in answer.headers
    assert answer.cookies == {"RETS-Session-ID": "a=b", "lang": "en", "gone": "", "past": ""}
    assert b"cookie" not in source.requests[1].lower(), "cookies are the connector's to send"


async def test_a_large_header_is_accepted(transport: Transport) -> None:
    async with crafted_source(reply(headers=["X-Big: " + "x" * 60_000])) as source:
        answer, _ = await get(transport, source.base)
    assert len(answer.headers["x-big"]) == 60_000


BODY = b"<RETS>" + bytes(range(256)) * 1000
BARE = zlib.compressobj(wbits=-zlib.MAX_WBITS)


@pytest.mark.parametrize(
    ("encoding", "sent"),
    [
        ("gzip", gzip.compress(BODY)),
        ("GZIP", gzip.compress(BODY[:1000]) + gzip.compress(BODY[1000:]) + b"\0\0"),
        ("deflate", zlib.compress(BODY)),
        ("deflate", BARE.compress(BODY) + BARE.flush()),
        ("identity", BODY),
    ],
)
async def test_a_compressed_body_is_decompressed_and_counted_compressed(
    transport: Transport, encoding: str, sent: bytes
) -> None:
    traffic = TrafficCounter()
    async with (
        crafted_source(reply(sent, headers=[f"Content-Encoding: {encoding}"])) as source,
        transport.for_provider("harbour", traffic=traffic).send("GET", source.base) as answer,
    ):
        assert await answer.body() == BODY
    assert traffic == TrafficCounter(requests=1, bytes=len(sent))


async def test_a_decompression_bomb_is_read_in_pieces(transport: Transport) -> None:
    sent = gzip.compress(bytes(20_000_000))
    async with (
        crafted_source(reply(sent, headers=["Content-Encoding: gzip"])) as source,
        transport.for_provider("harbour").send("GET", source.base) as answer,
    ):
        sizes = [len(chunk) async for chunk in answer.chunks]
    assert sum(sizes) == 20_000_000
    assert max(sizes) <= 1024 * 1024


def answered(headers: str, body: bytes) -> bytes:
    return f"HTTP/1.1 200 OK\r\n{headers}\r\n\r\n".encode() + body


CHUNKED = "Transfer-Encoding: chunked"
ZIPPED = gzip.compress(BODY)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (answered("Content-Length: 9", b"short"), SourceBrokeProtocol),
        (answered(CHUNKED, b"5\r\nbegin\r\n"), SourceBrokeProtocol),
        (answered(CHUNKED, b"5\r\nbegin\r\nnonsense\r\n"), SourceBrokeProtocol),
        (answered(f"{CHUNKED}\r\nContent-Encoding: gzip", b"5\r\nbegin\r\n0\r\n\r\n"), SourceBrokeProtocol),
        (answered("Content-Encoding: gzip", ZIPPED[:-9]), SourceBrokeProtocol),
        (answered("Content-Encoding: gzip", ZIPPED + b"more"), SourceBrokeProtocol),
        (answered("Content-Encoding: br", b"?"), SourceBrokeProtocol),
        (stall_in_body, SourceUnavailable),
    ],
)
async def test_a_truncated_or_corrupt_body_is_an_error_and_not_retried(
    transport: Transport, answer: Answer, error: type[PlatbookError]
) -> None:
    async with crafted_source(answer) as source:
        with pytest.raises(error, match=r"127\.0\.0\.1/login") as failure:
            await get(transport, f"{source.base}/login?key={SECRET}")
    assert SECRET not in str(failure.value)
    assert len(source.requests) == 1


@pytest.mark.parametrize("failing", [FAILS, silence, hang_up, b"garbage\r\n\r\n", b"HTTP/1.1 2"])
async def test_a_transient_failure_is_retried_with_backoff(transport: Transport, slept: Slept, failing: Answer) -> None:
    traffic = TrafficCounter()
    async with (
        crafted_source(failing, failing, OK) as source,
        transport.for_provider("harbour", traffic=traffic).send("GET", source.base) as answer,
    ):
        assert await answer.body() == b"ok"
    assert slept.seconds == [2, 6]
    assert traffic.requests == 3


@pytest.mark.parametrize(
    ("failing", "error", "message"),
    [
        (FAILS, SourceUnavailable, "failed with status 500"),
        (reply(b"", status="503 Busy"), SourceUnavailable, "failed with status 503"),
        (silence, SourceUnavailable, "did not answer in time"),
        (hang_up, SourceUnavailable, "closed the connection"),
        (b"garbage\r\n\r\n", SourceBrokeProtocol, "did not answer in HTTP"),
        (reply(headers=["X-Big: " + "x" * 200_000]), SourceBrokeProtocol, "did not answer in HTTP"),
    ],
)
async def test_a_lasting_failure_ends_after_four_attempts(
    transport: Transport, slept: Slept, failing: Answer, error: type[PlatbookError], message: str
) -> None:
    async with crafted_source(failing) as source:
        with pytest.raises(error, match=message) as failure:
            await get(transport, f"{source.base}/search?key={SECRET}")
    assert "127.0.0.1/search" in str(failure.value)
    assert SECRET not in str(failure.value)
    assert len(source.requests) == 4
    assert slept.seconds == [2, 6, 18]


async def test_a_refused_connection_is_retried_and_unavailable(transport: Transport, slept: Slept) -> None:
    async with crafted_source(OK) as source:
        pass
    with pytest.raises(SourceUnavailable, match="could not be reached"):
        await get(transport, source.base, method="POST")
    assert slept.seconds == [2, 6, 18], "a request that never left is retried whatever its method"


@pytest.mark.parametrize("failing", [FAILS, silence, hang_up])
async def test_a_request_that_may_have_been_processed_is_not_repeated(transport: Transport, failing: Answer) -> None:
    async with crafted_source(failing, OK) as source:
        with pytest.raises(SourceUnavailable):
            await get(transport, source.base, method="POST")
    assert len(source.requests) == 1


@pytest.mark.parametrize("status", ["204 Nothing", "304 Same", "401 Who", "404 None", "501 Not Yet"])
async def test_other_statuses_are_returned(transport: Transport, status: str) -> None:
    async with crafted_source(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()) as source:
        answer, body = await get(transport, source.base)
    assert (answer.status, body) == (int(status[:3]), b"")


@pytest.mark.parametrize("status", ["429 Slower", "503 Busy"])
@pytest.mark.parametrize(
    "headers",
    [["Retry-After: 20"], ["Retry-After: Tue, 24 Nov 2026 08:00:20 GMT", "Date: Tue, 24 Nov 2026 08:00:00 GMT"]],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_short_retry_after_is_waited_for(
    transport: Transport, slept: Slept, status: str, headers: list[str], method: str, sources: Database
) -> None:
    slept.then = partial(end_pauses, sources)
    async with crafted_source(reply(b"", status=status, headers=headers), OK) as source:
        _, body = await get(transport, source.base, method=method)
    assert body == b"ok"
    [seconds] = slept.seconds
    assert 15 < seconds <= 20


@pytest.mark.parametrize(
    ("retry_after", "wait"),
    [
        ("3600", timedelta(hours=1)),
        ("Tue, 24 Nov 2026 13:00:00 GMT", timedelta(hours=1)),
        ("99999999999999999999", timedelta(days=1)),
    ],
)
async def test_a_long_retry_after_pauses_the_source_for_every_worker(
    transport: Transport, slept: Slept, retry_after: str, wait: timedelta
) -> None:
    async with crafted_source(reply(b"", status="429 Slower", headers=[f"Retry-After: {retry_after}"]), OK) as source:
        not_before: list[datetime | None] = []
        for _ in range(2):
            with pytest.raises(RateLimited) as limited:
                await get(transport, source.base)
            not_before.append(limited.value.not_before)
        with pytest.raises(RateLimited):
            async with transport.for_provider("harbour", requests_per_second=5).send("GET", source.base):
                pass
    assert len(source.requests) == 1
    assert slept.seconds == []
    assert not_before[0] == not_before[1]
    assert not_before[0] is not None
    assert abs(not_before[0] - datetime.now(UTC) - wait) < timedelta(minutes=1)


async def test_429_without_retry_after_is_retried_four_times(
    transport: Transport, slept: Slept, sources: Database
) -> None:
    slept.then = partial(end_pauses, sources)
    async with crafted_source(reply(b"", status="429 Slower")) as source:
        with pytest.raises(RateLimited) as limited:
            await get(transport, source.base)
    assert len(source.requests) == 4
    assert limited.value.not_before is not None
    assert len(slept.seconds) == 3


async def test_redirects_within_the_host_are_followed_with_their_cookies(transport: Transport) -> None:
    moved = [
        reply(b"", status="302 Found", headers=["Location: /two?a=%2B", "Set-Cookie: first=1"]),
        reply(b"", status="308 Moved", headers=["Location: three"]),
    ]
    async with crafted_source(*moved, OK) as source:
        answer, body = await get(transport, source.base + "/one")
    assert source.targets == ["/one", "/two?a=%2B", "/three"]
    assert (answer.status, body, answer.cookies) == (200, b"ok", {"first": "1"})
    assert answer.url == source.base + "/three"


@pytest.mark.parametrize(
    "location",
    ["http://localhost:1/x", "https://127.0.0.1/x", "http://127.0.0.1:1/x", "//else.test/", "http://[", "/a b"],
)
async def test_redirects_to_another_host_are_returned(transport: Transport, location: str) -> None:
    async with crafted_source(reply(b"", status="302 Found", headers=[f"Location: {location}"])) as source:
        answer, _ = await get(transport, source.base)
    assert (answer.status, answer.headers["location"]) == (302, location)
    assert len(source.requests) == 1


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 Other", "307 Temporary", "308 Permanent"])
async def test_credentials_are_not_sent_to_another_host(transport: Transport, status: str) -> None:
    secrets = {"Authorization": SECRET, "Cookie": SECRET, "RETS-UA-Authorization": SECRET}
    async with crafted_source(OK) as other:
        location = other.base.replace("127.0.0.1", "localhost")
        async with crafted_source(reply(b"", status=status, headers=[f"Location: {location}/"])) as source:
            for method in ("GET", "HEAD", "POST"):
                async with transport.for_provider("harbour").send(method, source.base, headers=secrets) as answer:
                    assert answer.headers["location"] == f"{location}/"
    assert len(source.requests) == 3
    assert other.requests == []


async def test_a_redirect_of_a_post_is_returned(transport: Transport) -> None:
    async with crafted_source(reply(b"", status="302 Found", headers=["Location: /x"])) as source:
        answer, _ = await get(transport, source.base, method="POST")
    assert (answer.status, len(source.requests)) == (302, 1)


async def test_a_redirect_loop_ends(transport: Transport) -> None:
    async with crafted_source(reply(b"", status="302 Found", headers=["Location: /again"])) as source:
        answer, _ = await get(transport, source.base)
    assert (answer.status, len(source.requests)) == (302, 6)


async def test_the_log_has_host_and_path_and_no_secret(transport: Transport, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answers = [FAILS, reply(headers=[f"Set-Cookie: session={SECRET}"])]
    async with crafted_source(*answers) as source:
        with capture_logs() as events:
            async with transport.for_provider("harbour").send(
                "GET", f"{source.base}/login?password={SECRET}", headers={"Authorization": SECRET}
            ):
                pass
    assert [(event["status"], event["to"], event["provider"]) for event in events] == [
        (500, "127.0.0.1/login", "harbour"),
        (200, "127.0.0.1/login", "harbour"),
    ]
    assert SECRET not in caplog.text + str(events)


async def test_an_unread_response_is_closed_and_the_next_request_works(transport: Transport) -> None:
    async with crafted_source(reply(bytes(5_000_000)), OK) as source:
        client = transport.for_provider("harbour")
        async with client.send("GET", source.base) as answer:
            async for _ in answer.chunks:
                break
        async with client.send("GET", source.base) as answer:
            assert await answer.body() == b"ok"


async def test_a_service_may_be_limited_to_one_attempt(transport: Transport) -> None:
    async with crafted_source(FAILS, OK) as source:
        with pytest.raises(SourceUnavailable):
            async with transport.for_service("cdn", max_attempts=1).send("GET", source.base):
                pass
        async with transport.for_service("issuer").send("GET", source.base) as answer:
            assert await answer.body() == b"ok"
    assert len(source.requests) == 2


async def test_retry_after_of_a_service_is_obeyed(sources: Database, slept: Slept) -> None:
    clock = SetClock(NOW)
    async with (
        Transport.open(sources, clock, time_source=slept.time_source()) as transport,
        crafted_source(reply(status="429 Slow Down", headers=["Retry-After: 60"]), OK) as source,
    ):
        service = transport.for_service("cdn", max_attempts=1)
        for _ in range(2):
            with pytest.raises(RateLimited):
                async with service.send("GET", source.base):
                    pass
        assert len(source.requests) == 1
        clock.at = NOW + timedelta(seconds=61)
        async with service.send("GET", source.base) as answer:
            assert await answer.body() == b"ok"
