"""Requests with an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07). Pure ASGI middleware."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast

from platbook.application.asgi import AsgiApp, Message, Receive, Scope, Send
from platbook.application.caller_rates import CallerRates
from platbook.application.idempotency.answers import Answer, Claim, Headers, IdempotentAnswers
from platbook.base.actor import Actor
from platbook.base.errors import InvalidInput, PlatbookError
from platbook.base.log import get_log
from platbook.db import WriteConnection, committing_with
from platbook.db.errors import OperationalError

log = get_log("api")

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
MAX_LENGTH = 255

_HEADER = HEADER.lower().encode()
_QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])*)"')  # a string of structured fields, RFC 9651 section 3.3.3
_PRINTABLE = re.compile(rf"[ -~]{{1,{MAX_LENGTH}}}")
_REPEATED = frozenset({b"content-type", b"location", b"etag"})
_SERVER_ERROR = Answer(500, [], b"")


@dataclass(frozen=True, slots=True)
class IdempotencyPolicy:
    """What an application decides: who may send a key, and how errors are answered."""

    find_caller: Callable[[Scope], Awaitable[Actor | None]]
    """Who sends a request that may have a key. None: it may not, or is to be refused by the application itself."""
    refuse: Callable[[Exception], AsgiApp]
    """The response to an error."""


class IdempotentRequests:
    """ASGI middleware within what reads bodies, around what routes and turns errors into responses."""

    def __init__(self, app: AsgiApp, policy: IdempotencyPolicy, answers: IdempotentAnswers, rates: CallerRates) -> None:
        self._app, self._policy, self._answers, self._rates = app, policy, answers, rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or repeat the answer that it had when it was sent before."""
        keys = _find_keys(scope)
        caller = await self._policy.find_caller(scope) if keys else None
        caller_id = None if caller is None else caller.key_id or caller.user_id
        if caller is None or caller_id is None:
            await self._app(scope, receive, send)
            return
        body = await _read(receive)
        try:
            parts = (scope["method"].encode(), scope["path"].encode(), scope["query_string"], body)
            found = await self._answers.claim(caller_id, read_key(keys), self._answers.fingerprint(*parts))
            if isinstance(found, Answer):
                self._count(scope, caller)
        except (PlatbookError, OperationalError) as error:
            await self._policy.refuse(error)(scope, receive, send)
            return
        if isinstance(found, Answer):
            await _send(found, send, (REPLAYED.lower().encode(), b"true"))
            return
        await self._carry_out(found, scope, _Recording(body, receive, send))

    async def _carry_out(self, claim: Claim, scope: Scope, recording: "_Recording") -> None:
        state = cast("dict[str, object]", scope.setdefault("state", {}))

        async def mark_committed(connection: WriteConnection) -> None:
            if "caller" in state:  # transactions that found out who calls carry nothing out
                await self._answers.mark_committed(connection, claim)

        try:
            with committing_with(mark_committed):
                await self._app(scope, recording.receive, recording.record)
        except Exception:
            await self._finish(claim, _SERVER_ERROR)
            raise
        await self._finish(claim, recording.to_answer())
        await recording.send()

    async def _finish(self, claim: Claim, answer: Answer) -> None:
        try:
            await self._answers.finish(claim, answer)
        except OperationalError as error:  # the request itself has its answer
            log.warning("the answer to a request with a key could not be stored", error=type(error).__name__)

    def _count(self, scope: Scope, caller: Actor) -> None:
        """Count a request that the application does not see."""
        rate = self._rates.count(caller)
        if rate is not None:
            scope.setdefault("state", {})["response_headers"] = rate.to_headers()
            rate.require()


class _Recording:
    """A request whose body was read, and its response as the application sends it."""

    def __init__(self, body: bytes, receive: Receive, send: Send) -> None:
        self._body: bytes | None = body
        self._receive, self._send = receive, send
        self._messages: list[Message] = []

    async def receive(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def record(self, message: Message) -> None:
        self._messages.append(message)

    def to_answer(self) -> Answer:
        start, *rest = self._messages
        headers = [(name, value) for name, value in cast("Headers", start["headers"]) if name.lower() in _REPEATED]
        return Answer(start["status"], headers, b"".join(message.get("body", b"") for message in rest))

    async def send(self) -> None:
        for message in self._messages:
            await self._send(message)


def read_key(values: list[bytes]) -> str:
    """The key of a request's header fields, in quotes as the draft has it, or bare. InvalidInput names the header."""
    text = values[0].decode("latin-1").strip(" \t")
    quoted = _QUOTED.fullmatch(text)
    key = text if quoted is None else re.sub(r"\\(.)", r"\1", quoted[1])
    is_broken = quoted is None and text.startswith('"')
    if len(values) > 1 or is_broken or not _PRINTABLE.fullmatch(key):
        raise InvalidInput.of(HEADER, f"must be sent once, and be 1 to {MAX_LENGTH} printable ASCII characters")
    return key


def _find_keys(scope: Scope) -> list[bytes]:
    if scope["type"] != "http":
        return []
    return [value for name, value in cast("Headers", scope["headers"]) if name == _HEADER]


async def _read(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while (message := await receive())["type"] == "http.request":
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            break
    return b"".join(parts)


async def _send(answer: Answer, send: Send, *headers: tuple[bytes, bytes]) -> None:
    length = (b"content-length", str(len(answer.body)).encode())
    await send({"type": "http.response.start", "status": answer.status, "headers": [*answer.headers, length, *headers]})
    await send({"type": "http.response.body", "body": answer.body})
