"""A source that answers with crafted bytes, and a time source that records sleeps."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from platbook.transport import TimeSource

Answer = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True)
class Slept:
    """Recorded sleeps, which take no time; `then` does what would have happened meanwhile."""

    seconds: list[float] = field(default_factory=list[float])
    then: Callable[[], Awaitable[None]] | None = None

    async def sleep(self, seconds: float) -> None:
        self.seconds.append(seconds)
        if self.then is not None:
            await self.then()

    def time_source(self) -> TimeSource:
        return TimeSource(sleep=self.sleep, random=lambda: 0.5)


@dataclass(slots=True)
class CraftedSource:
    """A loopback server with one crafted answer per request, the last one repeated; it closes each connection."""

    answers: Sequence[Answer]
    requests: list[bytes] = field(default_factory=list[bytes])
    base: str = ""

    @property
    def targets(self) -> list[str]:
        return [request.split(b" ", 2)[1].decode() for request in self.requests]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.requests.append(await reader.readuntil(b"\r\n\r\n"))
            answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def crafted_source(*answers: Answer) -> AsyncGenerator[CraftedSource]:
    source = CraftedSource(answers)
    server = await asyncio.start_server(source.answer, "127.0.0.1", 0)
    source.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield source
    finally:
        server.close()


def reply(body: bytes = b"ok", *, status: str = "200 OK", headers: Sequence[str] = ()) -> bytes:
    """Return a complete response with its Content-Length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
