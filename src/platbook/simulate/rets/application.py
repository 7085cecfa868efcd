"""The server as an ASGI application, and its listener on loopback."""

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
from platbook.simulate.clock import MarketClock
from platbook.simulate.rets.authorization import Scheme, SimulatedLogin
from platbook.simulate.rets.control_api import ControlApi, to_error_response
from platbook.simulate.rets.inventory import Inventory
from platbook.simulate.rets.quirks import parse_quirks
from platbook.simulate.rets.server import DEFAULT_CAP, RetsServer, ServerProfile
from platbook.simulate.rets.source import STARTED, SimulatedSource

HOST = "127.0.0.1"
PORT = 6103
"""The port registered for RETS."""

_BACKLOG = 2048


@dataclass(frozen=True, slots=True)
class SimulatorSettings:
    """The configuration of a simulated server."""

    listings: int = 50
    seed: int = 1
    started: datetime = STARTED
    at: datetime | None = None
    speed: float | None = None
    """Market seconds per real second; by default 1, or 0 if `at` is set."""
    never_ahead: bool = False
    """Whether a market that has caught up with the real time goes on at that."""
    user: str = "demo"
    password: str = "demo"  # noqa: S105 - a demo login
    scheme: Scheme = "digest"
    quirks: Sequence[str] = ()
    cap: int = DEFAULT_CAP


def create_server(settings: SimulatorSettings, clock: Clock | None = None) -> RetsServer:
    """Create a server over its own market. InvalidInput: an unknown quirk, or a time before the market starts."""
    if settings.at is not None and settings.at < settings.started:
        raise InvalidInput.of("at", f"the market starts at {settings.started.isoformat()}")
    clock = clock or SystemClock()
    speed = (0.0 if settings.at else 1.0) if settings.speed is None else settings.speed
    market_clock = MarketClock(clock, settings.started, settings.at, speed, never_ahead=settings.never_ahead)
    source = SimulatedSource(
        Inventory(settings.seed, settings.listings, settings.started), market_clock, clock, settings.started
    )
    profile = ServerProfile(parse_quirks(settings.quirks, settings.seed), settings.cap)
    return RetsServer(source, SimulatedLogin(settings.user, settings.password), settings.scheme, profile)


def create_application(server: RetsServer) -> Starlette:
    """The server's routes."""
    control = ControlApi(server)
    return Starlette(
        routes=[
            Route("/_control/moment", control.set_time, methods=["POST"]),
            Route("/_control/quirks", control.set_quirks, methods=["POST"]),
            Route("/_control/statistics", control.get_statistics),
            Route("/rets/photos/{key}/{order:int}.jpg", server.photo),
            Route("/rets/{transaction}", server.answer, methods=["GET", "POST"]),
        ],
        exception_handlers={InvalidInput: to_error_response, ValidationError: to_error_response},
    )


def bind_loopback(port: int) -> socket.socket:
    """Listen on a port of loopback, 0 for a free one. InvalidInput if it is in use."""
    # The protocol is explicit so that asyncio sets TCP_NODELAY.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        reason = (error.strerror or "unknown").lower()
        raise InvalidInput.of("port", f"cannot listen on {HOST} port {port}: {reason}") from None
    return bound


@asynccontextmanager
async def run_server(server: RetsServer, bound: socket.socket) -> AsyncGenerator[str]:
    """Serve until the block ends; yields the login URL."""
    running = _Uvicorn(
        uvicorn.Config(
            create_application(server),
            log_config=None,
            # Connections are broken on purpose, which is not worth logging.
            log_level="critical",
            access_log=False,
            server_header=False,
            date_header=False,  # RETS replies have the market's time
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
    """A server that leaves signal handling to the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Do not install signal handlers."""
        yield
