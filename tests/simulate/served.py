"""A simulated server in its own thread, reachable over a socket."""

import asyncio
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from platbook.simulate.rets.application import SimulatorSettings, bind_loopback, create_server, run_server
from platbook.simulate.rets.quirks import parse_quirks
from platbook.simulate.rets.server import DEFAULT_CAP, RetsServer, ServerProfile

AT = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class ServedRets:
    """The server, and its login URL."""

    server: RetsServer
    login_url: str

    @property
    def base(self) -> str:
        """Scheme, host and port."""
        return self.login_url.removesuffix("/rets/login")

    def apply_quirks(self, *quirks: str, cap: int = DEFAULT_CAP, seed: int = 1) -> None:
        """Replace the quirks; sessions end, statistics are reset."""
        self.server.apply_profile(ServerProfile(parse_quirks(quirks, seed), cap))


@contextmanager
def served_rets(settings: SimulatorSettings) -> Generator[ServedRets]:
    """Serve until the block ends."""
    ready, stopping = threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []
    server, bound = create_server(settings), bind_loopback(0)

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        async with run_server(server, bound):
            ready.set()
            await stopping.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    ready.wait()
    try:
        yield ServedRets(server, f"http://127.0.0.1:{bound.getsockname()[1]}/rets/login")
    finally:
        loops[0].call_soon_threadsafe(stopping.set)
        thread.join()
        bound.close()
