"""Limits of time, rate and size on a reply: as values, and against a loopback server that never ends."""

import asyncio
import gzip
import itertools
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from crafted_source import Answer, Slept, crafted_source, reply

from platbook.base.clock import SystemClock
from platbook.base.errors import MediaRejected, ReplyTooLarge, SourceBrokeProtocol, SourceTooSlow, SourceUnavailable
from platbook.base.settings import Settings
from platbook.db import Database
from platbook.transport import DownloadLimits, TransferLimits, Transport
from platbook.transport.transfer import TransferMeter

HEADERS = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nConnection: close\r\n"
RATE, TOTAL = "PLATBOOK_HTTP_MIN_BYTES_PER_SECOND", "PLATBOOK_HTTP_MAX_SECONDS"
LIMITS = TransferLimits(
    max_seconds=60, min_bytes_per_second=10_000, rate_seconds=0.2, max_bytes=4_000_000, max_body_bytes=100_000,
    photo_seconds=0.5,
)  # fmt: skip


@dataclass
class Timer:
    """A clock that tests move."""

    at: float = 0.0

    def monotonic(self) -> float:
        return self.at

    def feed(self, meter: TransferMeter, *reads: tuple[float, int]) -> None:
        """Let the source take some seconds for each read, of some bytes."""
        for seconds, size in reads:
            started = self.at
            self.at += seconds
            meter.add_wait(started)
            meter.add_received(size)


@pytest.mark.parametrize(
    ("reads", "error"),
    [
        ([(1, 1)] * 200, RATE),
        ([(119, 60_000), (119, 60_000), (119, 60_000)], None),  # long silences, but enough within each period
        ([(0, 10_000_000), *[(1, 1)] * 400], RATE),  # a fast beginning is no credit for later
        ([(0.1, 30)] * 40_000, TOTAL),  # steady, but for too long
        ([(0.1, 1000)] * 9_990, None),
        ([(119, 100), (119, 60_000)], RATE),  # the bytes come after the period they are missing from
    ],
)
def test_a_reply_is_too_slow_by_its_rate_or_its_whole_time(reads: list[tuple[float, int]], error: str | None) -> None:
    timer = Timer()
    meter = TransferMeter(TransferLimits(max_seconds=1000, rate_seconds=180), "mls.test", timer.monotonic)
    if error is None:
        timer.feed(meter, *reads)
        return
    with pytest.raises(SourceTooSlow, match=error) as slow:
        timer.feed(meter, *reads)
    assert f"; {meter.received} bytes came" in str(slow.value)


@pytest.mark.parametrize(
    ("reads", "left"),
    [
        ([], 180),
        ([(100, 1)], 80),
        ([(100, 100_000)], 260),  # enough for this period: the next one may be waited for whole
        ([(100, 100_000), (81, 0)], 179),
        ([(150, 1_000_000), (150, 1_000_000), (150, 1_000_000), (150, 1_000_000)], 300),
        ([(150, 1_000_000)] * 6, 100),  # what is left of the whole time
    ],
)
def test_the_longest_wait_ends_where_the_first_limit_would_be_exceeded(
    reads: list[tuple[float, int]], left: float
) -> None:
    timer = Timer()
    meter = TransferMeter(TransferLimits(max_seconds=1000, rate_seconds=180), "mls.test", timer.monotonic)
    timer.feed(meter, *reads)
    assert meter.seconds_left() == pytest.approx(left)


@pytest.fixture
async def transport(sources: Database, slept: Slept) -> AsyncGenerator[Transport]:
    timeouts = httpx2.Timeout(5, read=3)
    async with Transport.open(
        sources, SystemClock(), time_source=slept.time_source(), timeouts=timeouts, limits=LIMITS
    ) as opened:
        yield opened


async def consume(transport: Transport, url: str, *, hold_seconds: float = 0, method: str = "GET") -> int:
    """Read a reply as it comes, holding each chunk for a while; how many bytes came."""
    size = 0
    async with transport.for_provider("harbour").send(method, url) as answer:
        async for chunk in answer.chunks:
            size += len(chunk)
            await asyncio.sleep(hold_seconds)
    return size


def endless(chunk: bytes, *headers: bytes, start: bytes = b"", pause: float = 0) -> Answer:
    """A reply whose body never ends, one chunk after a pause."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(HEADERS + b"".join(header + b"\r\n" for header in headers) + b"\r\n" + start)
        while True:
            writer.write(chunk)
            await writer.drain()
            await asyncio.sleep(pause)

    return answer


async def header_after_header(writer: asyncio.StreamWriter) -> None:
    writer.write(HEADERS)
    for number in itertools.count():
        writer.write(f"X-{number}: {'x' * 1000}\r\n".encode())
        await writer.drain()


async def byte_by_byte_header(writer: asyncio.StreamWriter) -> None:
    writer.write(HEADERS + b"X-Slow: ")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


CHUNKED = b"Transfer-Encoding: chunked"
GZIP = b"Content-Encoding: gzip"
BOMB = gzip.compress(bytes(1_000_000))
NO_BYTES = gzip.compress(b"")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (endless(b"x", pause=0.02), f"fewer than 10000 bytes a second over 0.2 seconds.*{RATE}.* bytes came"),
        (endless(b"x", CHUNKED, start=b"5;", pause=0.02), RATE),  # the header of a chunk, which never ends
        (endless(b"\0", GZIP, start=BOMB[:200], pause=0.02), RATE),
    ],
)
async def test_a_body_that_dribbles_is_given_up(transport: Transport, answer: Answer, words: str) -> None:
    async with crafted_source(answer) as source:
        with pytest.raises(SourceTooSlow, match=words) as slow:
            await consume(transport, source.base)
        assert isinstance(slow.value, SourceUnavailable)
        assert len(source.requests) == 1


async def test_a_steady_body_ends_with_its_whole_time(sources: Database) -> None:
    limits = TransferLimits(max_seconds=0.5, min_bytes_per_second=100, rate_seconds=0.1)
    async with (
        Transport.open(sources, SystemClock(), limits=limits) as transport,
        crafted_source(endless(b"x" * 1000, pause=0.02)) as source,
    ):
        with pytest.raises(SourceTooSlow, match=rf"longer than 0.5 seconds.*{TOTAL}.*; \d+000 bytes came"):
            await consume(transport, source.base)


async def test_a_body_above_the_minimum_rate_goes_on_for_many_periods(transport: Transport) -> None:
    async def steady(writer: asyncio.StreamWriter) -> None:
        writer.write(HEADERS + b"\r\n")
        for _ in range(40):
            writer.write(b"x" * 2000)
            await writer.drain()
            await asyncio.sleep(0.02)

    async with crafted_source(steady) as source:
        assert await consume(transport, source.base) == 80_000


async def test_the_time_of_whoever_reads_the_body_does_not_count(sources: Database) -> None:
    limits = TransferLimits(max_seconds=0.3, min_bytes_per_second=1_000_000, rate_seconds=0.1)
    async with (
        Transport.open(sources, SystemClock(), limits=limits) as transport,
        crafted_source(reply(b"x" * 3_000_000)) as source,
    ):
        assert await consume(transport, source.base, hold_seconds=0.1) == 3_000_000


@pytest.mark.parametrize(
    "answer",
    [
        endless(b"x" * 100_000),
        endless(b"186a0\r\n" + b"x" * 100_000 + b"\r\n", CHUNKED),
        endless(BOMB, GZIP),
        endless(b"\0" * 100_000, GZIP, start=BOMB),  # padding that decompresses to nothing
        endless(NO_BYTES * 1000, GZIP),
    ],
)
async def test_an_endless_body_is_broken_off(transport: Transport, answer: Answer) -> None:
    async with crafted_source(answer) as source:
        with pytest.raises(ReplyTooLarge, match=r"more than 4000000 bytes.*PLATBOOK_HTTP_MAX_REPLY_BYTES"):
            await consume(transport, source.base)


@pytest.mark.parametrize("answer", [endless(b"x" * 10_000), endless(BOMB, GZIP)])
async def test_a_body_that_is_held_whole_has_a_lower_limit(transport: Transport, answer: Answer) -> None:
    async with crafted_source(answer) as source, transport.for_provider("harbour").send("GET", source.base) as got:
        with pytest.raises(ReplyTooLarge, match=r"100000 bytes.*PLATBOOK_HTTP_MAX_BODY_BYTES"):
            await got.body()
    async with crafted_source(answer) as source, transport.for_service("issuer").send("GET", source.base) as got:
        with pytest.raises(ReplyTooLarge, match=r"larger than 50 bytes$"):
            await got.body(50)


async def test_headers_without_end_are_an_error(transport: Transport) -> None:
    async with crafted_source(header_after_header) as source:
        with pytest.raises(SourceBrokeProtocol, match="headers are too long"):
            await consume(transport, source.base)


async def test_a_header_that_dribbles_is_given_up(sources: Database, slept: Slept) -> None:
    limits = TransferLimits(max_seconds=0.3)
    async with (
        Transport.open(sources, SystemClock(), time_source=slept.time_source(), limits=limits) as transport,
        crafted_source(byte_by_byte_header) as source,
    ):
        with pytest.raises(SourceUnavailable, match="did not answer in time"):
            await consume(transport, source.base, method="POST")
        assert len(source.requests) == 1


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (endless(b"x", pause=0.02), SourceTooSlow, RATE),
        (endless(b"x" * 3000, pause=0.02), SourceTooSlow, "longer than 0.5 seconds.*PLATBOOK_PHOTO_MAX_SECONDS"),
        (endless(b"x" * 100_000), MediaRejected, "larger than 1000000 bytes"),
        (endless(BOMB, GZIP), MediaRejected, "larger than 1000000 bytes"),
        (endless(NO_BYTES * 1000, GZIP), ReplyTooLarge, "PLATBOOK_HTTP_MAX_REPLY_BYTES"),
        (byte_by_byte_header, SourceUnavailable, "did not answer in time"),
    ],
)
async def test_a_photo_without_end_is_given_up(
    transport: Transport, answer: Answer, error: type[Exception], words: str
) -> None:
    downloads = transport.downloads_for("harbour", DownloadLimits(1_000_000, private_addresses=True))
    async with crafted_source(answer) as source:
        with pytest.raises(error, match=words):
            await downloads.fetch(f"{source.base}/1.jpg")


def test_the_settings_of_a_process_are_its_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "HTTP_MAX_SECONDS": "7", "HTTP_MIN_BYTES_PER_SECOND": "8", "HTTP_MIN_RATE_SECONDS": "9",
        "HTTP_MAX_REPLY_BYTES": "5000", "HTTP_MAX_BODY_BYTES": "4000", "PHOTO_MAX_SECONDS": "3",
    }  # fmt: skip
    for name, value in values.items():
        monkeypatch.setenv(f"PLATBOOK_{name}", value)
    limits = TransferLimits.from_settings(Settings())
    assert limits == TransferLimits(7, 8, 9, 5000, 4000, photo_seconds=3)
    assert limits.for_photos().max_seconds == 3


def test_the_defaults_of_settings_and_limits_agree(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # away from an .env file
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    assert TransferLimits.from_settings(Settings()) == TransferLimits()
