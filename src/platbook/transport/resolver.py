"""Resolves host names, within a few seconds: a name that does not exist is reported, not waited for."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

from platbook.base.errors import SourceUnavailable

Resolve = Callable[[str, int], Awaitable[list[str]]]

_SECONDS = 4.0
_SECONDS_BETWEEN_TRIES = 1.0


class HostUnresolved(SourceUnavailable):
    """A host name that has no address. The message names host and port."""


async def resolve(
    host: str, port: int, *, seconds: float = _SECONDS, pause: float = _SECONDS_BETWEEN_TRIES
) -> list[str]:
    """The addresses of a host, each once; HostUnresolved. What may be temporary is tried again for some seconds."""
    try:
        async with asyncio.timeout(seconds):
            while True:
                try:
                    return await _look_up(host, port)
                except socket.gaierror as error:
                    if error.errno != socket.EAI_AGAIN:
                        raise
                await asyncio.sleep(pause)
    except (OSError, UnicodeError) as error:  # TimeoutError is an OSError; UnicodeError: a label that is too long
        raise HostUnresolved(f"{host}:{port} cannot be resolved to an address") from error


async def _look_up(host: str, port: int) -> list[str]:
    records = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(record[4][0]) for record in records))
