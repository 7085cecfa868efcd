"""Converts a reply to an HTTP response: compressed if allowed, broken by faults, in chunks of useful size."""

import zlib
from collections.abc import Iterable, Iterator, Sequence

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from platbook.simulate.rets.faults import to_broken_response
from platbook.simulate.rets.quirks import Quirk
from platbook.simulate.rets.reply import XML, RetsReply

_CHUNK_SIZE = 64 * 1024


def to_response(request: Request, reply: RetsReply, faults: frozenset[Quirk] = frozenset()) -> Response:
    """The HTTP response to a request; `faults` are the faults applied to it."""
    headers = reply.headers | {"Content-Type": reply.content_type}
    body: Iterable[bytes] = reply.body
    if reply.content_type == XML and "gzip" in request.headers.get("Accept-Encoding", "") and not faults:
        headers["Content-Encoding"] = "gzip"
        body = _gzip(body)
    broken = to_broken_response(iter(body), headers, faults)
    if broken is not None:
        return broken
    if isinstance(body, Sequence):
        return Response(b"".join(body), reply.status, headers)
    return StreamingResponse(_merge_chunks(body), reply.status, headers)


def _gzip(body: Iterable[bytes]) -> Iterator[bytes]:
    compressor = zlib.compressobj(level=1, wbits=31)
    for chunk in body:
        compressed = compressor.compress(chunk)
        if compressed:
            yield compressed
    yield compressor.flush()


def _merge_chunks(body: Iterable[bytes]) -> Iterator[bytes]:
    """Merge small chunks: each chunk sent costs an iteration of the event loop."""
    buffered: list[bytes] = []
    size = 0
    for chunk in body:
        buffered.append(chunk)
        size += len(chunk)
        if size >= _CHUNK_SIZE:
            yield b"".join(buffered)
            buffered, size = [], 0
    yield b"".join(buffered)
