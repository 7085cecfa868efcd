"""A server's memory, and another caller's answers, under clients that hold on to it: half-open requests, large uploads.

The quantities are the server's whole: it is a process of its own, with its default limits.
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
_IHDR_END = 33  # signature and first chunk of a PNG
_PIECE = 256 * 1024


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
        program = Program(home, {"DATABASE_URL": database_url, "PLATBOOK_SECRET_KEY": "22" * 32})
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


@asynccontextmanager
async def half_open(port: int, connections: int) -> AsyncGenerator[None]:
    """Hold so many connections with half a request each, from addresses none of which has too many."""
    writers: list[asyncio.StreamWriter] = []
    for number in range(connections):
        source = f"127.0.1.{number // PER_ADDRESS + 1}"
        _, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
        writer.write(HALF_BODY if number % 2 else HALF_HEADERS)
        writers.append(writer)
    try:
        yield
    finally:
        for writer in writers:
            writer.close()


@pytest.mark.parametrize("connections", [200, pytest.param(800, marks=pytest.mark.soak)])
async def test_half_open_connections_cost_little_and_another_caller_is_served(
    server: Server, connections: int, record_property: Callable[[str, object], None]
) -> None:
    enough = asyncio.Event()
    async with half_open(server.port, connections):
        enough.set()
        await server.check_answers(until=enough)
    record_property("peak", server.peak_memory())
    assert server.peak_memory() < MOST_MEMORY


@pytest.mark.parametrize("uploads", [5, pytest.param(20, marks=pytest.mark.soak)])
async def test_large_uploads_at_once_cost_little_and_another_caller_is_served(
    server: Server, uploads: int, record_property: Callable[[str, object], None]
) -> None:
    picture = bytes(pyvips.Image.black(4000, 3400, bands=3).pngsave_buffer(compression=0))
    assert 39_000_000 < len(picture) < 41_000_000
    made = await server.client.post("/api/v1/properties", json=LISTING)
    path = f"/api/v1/properties/{made.json()['data']['id']}/media"
    done = asyncio.Event()

    async def upload(number: int) -> None:
        """Send one, and again when the server says so."""
        headers = {"content-type": "image/png", "content-length": str(len(picture) + len(_to_mark(number)))}
        while True:
            answer = await server.client.post(path, content=_to_pieces(picture, number), headers=headers)
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


async def _to_pieces(picture: bytes, number: int) -> AsyncIterator[bytes]:
    """The picture with a comment that makes its bytes others than those of every other number."""
    yield picture[:_IHDR_END] + _to_mark(number)
    for start in range(_IHDR_END, len(picture), _PIECE):
        yield picture[start : start + _PIECE]


def _to_mark(number: int) -> bytes:
    chunk = b"tEXtComment\0" + f"{number:04}".encode()
    return struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
