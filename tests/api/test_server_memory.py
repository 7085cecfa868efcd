"""A server's memory, and another caller's answers, under clients that hold on to it: half-open requests, large uploads.

The server is a process of its own, with its default limits but for the patience with half a request.
"""

import asyncio
import re
import struct
import sys
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
import pyvips

from platbook.accounts import NewUser, add_user
from platbook.base.actor import COMMAND_LINE, Role
from platbook.db import Database
from tests.cli.program import Program, fresh_home, start_serving

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and connects from all of 127.0.0.0/8")

MOST_MEMORY = 400_000_000
EMAIL, PASSWORD = "ada@example.com", "correct horse battery"
LISTING = {"standardStatus": "Active", "propertyType": "Residential", "listPrice": 489000}
HALF_HEADERS = b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-Slow: "
HALF_BODY = (
    b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900000\r\n\r\n{"
)
PER_ADDRESS = 50
PATIENT = {"PLATBOOK_REQUEST_SECONDS": "120"}
MOST_WAITING = 500  # half of PLATBOOK_MAX_CONNECTIONS
_PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of about 39 MB; a comment at `position` makes its bytes others than those of every other number."""

    content: bytes
    position: int
    media_type: str

    @classmethod
    def png(cls) -> "Picture":
        """One whose pixels are all in memory; its comment is behind the first chunk."""
        image = pyvips.Image.black(4000, 3300, bands=3)
        return cls(bytes(image.pngsave_buffer(compression=0)), 33, "image/png")

    @classmethod
    def progressive_jpeg(cls) -> "Picture":
        """One all of whose coefficients are in memory, twice as large as its pixels."""
        noise = pyvips.Image.gaussnoise(4860, 4560, mean=128, sigma=60)
        image = noise.bandjoin([noise.rot180(), noise.fliphor()]).cast("uchar")
        return cls(bytes(image.jpegsave_buffer(Q=94, interlace=True, subsample_mode="off")), 2, "image/jpeg")

    def comment(self, number: int) -> bytes:
        """The comment of a number."""
        text = f"{number:04}".encode()
        if self.media_type == "image/jpeg":
            return b"\xff\xfe" + struct.pack(">H", 2 + len(text)) + text
        chunk = b"tEXtComment\0" + text
        return struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))

    async def to_pieces(self, number: int) -> AsyncIterator[bytes]:
        """The bytes of a number, as they are sent."""
        yield self.content[: self.position] + self.comment(number)
        for start in range(self.position, len(self.content), _PIECE):
            yield self.content[start : start + _PIECE]


@dataclass
class Server:
    """A server process, and a client of it with its user's token."""

    pid: int
    port: int
    client: httpx2.AsyncClient

    def peak_memory(self) -> int:
        """The most memory it had, in bytes."""
        (kilobytes,) = re.findall(r"VmHWM:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text())
        return int(kilobytes) * 1024

    async def check_answers(self, *, until: asyncio.Event) -> int:
        """Let another caller ask until the event, and once more; how many answers, all of them good, came."""
        answers = 0
        while True:
            is_last = until.is_set()
            for path in ("/health/live", "/api/v1/auth/me"):
                answer = await self.client.get(path)
                assert answer.status_code == 200, answer.text
                answers += 1
            if is_last:
                return answers
            await asyncio.sleep(0.1)


@pytest.fixture
async def server(database: Database, database_url: str) -> AsyncGenerator[Server]:
    """`platbook serve` with its defaults."""
    async with database.transaction() as connection:
        new = NewUser(EMAIL, PASSWORD, "Ada", "King", Role.ADMIN)
        await add_user(connection, new, COMMAND_LINE, datetime.now(UTC))
    with fresh_home() as home:
        program = Program(home, {"DATABASE_URL": database_url, "PLATBOOK_SECRET_KEY": "22" * 32, **PATIENT})
        serve = ("serve", "--port", "0")
        served = await asyncio.to_thread(
            start_serving, program, *serve, until="serving", url=r'"url": "(http://[^"]+)"'
        )
        try:
            async with httpx2.AsyncClient(base_url=served.url, timeout=120) as client:
                login = await client.post("/api/v1/auth/login", json={"email": EMAIL, "password": PASSWORD})
                client.headers["Authorization"] = f"Bearer {login.json()['data']['accessToken']}"
                yield Server(served.process.pid, int(served.url.rpartition(":")[2]), client)
        finally:
            served.interrupt()


class HalfRequest(asyncio.Protocol):
    """A connection with half a request."""

    def __init__(self) -> None:
        self.is_answered = False

    def data_received(self, data: bytes) -> None:
        """The server has given it up."""
        self.is_answered = bool(data)


@asynccontextmanager
async def half_open(port: int, connections: int) -> AsyncGenerator[list[HalfRequest]]:
    """Hold so many connections with half a request each, from addresses none of which has too many."""
    loop = asyncio.get_running_loop()
    opened: list[tuple[asyncio.Transport, HalfRequest]] = []
    for number in range(connections):
        source = f"127.0.1.{number // PER_ADDRESS + 1}"
        transport, request = await loop.create_connection(HalfRequest, "127.0.0.1", port, local_addr=(source, 0))
        transport.write(HALF_BODY if number % 2 else HALF_HEADERS)
        opened.append((transport, request))
    try:
        yield [request for _, request in opened]
    finally:
        for transport, _ in opened:
            transport.close()


@pytest.mark.parametrize("connections", [200, pytest.param(800, marks=pytest.mark.soak)])
async def test_half_open_connections_cost_little_and_another_caller_is_served(
    server: Server, connections: int, record_property: Callable[[str, object], None]
) -> None:
    enough = asyncio.Event()
    async with half_open(server.port, connections) as requests:
        enough.set()
        await server.check_answers(until=enough)
        while sum(not request.is_answered for request in requests) > MOST_WAITING:
            await server.check_answers(until=enough)
        # The other caller's own connection may have been one of those that wait.
        assert sum(not request.is_answered for request in requests) >= min(connections, MOST_WAITING - 2)
    record_property("peak", server.peak_memory())
    assert server.peak_memory() < MOST_MEMORY


@pytest.mark.parametrize("uploads", [5, pytest.param(20, marks=pytest.mark.soak)])
@pytest.mark.parametrize("make", [Picture.png, pytest.param(Picture.progressive_jpeg, marks=pytest.mark.soak)])
async def test_large_uploads_at_once_cost_little_and_another_caller_is_served(
    server: Server, uploads: int, make: Callable[[], Picture], record_property: Callable[[str, object], None]
) -> None:
    picture = make()
    assert 39_000_000 < len(picture.content) < 41_000_000, len(picture.content)
    made = await server.client.post("/api/v1/properties", json=LISTING)
    path = f"/api/v1/properties/{made.json()['data']['id']}/media"
    done = asyncio.Event()

    async def upload(number: int) -> None:
        """Send one, and again when the server says so."""
        size = len(picture.content) + len(picture.comment(number))
        headers = {"content-type": picture.media_type, "content-length": str(size)}
        while True:
            answer = await server.client.post(path, content=picture.to_pieces(number), headers=headers)
            if answer.status_code != 503:
                assert answer.status_code == 201, answer.text
                return
            await asyncio.sleep(int(answer.headers["retry-after"]))

    async with asyncio.TaskGroup() as group:
        other = group.create_task(server.check_answers(until=done))
        await asyncio.gather(*map(upload, range(uploads)))
        done.set()
    stored = (await server.client.get(path)).json()["data"]["media"]
    assert [photo["state"] for photo in stored] == ["stored"] * uploads
    record_property("peak", server.peak_memory())
    record_property("answers", other.result())
    assert server.peak_memory() < MOST_MEMORY
