"""Compresses responses that are sent whole, by zstd or gzip as the client accepts. Pure ASGI middleware.

What is streamed, coded already, or no text stays as it is; so do photos. Entity tags are weak, so that one stands for
the response in every coding. No response is given out for a cookie: a page of another site cannot have a browser ask
for one with a secret in it, and guess at the secret by its compressed size.
"""

import asyncio
import sys
from collections.abc import Mapping
from typing import cast

from isal import isal_zlib

from platbook.application.asgi import AsgiApp, Message, Receive, Scope, Send
from platbook.application.content_coding import GZIP, ZSTD, choose_coding

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Headers = list[tuple[bytes, bytes]]

_OFFERED = (ZSTD, GZIP)
_TYPES = (b"application/json", b"text/")
_MIN_BYTES = 1000
"""A smaller response fits in one packet as it is."""
_MAX_BYTES_HERE = 64 * 1024
"""A larger one is compressed in a thread, while others are answered."""
_ZSTD_LEVEL, _GZIP_LEVEL = 3, 3
_GZIP_WINDOW = 31
_VARY = (b"vary", b"Accept-Encoding")


class Compression:
    """ASGI middleware around a whole application."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and compress its response where that is of use."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await self._app(scope, receive, _Compressor(send, cast("Headers", scope["headers"])).send)


class _Compressor:
    """One response: its start waits until the first part of its body tells whether it is sent whole."""

    def __init__(self, send: Send, request_headers: Headers) -> None:
        self._send = send
        self._request_headers = request_headers
        self._start: Message | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        start, self._start = self._start, None
        if start is not None:
            headers = cast("Headers", start["headers"])
            by_name = dict(headers)
            if _varies(by_name):
                headers = [*headers, _VARY]
            body = cast("bytes", message.get("body", b""))
            is_whole = not message.get("more_body", False) and len(body) >= _MIN_BYTES
            coding = choose_coding(self._request_headers, _OFFERED) if is_whole and _is_plain(by_name) else None
            if coding is not None:
                message["body"] = await _compress(body, coding)
                headers = _to_coded(headers, coding, len(message["body"]))
            start["headers"] = headers
            await self._send(start)
        await self._send(message)


def _varies(headers: Mapping[bytes, bytes]) -> bool:
    """Whether the same could be answered in another coding; 304 has the tag of what it stands for."""
    return _is_text(headers) or headers.get(b"etag", b"").startswith(b"W/")


def _is_plain(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a response is a text that is not coded yet, and whose bytes no strong tag promises."""
    return _is_text(headers) and b"content-encoding" not in headers and headers.get(b"etag", b"W/").startswith(b"W/")


def _is_text(headers: Mapping[bytes, bytes]) -> bool:
    return headers.get(b"content-type", b"").startswith(_TYPES)


def _to_coded(headers: Headers, coding: str, size: int) -> Headers:
    kept = [(name, value) for name, value in headers if name != b"content-length"]
    return [*kept, (b"content-length", str(size).encode()), (b"content-encoding", coding.encode())]


async def _compress(body: bytes, coding: str) -> bytes:
    compress = _compress_zstd if coding == ZSTD else _compress_gzip
    return compress(body) if len(body) <= _MAX_BYTES_HERE else await asyncio.to_thread(compress, body)


def _compress_zstd(body: bytes) -> bytes:
    return zstd.compress(body, _ZSTD_LEVEL)


def _compress_gzip(body: bytes) -> bytes:
    return isal_zlib.compress(body, _GZIP_LEVEL, _GZIP_WINDOW)  # pyright: ignore[reportUnknownMemberType] - stubs without types
