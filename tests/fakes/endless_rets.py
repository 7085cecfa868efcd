"""A RETS server on loopback whose replies do not end, or come a byte at a time, or are more than was asked for."""

import asyncio
import gzip
import itertools
import re
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

LOGIN = b"""<RETS ReplyCode="0" ReplyText="Success"><RETS-RESPONSE>
MemberName=A
Search=/rets/search
GetMetadata=/rets/metadata
GetObject=/rets/object
Logout=/rets/logout
</RETS-RESPONSE></RETS>"""
OK = b'<RETS ReplyCode="0" ReplyText="Success"/>'
STARTED = b'<RETS ReplyCode="0" ReplyText="Success">\r\n'
ENDED = b"</RETS>\r\n"
COLUMNS = ("ListingKey", "ModificationTimestamp", "StandardStatus", "PhotosCount", *(f"F{n}" for n in range(103)))
FILLER = "\t".join(f"value {n:04d}" for n in range(103))
HEADER = b'<DELIMITER value="09"/>\r\n<COLUMNS>\t%b\t</COLUMNS>\r\n' % "\t".join(COLUMNS).encode()
BLOCK = 500

Body = Iterator[bytes]
Reply = Callable[[Mapping[str, str]], Body]
"""The chunks of a reply to a request's arguments."""


def to_rows(first: int, count: int) -> bytes:
    """Rows of about 1,300 bytes, with keys by their number."""
    return b"".join(
        f"<DATA>\tK{n:08d}\t2026-03-01T00:00:00Z\tActive\t2\t{FILLER}\t</DATA>\r\n".encode()
        for n in range(first, first + count)
    )


def rows(total: int, *, offset: bool = True) -> Reply:
    """All the rows there are from the Offset on, whatever the Limit; a search by keys or for a count is answered."""

    def reply(arguments: Mapping[str, str]) -> Body:
        yield STARTED + b'<COUNT Records="%d"/>\r\n' % total
        if arguments.get("Count") != "2":
            yield HEADER
            start = int(arguments.get("Offset", "1")) if offset else 1
            for first in range(start, total + 1, BLOCK):
                yield to_rows(first, min(BLOCK, total + 1 - first))
        yield ENDED

    return reply


def by_keys(total: int) -> Reply:
    """The keys alone where they are selected alone, and rows by lists of keys."""

    def reply(arguments: Mapping[str, str]) -> Body:
        keys = re.findall(r"K(\d{8})", arguments["Query"])
        numbers = [int(key) for key in keys] or list(range(1, total + 1))
        yield STARTED + b'<COUNT Records="%d"/>\r\n' % len(numbers)
        if keys:
            yield HEADER + b"".join(to_rows(number, 1) for number in numbers)
        elif arguments.get("Count") != "2":
            yield b"<COLUMNS>\tListingKey\t</COLUMNS>"
            yield b"".join(b"<DATA>\tK%08d\t</DATA>\r\n" % number for number in numbers)
        yield ENDED

    return reply


def endless_rows(_: Mapping[str, str]) -> Body:
    yield STARTED + HEADER
    for block in itertools.count():
        yield to_rows(block * BLOCK, BLOCK)


def endless_markup(_: Mapping[str, str]) -> Body:
    yield STARTED + HEADER + to_rows(1, 1)
    for number in itertools.count():
        yield b"".join(b"<X%d/>" % (number * 1000 + n) for n in range(1000))


def repeated_markup(_: Mapping[str, str]) -> Body:
    yield STARTED + HEADER + to_rows(1, 1)
    while True:
        yield b"<X/>" * 10_000


def row_without_end(_: Mapping[str, str]) -> Body:
    yield STARTED + HEADER + b"<DATA>\tK1"
    while True:
        yield b"\tvalue" * 10_000


def record_without_end(_: Mapping[str, str]) -> Body:
    """In STANDARD-XML."""
    yield STARTED + b"<REData><REProperties><Residential><ListingKey>K1</ListingKey>"
    while True:
        yield b"<Room>x</Room>" * 5_000


def endless_metadata(arguments: Mapping[str, str]) -> Body:
    kind = arguments["Type"]
    yield STARTED + f'<{kind} Resource="Property"><COLUMNS>\tResourceID\tKeyField\tA\t</COLUMNS>\r\n'.encode()
    for number in itertools.count():
        yield b"".join(b"<DATA>\tR%d\tK\t%d\t</DATA>\r\n" % (number, n) for n in range(1000))


def empty_cells_of_metadata(arguments: Mapping[str, str]) -> Body:
    kind = arguments["Type"]
    columns = "\t".join(f"C{n}" for n in range(200))
    yield STARTED + f"<{kind}><COLUMNS>\t{columns}\t</COLUMNS>\r\n".encode()
    while True:
        yield (b"<DATA>" + b"\t" * 201 + b"</DATA>\r\n") * 100


def endless_tables(arguments: Mapping[str, str]) -> Body:
    yield STARTED
    while True:
        yield f"<{arguments['Type']}/>".encode() * 5_000


def lookups_without_end(arguments: Mapping[str, str]) -> Body:
    """Every level has tables of a size that is allowed, and names more of them below."""
    kind = arguments["Type"]
    names = "ResourceID\tClassName\tLookupName\tSystemName\tValue"
    yield STARTED + f"<{kind}><COLUMNS>\t{names}\t</COLUMNS>\r\n".encode()
    for n in range(1000):
        yield f"<DATA>\t{kind}{n}\t{kind}{n}\t{kind}{n}\t{kind}{n}\tx\t</DATA>\r\n".encode()
    yield f"</{kind}>".encode() + ENDED


def endless_photos(arguments: Mapping[str, str]) -> Body:
    key = arguments["ID"].split(",")[0].partition(":")[0]
    yield b"\r\n"
    for number in itertools.count(1):
        yield _to_part(key, number) + b"x" * 100_000 + b"\r\n"


def alternating_photos(arguments: Mapping[str, str]) -> Body:
    """Photos of two listings in turn, so that each begins again and again."""
    keys = [one.partition(":")[0] for one in arguments["ID"].split(",")][:2]
    yield b"\r\n"
    for number in itertools.count(1):
        for key in keys:
            yield _to_part(key, number) + b"x" * 1_000 + b"\r\n"


def endless_refusals(_: Mapping[str, str]) -> Body:
    yield b"\r\n"
    for number in itertools.count(1):
        error = f'<RETS ReplyCode="20409" ReplyText="Object {number} is unavailable"/>'.encode()
        yield b"--part\r\nContent-Type: text/xml\r\nContent-ID: \r\nObject-ID: 1\r\n\r\n" + error + b"\r\n"


def photo_without_end(arguments: Mapping[str, str]) -> Body:
    yield b"\r\n" + _to_part(arguments["ID"].partition(":")[0], 1)
    while True:
        yield b"x" * 100_000


def _to_part(key: str, number: int) -> bytes:
    return f"--part\r\nContent-Type: image/jpeg\r\nContent-ID: {key}\r\nObject-ID: {number}\r\n\r\n".encode()


@dataclass
class EndlessRets:
    """The server's script: a reply for each transaction, how it is sent, and the requests that came."""

    search: Reply = field(default_factory=lambda: rows(20))
    metadata: Reply = endless_metadata
    photos: Reply = endless_photos
    photo_type: str = "multipart/parallel; boundary=part"
    login: bytes = LOGIN
    headers: tuple[bytes, ...] = ()
    dribble_seconds: float | None = None
    """Search replies are sent a byte at a time, with so long a pause."""
    compressed: bool = False
    port: int = 0
    requests: list[tuple[str, Mapping[str, str]]] = field(default_factory=list[tuple[str, Mapping[str, str]]])

    @property
    def login_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/rets/login"

    def searched(self) -> list[Mapping[str, str]]:
        """The arguments of every search, in order."""
        return [arguments for path, arguments in self.requests if path == "/rets/search"]

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            target = (await reader.readuntil(b"\r\n\r\n")).decode().split(" ", 2)[1]
            parts = urlsplit(target)
            arguments = {name: values[0] for name, values in parse_qs(parts.query).items()}
            self.requests.append((parts.path, arguments))
            await self._send(writer, parts.path, arguments)
        writer.close()

    async def _send(self, writer: asyncio.StreamWriter, path: str, arguments: Mapping[str, str]) -> None:
        body, kind = self._answer(path, arguments)
        is_search = path == "/rets/search"
        lines = [b"HTTP/1.1 200 OK", b"Content-Type: " + kind.encode(), b"Connection: close", *self.headers]
        if self.compressed and is_search:
            lines.append(b"Content-Encoding: gzip")
        writer.write(b"\r\n".join([*lines, b"", b""]))
        for chunk in body:
            if is_search and self.dribble_seconds is not None:
                for byte in chunk:
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(self.dribble_seconds)
            else:
                writer.write(gzip.compress(chunk, 1) if self.compressed and is_search else chunk)
                await writer.drain()

    def _answer(self, path: str, arguments: Mapping[str, str]) -> tuple[Body, str]:
        match path:
            case "/rets/login":
                return iter((self.login,)), "text/xml"
            case "/rets/search":
                return self.search(arguments), "text/xml"
            case "/rets/metadata":
                return self.metadata(arguments), "text/xml"
            case "/rets/object":
                return self.photos(arguments), self.photo_type
            case _:
                return iter((OK,)), "text/xml"


@asynccontextmanager
async def serving_endless(script: EndlessRets) -> AsyncGenerator[EndlessRets]:
    """Serve on a free loopback port until the block ends."""
    server = await asyncio.start_server(script.handle, "127.0.0.1", 0)
    script.port = server.sockets[0].getsockname()[1]
    try:
        yield script
    finally:
        server.close()
