"""A network that can be cut: a proxy in front of the database that carries nothing more, and closes nothing."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from psycopg.conninfo import conninfo_to_dict, make_conninfo


@dataclass
class CuttableProxy:
    """Carries bytes between TCP clients and the database's socket, until it is cut: then nothing, either way."""

    path: str
    open: asyncio.Event = field(default_factory=asyncio.Event)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client."""
        from_server, to_server = await asyncio.open_unix_connection(self.path)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, to_server))
                group.create_task(self._pump(from_server, writer))
        except* OSError:
            pass  # either side is gone

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self.open.wait()
            writer.write(data)
            await writer.drain()
        with suppress(OSError):
            writer.close()


@asynccontextmanager
async def cuttable(url: str) -> AsyncGenerator[tuple[CuttableProxy, str]]:
    """A proxy in front of the database, and the connection string that goes through it."""
    server = conninfo_to_dict(url)
    proxy = CuttableProxy(f"{server['host']}/.s.PGSQL.{server['port']}")
    proxy.open.set()
    listener = await asyncio.start_server(proxy.carry, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    try:
        yield proxy, make_conninfo(url, host="127.0.0.1", port=port, sslmode="disable")
    finally:
        listener.close()
