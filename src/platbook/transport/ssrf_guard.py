"""Guard against server-side request forgery (SSRF): what a source names is connected to on public IP addresses only.

Host names are resolved here, and the address that was checked is the one that is connected to, so a name that resolves
differently the second time (DNS rebinding) gains nothing.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import cast

import httpcore2
import httpx2

from platbook.base.errors import SkipThis
from platbook.transport.public_addresses import is_public
from platbook.transport.resolver import Resolve, resolve


class AddressBlocked(SkipThis):
    """A host that resolves to an address that may not be connected to. The message names host and port."""


@dataclass(frozen=True, slots=True)
class AddressRules:
    """How names are resolved, and which addresses are public."""

    resolve: Resolve = resolve
    is_public: Callable[[str], bool] = is_public


class DirectTransport(httpx2.AsyncHTTPTransport):
    """An HTTP transport without a proxy. `public_only`: it connects to public addresses only."""

    def __init__(self, limits: httpx2.Limits, rules: AddressRules, *, public_only: bool) -> None:
        super().__init__(trust_env=False)
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=httpx2.create_ssl_context(),
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=_GuardedBackend(rules) if public_only else _OpenBackend(rules),
        )


class _OpenBackend(httpcore2.AsyncNetworkBackend):
    """Connects to any address of a name that can be resolved."""

    def __init__(self, rules: AddressRules) -> None:
        self._rules = rules
        self._inner = cast("httpcore2.AsyncNetworkBackend", httpcore2.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface's own
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Resolve for the sake of the error, and connect to whichever address answers first."""
        await self._rules.resolve(host, port)
        return await self._inner.connect_tcp(host, port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        """Sleep."""
        await self._inner.sleep(seconds)


class _GuardedBackend(_OpenBackend):
    """Connects to public addresses only."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface's own
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Resolve, check every address, and connect to the first one that accepts."""
        addresses = await self._rules.resolve(host, port)
        if not all(map(self._rules.is_public, addresses)):
            raise AddressBlocked(f"{host}:{port} resolves to a private IP address")
        failure: Exception | None = None
        for address in addresses:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore2.ConnectError("the host name has no address")
