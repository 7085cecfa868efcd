"""Clients that send half a request, slowly, or too much without a token: others are served meanwhile."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx2
from structlog.testing import capture_logs

from platbook.api import create_api
from platbook.bootstrap.http_protocol import ClientLimits
from platbook.bootstrap.http_server import bind, create_server
from platbook.bootstrap.waiting_clients import WaitingClients
from tests.api.conftest import Api

SIZE = 10_000  # of a body that drips
HALF_HEADERS = b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-Slow: "
LOGIN = (
    b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900000\r\n\r\n"
)


@asynccontextmanager
async def serving(api: Api, limits: ClientLimits) -> AsyncGenerator[tuple[str, int]]:
    """The API behind the real server, on a free port."""
    bound: socket.socket = bind("127.0.0.1", 0)
    server = create_server(create_api(api.services), limits)
    task = asyncio.create_task(server.serve(sockets=[bound]))
    try:
        yield bound.getsockname()[:2]
    finally:
        server.should_exit = True
        await task


async def send(address: tuple[str, int], data: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(data)
    return reader, writer


async def answer_to(address: tuple[str, int], data: bytes) -> bytes:
    """All that comes until the server closes the connection."""
    reader, writer = await send(address, data)
    async with asyncio.timeout(30):
        answer = await reader.read()
    writer.close()
    return answer


async def test_two_hundred_half_requests_are_given_up_and_others_are_served_meanwhile(api: Api) -> None:
    token = await api.token("admin@example.com")
    async with serving(api, ClientLimits(seconds=1.5, waiting_per_address=20, connections=400)) as address:
        with capture_logs() as logged:
            begun = [send(address, data) for data in [HALF_HEADERS] * 100 + [LOGIN + b"{" * 1000] * 100]
            connections = await asyncio.gather(*begun)
            async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{address[1]}", timeout=20) as client:
                assert (await client.get("/health/live")).status_code == 200
                mine = await client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"})
                assert mine.status_code == 200
            async with asyncio.timeout(30):
                answers = await asyncio.gather(*(reader.read() for reader, _ in connections))
        for _, writer in connections:
            writer.close()
    assert {answer[:12] for answer in answers} == {b"HTTP/1.1 408"}
    surplus = [one for one in logged if "too many connections" in str(one["event"])]
    assert [one["client"] for one in surplus] == ["127.0.0.1"], "one line, not one for each"


async def test_a_body_that_drips_is_given_up_and_one_that_comes_steadily_is_read(api: Api) -> None:
    limits = ClientLimits(seconds=0.3, body_bytes=1000)

    async def drip(address: tuple[str, int], piece: int) -> bytes:
        reader, writer = await send(address, LOGIN.replace(b"900000", b"%d" % SIZE))
        answer = asyncio.create_task(reader.read(12))
        for _ in range(SIZE // piece):
            if answer.done():
                break
            writer.write(b"x" * piece)
            await asyncio.sleep(0.03)
        async with asyncio.timeout(30):
            status = await answer
        writer.close()
        return status

    async with serving(api, limits) as address:
        assert await drip(address, 20) == b"HTTP/1.1 408"
        assert await drip(address, 500) == b"HTTP/1.1 400"


async def test_a_body_without_a_valid_token_is_not_waited_for(api: Api) -> None:
    photos = "/api/v1/properties/00000000-0000-0000-0000-000000000000/media"
    async with serving(api, ClientLimits(seconds=60)) as address:
        for path, authorization, status in (
            ("/api/v1/leads", "", b"401"),
            ("/api/v1/leads", "Authorization: Bearer nonsense\r\n", b"401"),
            (photos, "", b"401"),
            ("/api/v1/nowhere", "", b"404"),
        ):
            head = f"POST {path} HTTP/1.1\r\nHost: x\r\n{authorization}Content-Length: 900000\r\n\r\n"
            answer = await answer_to(address, head.encode())
            assert answer.startswith(b"HTTP/1.1 " + status), path
            assert b"connection: close\r\n" in answer


async def test_a_body_with_a_token_is_read_and_its_connection_is_no_stranger_s(api: Api) -> None:
    token = (await api.token("admin@example.com")).encode()
    limits = ClientLimits(seconds=60, waiting_per_address=1)
    body = b'{"lastName": "Lane"}'
    head = b"POST /api/v1/leads HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
    head += b"Authorization: Bearer " + token + b"\r\nContent-Length: %d\r\n\r\n" % len(body)
    async with serving(api, limits) as address:
        reader, writer = await send(address, head + body[:5])
        await asyncio.sleep(0.3)
        others = [await send(address, HALF_HEADERS) for _ in range(3)]
        writer.write(body[5:])
        async with asyncio.timeout(30):
            assert (await reader.read()).startswith(b"HTTP/1.1 201")
        for _, other in [(reader, writer), *others]:
            other.close()


async def test_requests_above_the_limit_of_connections_are_answered_503_as_any_other_error(api: Api) -> None:
    request = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nX-Request-Id: mine\r\n\r\n{}"
    async with serving(api, ClientLimits(seconds=60, connections=4)) as address:
        served = [await send(address, b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(3)]
        statuses = [await reader.read(12) for reader, _ in served]
        head, _, body = (await answer_to(address, request)).partition(b"\r\n\r\n")
        for _, writer in served:
            writer.close()
        again = [(await answer_to(address, HALF_HEADERS + b"\r\nConnection: close\r\n\r\n"))[:12]]
    assert statuses + again == [b"HTTP/1.1 200"] * 4
    assert head.startswith(b"HTTP/1.1 503")
    assert {b"retry-after: 5", b"x-request-id: mine", b"connection: close"} <= set(head.split(b"\r\n"))
    assert json.loads(body)["error"]["code"] == "UNAVAILABLE"


def test_the_oldest_waiting_connection_of_an_address_is_closed_for_its_next() -> None:
    waiting = WaitingClients[int](per_address=2, total=3)
    assert [waiting.add(1, "a"), waiting.add(2, "b"), waiting.add(3, "a")] == [None, None, None]
    assert waiting.add(4, "a") == 1
    waiting.discard(3)
    waiting.discard(3)
    assert [waiting.add(5, "a"), waiting.add(6, "c")] == [None, 2]
    assert len(waiting) == 3
