"""What every request passes: a request id, limits on bodies, the access log, and security headers on the way out.

Pure ASGI middleware. What differs between applications (an error's body, routes with rules of their own) is its policy.
"""

import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast
from uuid import uuid4

import orjson
import structlog

from platbook.application.asgi import AsgiApp, Message, Receive, Scope, Send
from platbook.base.log import get_log

log = get_log("api")

MARK_AUTHENTICATED = "mark_authenticated"
"""In a scope's `state`: the server's function that is called once a connection's client is authenticated."""

_MAX_BODY_BYTES = 1024 * 1024
_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{1,64}$")
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")  # an escape, and not an escaped backslash before the letter u
_SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
]


@dataclass(frozen=True, slots=True)
class RequestPolicy:
    """The rules of one application."""

    error_body: Callable[[str, str], bytes]
    """The body of a refusal, from its code and message."""
    uploads: re.Pattern[str]
    """Paths whose POST bodies are large and binary: they are passed on unread, the route reads them itself."""
    may_send_body: Callable[[Scope], Awaitable[bool]] | None = None
    """Whether a request's body is read at all, by its headers; where not, the application is given an empty one."""
    own_head: tuple[str, ...] = ()
    """Prefixes of paths that answer HEAD themselves; everywhere else HEAD is answered by GET, without the body."""
    unlogged: frozenset[str] = frozenset()
    """Paths that stay out of the access log."""


class RequestGate:
    """ASGI middleware around a whole application."""

    def __init__(self, app: AsgiApp, policy: RequestPolicy) -> None:
        self._app = app
        self._policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it; an unexpected error becomes a 500 that names nothing but the request id."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, send, self._policy)
        with structlog.contextvars.bound_contextvars(request_id=exchange.id):
            began = time.monotonic()
            try:
                await self._pass_on(exchange.scope, receive, exchange)
            except Exception:
                log.exception("request failed")
                if not exchange.started:
                    message = f"an internal error occurred; it is logged under request id {exchange.id}"
                    await exchange.refuse(500, "INTERNAL_SERVER_ERROR", message)
            if scope["path"] not in self._policy.unlogged:
                took = round((time.monotonic() - began) * 1000, 1)
                log.info("request", method=scope["method"], path=scope["path"], status=exchange.status, ms=took)

    async def _pass_on(self, scope: Scope, receive: Receive, exchange: "_Exchange") -> None:
        if b"%00" in cast("bytes", scope["query_string"]) or "\0" in scope["path"]:
            await exchange.refuse(400, "VALIDATION_ERROR", "the URL contains a NUL character, which is not allowed")
            return
        if _announces_body(scope) and not await self._may_send_body(scope):
            exchange.close_connection()
            await self._app(scope, _without_body(receive), exchange.send)
            return
        if scope["method"] == "POST" and self._policy.uploads.fullmatch(scope["path"]):
            await self._app(scope, receive, exchange.send)  # read only once the caller is authenticated
            return
        try:
            body = await _read_body(receive)
        except _ClientDisconnected:
            return
        except _BodyTooLarge:
            message = f"the body is too large: at most {_MAX_BODY_BYTES} bytes are accepted"
            await exchange.refuse(413, "PAYLOAD_TOO_LARGE", message)
            return
        if _is_not_storable(body):
            message = "the body contains a NUL character or an unpaired surrogate, which cannot be stored as text"
            await exchange.refuse(400, "VALIDATION_ERROR", message)
            return
        sent = False

        async def replay() -> Message:
            nonlocal sent
            if sent:
                return await receive()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, replay, exchange.send)

    async def _may_send_body(self, scope: Scope) -> bool:
        return self._policy.may_send_body is None or await self._policy.may_send_body(scope)


class _ClientDisconnected(Exception):
    """The client left, maybe in mid-body: a partial body is not acted on."""


class _BodyTooLarge(Exception):
    """The body is larger than any that is accepted."""


class _Exchange:
    """One request and its response: the id, the headers to add, and what has been sent so far."""

    def __init__(self, scope: Scope, send: Send, policy: RequestPolicy) -> None:
        sent_id = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"x-request-id"), "")
        self.id = sent_id if _REQUEST_ID.match(sent_id) else uuid4().hex
        self._headers = [*_SECURITY_HEADERS, (b"x-request-id", self.id.encode())]
        self.status = 0
        self.started = False
        self._send = send
        self._policy = policy
        self._state = cast("dict[str, list[tuple[bytes, bytes]]]", scope.setdefault("state", {}))
        """Whatever handles the request may put `response_headers` here."""
        # HEAD answers what GET would, without the body (RFC 9110 section 9.3.2).
        self._is_head = scope["method"] == "HEAD" and not scope["path"].startswith(policy.own_head)
        self.scope: Scope = {**scope, "method": "GET"} if self._is_head else scope

    def close_connection(self) -> None:
        """Close the connection after the response: what the client still sends is not read."""
        self._headers.append((b"connection", b"close"))

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            message["headers"] = [*message["headers"], *self._headers, *self._state.get("response_headers", ())]
            if all(name.lower() != b"cache-control" for name, _ in message["headers"]):
                message["headers"].append((b"cache-control", b"no-store"))  # but listings and photos, which say more
        elif self._is_head and message["type"] == "http.response.body":
            message["body"] = b""
        await self._send(message)

    async def refuse(self, status: int, code: str, message: str) -> None:
        body = self._policy.error_body(code, message)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


def mark_authenticated(scope: Scope) -> None:
    """Let the server know that a connection's client is authenticated, if it wants to know."""
    mark = scope.get("state", {}).get(MARK_AUTHENTICATED)
    if mark is not None:
        mark()


def _announces_body(scope: Scope) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in scope["headers"]
    )


def _without_body(receive: Receive) -> Receive:
    """Receive an empty body, then nothing until the client leaves."""
    is_given = False

    async def receive_nothing() -> Message:
        nonlocal is_given
        if not is_given:
            is_given = True
            return {"type": "http.request", "body": b"", "more_body": False}
        while (message := await receive())["type"] != "http.disconnect":
            pass
        return message

    return receive_nothing


async def _read_body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _ClientDisconnected
        part = cast("bytes", message.get("body", b""))
        size += len(part)
        if size > _MAX_BODY_BYTES:
            raise _BodyTooLarge
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _is_not_storable(body: bytes) -> bool:
    """Whether JSON holds a NUL or half a surrogate pair, which PostgreSQL cannot store as text."""
    if b"\0" in body or _NUL.search(body):
        return True
    if b"\\ud" not in body.lower():
        return False
    try:
        orjson.loads(body)  # refuses lone surrogates, which Python's own reader lets pass
    except orjson.JSONDecodeError:
        return True
    return False
