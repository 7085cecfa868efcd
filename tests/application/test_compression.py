"""Which content coding a request gets, and which responses are compressed."""

import gzip
import sys
from collections.abc import Sequence

import pytest

from platbook.application.asgi import Message, Receive, Scope, Send
from platbook.application.compression import Compression
from platbook.application.content_coding import GZIP, ZSTD, choose_coding

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TEXT = b'{"success":true,"data":[' + b",".join(b'{"number":%d}' % number for number in range(200)) + b"]}"
LONG = TEXT * 50


@pytest.mark.parametrize(
    ("accepted", "offered", "coding"),
    [
        ("", (ZSTD, GZIP), None),
        ("gzip", (ZSTD, GZIP), GZIP),
        ("GZip", (ZSTD, GZIP), GZIP),
        ("x-gzip", (ZSTD, GZIP), GZIP),
        ("gzip, deflate, br, zstd", (ZSTD, GZIP), ZSTD),
        ("gzip, deflate, br, zstd", (GZIP, ZSTD), GZIP),
        ("br", (ZSTD, GZIP), None),
        ("gzip;q=0.5, zstd;q=0.4", (ZSTD, GZIP), GZIP),
        ("gzip;q=0.5,zstd;q=1.0", (GZIP, ZSTD), ZSTD),
        ("gzip ; q=0.001", (ZSTD, GZIP), GZIP),
        ("gzip;q=0", (ZSTD, GZIP), None),
        ("gzip;Q=0.000", (ZSTD, GZIP), None),
        ("*", (ZSTD, GZIP), ZSTD),
        ("*;q=0.1", (GZIP, ZSTD), GZIP),
        ("zstd;q=0, *", (ZSTD, GZIP), GZIP),
        ("*;q=0", (ZSTD, GZIP), None),
        ("gzip, *;q=0", (ZSTD, GZIP), GZIP),
        ("identity", (ZSTD, GZIP), None),
        ("identity;q=0.5, gzip", (ZSTD, GZIP), GZIP),
        ("identity, gzip;q=0.5", (ZSTD, GZIP), None),
        ("identity;q=0, gzip;q=0.1", (ZSTD, GZIP), GZIP),
        ("gzip;q=2", (ZSTD, GZIP), None),
        ("gzip;q=", (ZSTD, GZIP), None),
        ("gzip;level=9", (ZSTD, GZIP), None),
        (",, gzip,", (ZSTD, GZIP), GZIP),
        ("\xe9;q=1, gzip", (ZSTD, GZIP), GZIP),
    ],
)
def test_the_coding_that_the_client_prefers_is_chosen(
    accepted: str, offered: Sequence[str], coding: str | None
) -> None:
    assert choose_coding([(b"accept-encoding", accepted.encode("latin-1"))], offered) == coding


def test_several_header_lines_are_one_list() -> None:
    lines = [(b"accept-encoding", b"zstd;q=0"), (b"accept", b"*/*"), (b"accept-encoding", b"gzip")]
    assert choose_coding(lines, (ZSTD, GZIP)) == GZIP
    assert choose_coding([], (ZSTD, GZIP)) is None


async def respond(
    headers: dict[str, str], *bodies: bytes, accepted: str = "zstd, gzip"
) -> tuple[dict[str, str], bytes]:
    """What a client receives of a response with these headers, in these parts."""
    received: list[Message] = []

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        for at, body in enumerate(bodies):
            await send({"type": "http.response.body", "body": body, "more_body": at < len(bodies) - 1})

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        received.append(message)

    scope: Scope = {"type": "http", "headers": [(b"accept-encoding", accepted.encode())]}
    await Compression(app)(scope, receive, send)
    start, *rest = received
    named = {name.decode(): value.decode() for name, value in start["headers"]}
    return named, b"".join(message["body"] for message in rest)


@pytest.mark.parametrize("body", [TEXT, LONG])
@pytest.mark.parametrize(("accepted", "coding"), [("zstd, gzip", "zstd"), ("gzip", "gzip"), ("br", None)])
async def test_a_text_is_compressed_as_the_client_accepts(body: bytes, accepted: str, coding: str | None) -> None:
    headers = {"content-type": "application/json", "content-length": str(len(body)), "etag": 'W/"1"'}

    sent, received = await respond(headers, body, accepted=accepted)

    assert sent.get("content-encoding") == coding
    assert sent["content-length"] == str(len(received))
    assert (sent["vary"], sent["etag"]) == ("Accept-Encoding", 'W/"1"')
    decode = {"zstd": zstd.decompress, "gzip": gzip.decompress, None: bytes}[coding]
    assert decode(received) == body
    assert coding is None or len(received) < len(body) / 3


@pytest.mark.parametrize(
    ("headers", "bodies"),
    [
        ({"content-type": "image/webp"}, [LONG]),
        ({}, [b""]),
        ({"content-type": "application/json", "content-encoding": "gzip"}, [LONG]),
        ({"content-type": "application/json", "etag": '"strong"'}, [LONG]),
        ({"content-type": "application/json"}, [b'{"status":"ok"}']),
        ({"content-type": "text/csv"}, [LONG, LONG, b""]),
    ],
    ids=["a photo", "no body", "coded already", "a strong tag", "short", "streamed"],
)
async def test_what_cannot_be_or_is_not_worth_it_is_sent_as_it_is(headers: dict[str, str], bodies: list[bytes]) -> None:
    sent, received = await respond(headers, *bodies)

    assert sent.get("content-encoding") == headers.get("content-encoding")
    assert received == b"".join(bodies)
    assert ("vary" in sent) == headers.get("content-type", "").startswith(("application/json", "text/"))
