"""The whole server as an ASGI application, and as a process's server on loopback."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import uvicorn
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.routing import Route

from platbook.base.clock import Clock, SystemClock
from platbook.base.errors import InvalidInput
from platbook.simulate.clock import MarketTime
from platbook.simulate.rets.authorization import Credentials, Scheme
from platbook.simulate.rets.control_api import Control, to_problem
from platbook.simulate.rets.inventory import Stock
from platbook.simulate.rets.quirks import parse_quirks
from platbook.simulate.rets.server import DEFAULT_CAP, Manner, RetsServer
from platbook.simulate.rets.source import STARTED, Source

HOST = "127.0.0.1"
PORT = 6103
"""The port registered for RETS."""

_BACKLOG = 2048


@dataclass(frozen=True, slots=True)
class RetsSettings:
    """How a server is set up."""

    listings: int = 50
    seed: int = 1
    started: datetime = STARTED
    at: datetime | None = None
    speed: float | None = None
    """Market seconds in a real second; by default 1, and 0 where `at` is set."""
    user: str = "demo"
    password: str = "demo"  # noqa: S105 - everybody's
    scheme: Scheme = "digest"
    quirks: Sequence[str] = ()
    cap: int = DEFAULT_CAP


def create_server(settings: RetsSettings, clock: Clock | None = None) -> RetsServer:
    """A server over its own market. InvalidInput for a quirk that is none, and for a moment before the market."""
    if settings.at is not None and settings.at < settings.started:
        raise InvalidInput.of("at", f"the market starts at {settings.started.isoformat()}")
    clock = clock or SystemClock()
    speed = (0.0 if settings.at else 1.0) if settings.speed is None else settings.speed
    moments = MarketTime(clock, settings.started, settings.at, speed)
    source = Source(Stock(settings.seed, settings.listings, settings.started), moments, clock, settings.started)
    manner = Manner(parse_quirks(settings.quirks, settings.seed), settings.cap)
    return RetsServer(source, Credentials(settings.user, settings.password), settings.scheme, manner)


def create_application(server: RetsServer) -> Starlette:
    """The server's routes."""
    control = Control(server)
    return Starlette(
        routes=[
            Route("/_control/moment", control.set_moment, methods=["POST"]),
            Route("/_control/quirks", control.set_quirks, methods=["POST"]),
            Route("/_control/statistics", control.tell_statistics),
            Route("/rets/photos/{key}/{order:int}.jpg", server.photo),
            Route("/rets/{transaction}", server.answer, methods=["GET", "POST"]),
        ],
        exception_handlers={InvalidInput: to_problem, ValidationError: to_problem},
    )


def bind(port: int) -> socket.socket:
    """Take a port of loopback, 0 for a free one; InvalidInput, in words, if it is taken."""
    # Named as TCP, so that asyncio sends what is small at once instead of waiting for more.
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((HOST, port))
        taken.listen(_BACKLOG)
    except OSError as error:
        taken.close()
        reason = (error.strerror or "unknown").lower()
        raise InvalidInput.of("port", f"cannot listen on {HOST} port {port}: {reason}") from None
    return taken


@asynccontextmanager
async def serving(server: RetsServer, bound: socket.socket) -> AsyncGenerator[str]:
    """Serve until the block ends; the login's address."""
    running = _Uvicorn(
        uvicorn.Config(
            create_application(server),
            log_config=None,
            # A connection broken on purpose is not worth an error in the log.
            log_level="critical",
            access_log=False,
            server_header=False,
            date_header=False,  # RETS replies tell the market's time
            ws="none",
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
    )
    task = asyncio.create_task(running.serve(sockets=[bound]))
    try:
        yield f"http://{HOST}:{bound.getsockname()[1]}/rets/login"
    finally:
        running.should_exit = True
        await task


class _Uvicorn(uvicorn.Server):
    """Signals stay with the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none."""
        yield
