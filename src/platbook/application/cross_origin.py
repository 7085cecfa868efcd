"""Cross-origin resource sharing (CORS): which pages of other origins may read responses. Pure ASGI middleware.

An origin is allowed by the settings, or by the API key of the public surface that a request is made with. A preflight
request carries no key, so it is answered where any valid key names the origin. Cookies are never shared.
"""

from collections.abc import Awaitable, Callable
from typing import cast

from platbook.application.asgi import AsgiApp, Message, Receive, Scope, Send
from platbook.base.actor import Actor
from platbook.base.origins import has_origin

KeyOrigins = Callable[[], Awaitable[frozenset[str]]]

_FIRST_ERROR = 400
_METHODS = b"GET, HEAD, POST, PUT, DELETE"
_SENT = b"Authorization, Content-Type, Idempotency-Key, If-None-Match, If-Range, Range, X-Request-Id"
_READ = (
    b"Accept-Ranges, Content-Range, ETag, Idempotent-Replayed, Location, RateLimit-Limit, RateLimit-Remaining, "
    b"RateLimit-Reset, Retry-After, X-Request-Id"
)
_SECONDS_KEPT = b"600"
_VARY = (b"vary", b"Origin")


class CrossOriginSharing:
    """ASGI middleware around a whole application. `paths`: the prefixes of what may be shared."""

    def __init__(
        self, app: AsgiApp, origins: frozenset[str], find_key_origins: KeyOrigins, paths: tuple[str, ...]
    ) -> None:
        self._app, self._origins, self._find_key_origins, self._paths = app, origins, find_key_origins, paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight request, or pass a request on and add what its origin may read."""
        if scope["type"] != "http" or not scope["path"].startswith(self._paths):
            await self._app(scope, receive, send)
            return
        headers = dict(cast("list[tuple[bytes, bytes]]", scope["headers"]))
        origin = headers.get(b"origin", b"").decode("latin-1")
        is_preflight = origin and scope["method"] == "OPTIONS" and b"access-control-request-method" in headers
        if is_preflight and await self._is_known(origin):
            await _answer_preflight(origin, send)
            return
        state = scope.setdefault("state", {})

        async def send_shared(message: Message) -> None:
            if message["type"] == "http.response.start":
                shared = [_VARY]
                if origin and await self._may_read(origin, state.get("caller"), message["status"]):
                    shared += [
                        (b"access-control-allow-origin", origin.encode("latin-1")),
                        (b"access-control-expose-headers", _READ),
                    ]
                message["headers"] = [*message["headers"], *shared]
            await send(message)

        await self._app(scope, receive, send_shared)

    async def _may_read(self, origin: str, caller: Actor | None, status: int) -> bool:
        if has_origin(self._origins, origin):
            return True
        if caller is not None:
            return has_origin(caller.origins, origin)
        return status >= _FIRST_ERROR and await self._is_known(origin)

    async def _is_known(self, origin: str) -> bool:
        return has_origin(self._origins, origin) or has_origin(await self._find_key_origins(), origin)


async def _answer_preflight(origin: str, send: Send) -> None:
    headers = [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-allow-methods", _METHODS),
        (b"access-control-allow-headers", _SENT),
        (b"access-control-max-age", _SECONDS_KEPT),
        _VARY,
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
