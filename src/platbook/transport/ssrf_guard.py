"""Guard against server-side request forgery (SSRF): downloads connect to public IP addresses only.

Host names are resolved here, and the address that was checked is the one that is connected to, so a name that resolves
differently the second time (DNS rebinding) gains nothing.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from typing import cast

import httpcore2
import httpx2

from platbook.base.errors import MediaRejected

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class AddressBlocked(MediaRejected):
    """A host that resolves to an address that downloads may not connect to."""


class _GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Connects to public addresses only."""

    def __init__(self) -> None:
        self._inner = cast("httpcore2.AsyncNetworkBackend", httpcore2.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface's own
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Resolve, check every address, and connect to the first one that accepts."""
        addresses = await _resolve(host, port)
        failure: Exception | None = None
        for address in addresses:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except httpcore2.ConnectError as error:
                failure = error
        raise failure or httpcore2.ConnectError("the host name has no address")

    async def sleep(self, seconds: float) -> None:
        """Sleep."""
        await self._inner.sleep(seconds)


class GuardedTransport(httpx2.AsyncHTTPTransport):
    """An HTTP transport that connects to public addresses only. It uses no proxy."""

    def __init__(self, limits: httpx2.Limits) -> None:
        super().__init__(trust_env=False)
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=httpx2.create_ssl_context(trust_env=False),
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=_GuardedBackend(),
        )


async def _resolve(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    try:
        records = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore2.ConnectError(f"{host} cannot be resolved") from error
    addresses = list(dict.fromkeys(str(record[4][0]) for record in records))
    for address in addresses:
        if not is_public(address):
            raise AddressBlocked(
                f"{host} resolves to a private IP address, which is refused unless media.privateAddresses is set"
            )
    return addresses


def is_public(address: str) -> bool:
    """Whether an IP address is globally reachable; one that embeds an IPv4 address is judged by that."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast
