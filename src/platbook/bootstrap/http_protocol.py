"""The server's HTTP protocol with deadlines for slow clients and a refusal in our own form, which uvicorn's has not."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from platbook.accounts.auth_throttle import to_client_network
from platbook.application.asgi import AsgiApp
from platbook.application.client_address import to_client_address
from platbook.application.request_gate import MARK_AUTHENTICATED
from platbook.base.log import get_log
from platbook.base.settings import Settings
from platbook.bootstrap.waiting_clients import WaitingClients

log = get_log("api")

_LOG_EVERY_SECONDS = 10.0
_TIMEOUT_RESPONSE = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class ClientLimits:
    """What clients are allowed.

    A request's headers must arrive within `seconds`, and of its body `body_bytes` in each such time. Of one address
    (an IPv6 /64 is one), `waiting_per_address` connections may wait for their clients' requests; those that were
    authenticated are not counted. With `connections` open, requests are refused.
    """

    seconds: float = 10
    body_bytes: int = 40_000
    waiting_per_address: int = 64
    connections: int = 1000

    @classmethod
    def from_settings(cls, settings: Settings) -> "ClientLimits":
        """The limits an operator set."""
        return cls(
            seconds=settings.platbook_request_seconds,
            waiting_per_address=settings.platbook_waiting_per_address,
            connections=settings.platbook_max_connections,
        )


class DeadlineProtocol(HttpToolsProtocol):
    """One connection. From its first byte to its last, a request has a deadline, which is set anew for its body."""

    limits: ClassVar[ClientLimits]
    refusal: ClassVar[AsgiApp]
    waiting: ClassVar[WaitingClients["DeadlineProtocol"]]
    logged_at: ClassVar[float] = float("-inf")

    _deadline: asyncio.TimerHandle | None = None
    _received = 0
    _was_paused = False
    _is_authenticated = False

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Expect a request."""
        super().connection_made(transport)
        self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing any more."""
        self._expect_nothing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some bytes of a request."""
        self._received += len(data)
        if self._deadline is None:
            self._expect_headers()
        super().data_received(data)

    def on_message_begin(self) -> None:
        """A request begins; the application may mark its connection as authenticated."""
        super().on_message_begin()
        self.scope.setdefault("state", {})[MARK_AUTHENTICATED] = self._mark_authenticated
        if self._deadline is None:
            self._expect_headers()

    def on_headers_complete(self) -> None:
        """Its body follows, even if it is empty."""
        untyped = cast("Any", self)  # the server's own types are partly unknown
        is_served = len(self.connections) < self.limits.connections
        untyped.app = untyped.config.loaded_app if is_served else type(self).refusal
        super().on_headers_complete()
        self._expect(self._check_body)

    def on_body(self, body: bytes) -> None:
        """Some bytes of a body; reading pauses where the application has yet to take those before."""
        super().on_body(body)
        self._was_paused |= self.flow.read_paused

    def on_message_complete(self) -> None:
        """The request is complete; from now on it is the server that is waited for."""
        super().on_message_complete()
        self._expect_nothing()

    def give_up(self) -> None:
        """Close the connection of a client that is too slow, with a response if there is none yet."""
        self._expect_nothing()
        if self.transport.is_closing():
            return
        if _awaits_response(self.cycle):
            self.transport.write(_TIMEOUT_RESPONSE)
        self.transport.close()

    def _expect_headers(self) -> None:
        self._expect(self.give_up)

    def _expect(self, at_deadline: Callable[[], None]) -> None:
        """Wait for the client until the deadline."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._received = 0
        self._deadline = self.loop.call_later(self.limits.seconds, at_deadline)
        if self._is_authenticated:
            return
        self.waiting.discard(self)
        surplus = self.waiting.add(self, to_client_network(to_client_address(self.client)))
        if surplus is not None:
            self._log_surplus()
            surplus.give_up()

    def _expect_nothing(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        self.waiting.discard(self)

    def _check_body(self) -> None:
        """Go on where enough of the body has come, or where it is the application that has not read it yet."""
        was_paused, self._was_paused = self._was_paused, self.flow.read_paused
        if self._received >= self.limits.body_bytes or was_paused:
            self._expect(self._check_body)
        else:
            self.give_up()

    def _mark_authenticated(self) -> None:
        self._is_authenticated = True
        self.waiting.discard(self)

    def _log_surplus(self) -> None:
        now, kind = self.loop.time(), type(self)
        if now - kind.logged_at >= _LOG_EVERY_SECONDS:
            kind.logged_at = now
            address = to_client_address(self.client)
            log.warning(
                "an address holds too many connections without a request; the oldest are closed", client=address
            )


def _awaits_response(cycle: RequestResponseCycle | None) -> bool:
    """Whether no response to the present request has begun; before the first request there is no cycle."""
    return cycle is None or cycle.response_complete or not cycle.response_started


def create_protocol(limits: ClientLimits, refusal: AsgiApp) -> type[DeadlineProtocol]:
    """The protocol of one server, which all its connections share the limits of; `refusal` answers those beyond."""

    class ServerProtocol(DeadlineProtocol):
        waiting = WaitingClients[DeadlineProtocol](limits.waiting_per_address, limits.connections // 2)

    ServerProtocol.limits = limits
    ServerProtocol.refusal = staticmethod(refusal)
    return ServerProtocol
