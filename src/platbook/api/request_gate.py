"""What every request passes: an id, limits on what may come in, the access log, and headers on the way out."""

import re
import time
from typing import cast
from uuid import uuid4

import orjson
import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from platbook.api.envelope import failure_body
from platbook.api.route_rights import BASE
from platbook.base.log import get_log

log = get_log("api")

_LARGEST_BODY = 1024 * 1024
_ID = re.compile(r"^[A-Za-z0-9._-]{1,64}$")
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")  # an escape, and not an escaped backslash before the letter u
_OBJECTS = "/media/"
_PHOTO = re.compile(rf"{BASE}/properties/[^/]+/media")
_NEVER_STORED = (f"{BASE}/auth/", f"{BASE}/users/")
_QUIET = frozenset({"/health/live", "/health/ready"})
_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
]


class RequestGate:
    """ASGI middleware round the whole API."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it; an error nobody foresaw becomes a 500 that names the request's id alone."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _Request(scope, send)
        with structlog.contextvars.bound_contextvars(request_id=request.id):
            began = time.monotonic()
            try:
                await self._pass_on(request.scope, receive, request)
            except Exception:
                log.exception("request failed")
                if not request.started:
                    words = f"something went wrong here; it is noted under request id {request.id}"
                    await request.answer(500, failure_body("INTERNAL_SERVER_ERROR", words))
            if scope["path"] not in _QUIET:
                took = round((time.monotonic() - began) * 1000, 1)
                log.info("request", method=scope["method"], path=scope["path"], status=request.status, ms=took)

    async def _pass_on(self, scope: Scope, receive: Receive, request: "_Request") -> None:
        if b"%00" in cast("bytes", scope["query_string"]) or "\0" in scope["path"]:
            await request.answer(400, failure_body("VALIDATION_ERROR", "a NUL character is not text"))
            return
        if scope["method"] == "POST" and _PHOTO.fullmatch(scope["path"]):
            await self._app(scope, receive, request.send)  # large, no text, and read only once the caller is known
            return
        try:
            body = await _read_body(receive)
        except _ClientLeft:
            return
        except _TooLarge:
            await request.answer(413, failure_body("PAYLOAD_TOO_LARGE", f"a body may have {_LARGEST_BODY} bytes"))
            return
        if _holds_no_text(body):
            await request.answer(400, failure_body("VALIDATION_ERROR", "the body holds what is not a character"))
            return
        sent = False

        async def replay() -> Message:
            nonlocal sent
            if sent:
                return await receive()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, replay, request.send)


class _ClientLeft(Exception):
    """Whoever asked has gone, maybe in mid-body: half a body is not acted on."""


class _TooLarge(Exception):
    """The body is larger than any that is of use."""


class _Request:
    """One request's id, and what has been answered so far."""

    def __init__(self, scope: Scope, send: Send) -> None:
        given = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"x-request-id"), "")
        self.id = given if _ID.match(given) else uuid4().hex
        self._headers = [*_HEADERS, (b"x-request-id", self.id.encode())]
        if scope["path"].startswith(_NEVER_STORED):
            self._headers.append((b"cache-control", b"no-store"))
        self.status = 0
        self.started = False
        self._send = send
        # What GET would answer, without the body (RFC 9110 section 9.3.2); objects have a way of their own, which
        # reads no object.
        self._is_bare = scope["method"] == "HEAD" and not scope["path"].startswith(_OBJECTS)
        self.scope: Scope = {**scope, "method": "GET"} if self._is_bare else scope

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            message["headers"] = [*message["headers"], *self._headers]
        elif self._is_bare and message["type"] == "http.response.body":
            message["body"] = b""
        await self._send(message)

    async def answer(self, status: int, body: bytes) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


async def _read_body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _ClientLeft
        part = cast("bytes", message.get("body", b""))
        size += len(part)
        if size > _LARGEST_BODY:
            raise _TooLarge
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _holds_no_text(body: bytes) -> bool:
    """Whether JSON holds a NUL or half a surrogate pair, which PostgreSQL cannot keep as text."""
    if b"\0" in body or _NUL.search(body):
        return True
    if b"\\ud" not in body.lower():
        return False
    try:
        orjson.loads(body)  # refuses lone surrogates, which Python's own reader lets pass
    except orjson.JSONDecodeError:
        return True
    return False
