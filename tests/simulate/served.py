"""A simulated server in a thread of its own, as a client meets it: over a socket."""

import asyncio
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from platbook.simulate.rets.application import RetsSettings, bind, create_server, serving
from platbook.simulate.rets.quirks import parse_quirks
from platbook.simulate.rets.server import DEFAULT_CAP, Manner, RetsServer

AT = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class ServedRets:
    """The server, and the address of its login."""

    server: RetsServer
    login_url: str

    @property
    def base(self) -> str:
        """Scheme, host and port."""
        return self.login_url.removesuffix("/rets/login")

    def behave(self, *quirks: str, cap: int = DEFAULT_CAP, seed: int = 1) -> None:
        """Take on these quirks and no others; sessions end, statistics begin anew."""
        self.server.behave(Manner(parse_quirks(quirks, seed), cap))


@contextmanager
def served_rets(settings: RetsSettings) -> Generator[ServedRets]:
    """Serve until the block ends."""
    ready, stopping = threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []
    server, bound = create_server(settings), bind(0)

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        async with serving(server, bound):
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
