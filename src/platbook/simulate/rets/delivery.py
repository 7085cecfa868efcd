"""From a reply to HTTP: packed where it may be, spoiled where a fault strikes, in pieces that are worth sending."""

import zlib
from collections.abc import Iterable, Iterator, Sequence

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from platbook.simulate.rets.faults import spoil
from platbook.simulate.rets.quirks import Quirk
from platbook.simulate.rets.reply import XML, Reply

_PIECE = 64 * 1024


def to_response(request: Request, reply: Reply, strikes: frozenset[Quirk] = frozenset()) -> Response:
    """The HTTP answer to a request; `strikes` are the faults that spoil it."""
    headers = reply.headers | {"Content-Type": reply.content_type}
    body: Iterable[bytes] = reply.body
    if reply.content_type == XML and "gzip" in request.headers.get("Accept-Encoding", "") and not strikes:
        headers["Content-Encoding"] = "gzip"
        body = _gzip(body)
    spoiled = spoil(iter(body), headers, strikes)
    if spoiled is not None:
        return spoiled
    if isinstance(body, Sequence):
        return Response(b"".join(body), reply.status, headers)
    return StreamingResponse(_gather(body), reply.status, headers)


def _gzip(body: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(level=1, wbits=31)
    for piece in body:
        packed = packer.compress(piece)
        if packed:
            yield packed
    yield packer.flush()


def _gather(body: Iterable[bytes]) -> Iterator[bytes]:
    """Small pieces together: each one sent costs a turn of the loop."""
    held: list[bytes] = []
    size = 0
    for piece in body:
        held.append(piece)
        size += len(piece)
        if size >= _PIECE:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)
