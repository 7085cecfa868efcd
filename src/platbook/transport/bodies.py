"""Streaming of response bodies, in which a truncated body is an error and never mistaken for a complete one.

Decompression is done here and not by the HTTP library, which accepts a truncated gzip stream as complete.
"""

import asyncio
import time
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing

import httpcore2
import httpx2

from platbook.base.errors import SourceBrokeProtocol, SourceUnavailable
from platbook.transport.instrumentation import TrafficCounter
from platbook.transport.transfer import TransferLimits, TransferMeter

# A read costs the same for any size; this quarters the number of reads of a large body.
httpcore2.AsyncHTTP11Connection.READ_NUM_BYTES = 256 * 1024  # pyright: ignore[reportAttributeAccessIssue] - typed by its default

DEFAULT_LIMITS = TransferLimits()
_MAX_PIECE = 256 * 1024
_GZIP = 16 + zlib.MAX_WBITS
_RAW_DEFLATE = -zlib.MAX_WBITS
_GZIP_MAGIC = b"\x1f"
_WINDOWS = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": zlib.MAX_WBITS}


async def read_body(
    response: httpx2.Response,
    name: str,
    traffic: TrafficCounter,
    limits: TransferLimits = DEFAULT_LIMITS,
    monotonic: Callable[[], float] = time.monotonic,
    *,
    ignore_unknown_codings: bool = False,
) -> AsyncGenerator[bytes]:
    """Yield a body's bytes, decompressed. SourceBrokeProtocol if it is truncated or corrupt; errors show `name`.

    SourceTooSlow and ReplyTooLarge where it exceeds the limits; the time between two reads does not count.
    `ignore_unknown_codings`: a Content-Encoding that we do not know was not applied, and the caller judges the bytes.
    """
    encoding = response.headers.get("content-encoding", "")
    if not ignore_unknown_codings and find_unknown_codings(encoding):
        raise SourceBrokeProtocol(f"{name} answered in a Content-Encoding that was not requested")
    meter = TransferMeter(limits, name, monotonic)
    raw = _read_raw(response, name, traffic, meter, monotonic)
    async with aclosing(_decompress(encoding, name, raw)) as chunks:
        async for chunk in chunks:
            meter.add_decompressed(len(chunk))
            yield chunk


def find_unknown_codings(encoding: str) -> list[str]:
    """The codings of a Content-Encoding header that are not decoded here."""
    return [coding for coding in _to_codings(encoding) if coding not in _WINDOWS]


def _to_codings(encoding: str) -> list[str]:
    named = (coding.strip().lower() for coding in encoding.split(","))
    return [coding for coding in named if coding not in ("", "identity")]


async def _decompress(encoding: str, name: str, raw: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    known = [coding for coding in _to_codings(encoding) if coding in _WINDOWS]
    if not known:
        async for chunk in raw:
            yield chunk
        return
    if len(known) > 1:
        raise SourceBrokeProtocol(f"{name} answered in a Content-Encoding that was not requested")
    inflater = _Inflater(_WINDOWS[known[0]])
    try:
        async for chunk in raw:
            for piece in inflater.feed(chunk):
                yield piece
                await asyncio.sleep(0)  # one read may hold a hundred times its size; leases must be renewed meanwhile
    except zlib.error as error:
        raise SourceBrokeProtocol(f"{name} sent a body that cannot be decompressed") from error
    if inflater.is_incomplete:
        raise SourceBrokeProtocol(f"{name} sent a compressed body that is truncated")


async def _read_raw(
    response: httpx2.Response,
    name: str,
    traffic: TrafficCounter,
    meter: TransferMeter,
    monotonic: Callable[[], float],
) -> AsyncGenerator[bytes]:
    chunks = response.aiter_raw()
    try:
        while (chunk := await _wait(chunks, meter, monotonic)) is not None:
            traffic.bytes += len(chunk)
            meter.add_received(len(chunk))
            yield chunk
    except httpx2.TimeoutException as error:
        raise SourceUnavailable(f"{name} stopped sending in the middle of a body") from error
    except httpx2.TransportError as error:
        raise SourceBrokeProtocol(f"{name} sent a body that is truncated") from error


async def _wait(chunks: AsyncIterator[bytes], meter: TransferMeter, monotonic: Callable[[], float]) -> bytes | None:
    """The next bytes, None at the end. A source that dribbles without completing a chunk is stopped, too."""
    started, deadline = monotonic(), asyncio.timeout(meter.seconds_left())
    try:
        async with deadline:
            chunk = await anext(chunks, None)
    except TimeoutError:
        if not deadline.expired():
            raise
        raise meter.to_slow_error() from None
    meter.add_wait(started)
    return chunk


class _Inflater:
    """One or more compressed streams, one after the other (RFC 1952 section 2.2), in pieces of bounded size."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._stream = zlib.decompressobj(window)
        self._fed = False

    @property
    def is_incomplete(self) -> bool:
        """Whether a stream has started and not ended."""
        return self._fed and not self._stream.eof

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decompress the next bytes; zlib.error if they are not a valid stream."""
        while data:
            if self._stream.eof:
                data = data.lstrip(b"\0")  # padding after the last stream
                if not data:
                    return
                if data[:1] != _GZIP_MAGIC:
                    raise zlib.error("bytes after the end of the stream")
                self._stream = zlib.decompressobj(self._window)
            piece = self._inflate(data)
            self._fed = True
            if piece:
                yield piece
            data = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail

    def _inflate(self, data: bytes) -> bytes:
        try:
            return self._stream.decompress(data, _MAX_PIECE)
        except zlib.error:
            # Many servers send a raw stream, without the zlib header, as "deflate" (RFC 9110 section 8.4.1.2, note).
            if self._fed or self._window != zlib.MAX_WBITS:
                raise
            self._window = _RAW_DEFLATE
            self._stream = zlib.decompressobj(_RAW_DEFLATE)
            return self._stream.decompress(data, _MAX_PIECE)
