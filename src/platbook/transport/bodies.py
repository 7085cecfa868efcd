"""Reading a body as it comes, so that one that stops short is an error and never an end.

Decompression is done here and not by the HTTP library: that takes a gzip stream that was cut for a whole one.
"""

import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator

import httpcore2
import httpx2

from platbook.base.errors import SourceBrokeProtocol, SourceUnavailable
from platbook.transport.meter import Meter

# What one read costs is the same for any size; a large reply comes in a quarter of the pieces.
httpcore2.AsyncHTTP11Connection.READ_NUM_BYTES = 256 * 1024  # pyright: ignore[reportAttributeAccessIssue] - typed by its default

_MOST_AT_ONCE = 1024 * 1024
_GZIP = 16 + zlib.MAX_WBITS
_RAW_DEFLATE = -zlib.MAX_WBITS
_GZIP_MAGIC = b"\x1f"


async def read_body(response: httpx2.Response, name: str, meter: Meter) -> AsyncGenerator[bytes]:
    """Yield a body's bytes, decompressed. SourceBrokeProtocol if it is cut or broken; `name` is used in errors."""
    raw = _read_raw(response, name, meter)
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity"):
        async for chunk in raw:
            yield chunk
        return
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise SourceBrokeProtocol(f"{name} answered in an encoding that was not asked for")
    inflater = _Inflater(_GZIP if "gzip" in encoding else zlib.MAX_WBITS)
    try:
        async for chunk in raw:
            for piece in inflater.feed(chunk):
                yield piece
    except zlib.error as error:
        raise SourceBrokeProtocol(f"{name} sent a body that cannot be decompressed") from error
    if inflater.is_midway:
        raise SourceBrokeProtocol(f"{name} sent a compressed body that stops short")


async def _read_raw(response: httpx2.Response, name: str, meter: Meter) -> AsyncIterator[bytes]:
    try:
        async for chunk in response.aiter_raw():
            meter.bytes += len(chunk)
            yield chunk
    except httpx2.TimeoutException as error:
        raise SourceUnavailable(f"{name} stopped sending in the middle of a body") from error
    except httpx2.TransportError as error:
        raise SourceBrokeProtocol(f"{name} sent a body that stops short") from error


class _Inflater:
    """One or more compressed streams, one after the other (RFC 1952 section 2.2), in pieces of bounded size."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._stream = zlib.decompressobj(window)
        self._fed = False

    @property
    def is_midway(self) -> bool:
        """Whether a stream has begun and not ended."""
        return self._fed and not self._stream.eof

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decompress what came; zlib.error if it is no such stream."""
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
            return self._stream.decompress(data, _MOST_AT_ONCE)
        except zlib.error:
            # Many servers mean the bare stream by "deflate" (RFC 9110 section 8.4.1.2, note).
            if self._fed or self._window != zlib.MAX_WBITS:
                raise
            self._window = _RAW_DEFLATE
            self._stream = zlib.decompressobj(_RAW_DEFLATE)
            return self._stream.decompress(data, _MOST_AT_ONCE)
