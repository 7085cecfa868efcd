"""Every error's status, code and envelope, and who is asked for more than half a body."""

import httpx2
import pytest
from fastapi import FastAPI
from psycopg import errors
from starlette.types import Message, Receive, Scope, Send

from platbook.api.app import POLICY
from platbook.api.authentication import index_routes
from platbook.api.errors import add_error_handlers
from platbook.application.request_gate import RequestGate
from platbook.base.errors import (
    Conflict,
    CredentialsRefused,
    Gone,
    InvalidInput,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    RecordRejected,
    SourceBrokeProtocol,
    SourceUnavailable,
    TooManyAttempts,
)
from platbook.db.errors import OperationalError


async def _answer_to(error: Exception) -> httpx2.Response:
    api = FastAPI()
    add_error_handlers(api)
    api.add_middleware(RequestGate, policy=POLICY)

    @api.get("/")
    async def fail() -> None:
        raise error

    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(api), base_url="http://platbook.test") as client:
        return await client.get("/")


@pytest.mark.parametrize(
    ("error", "status", "code", "details"),
    [
        (InvalidInput.of("price", "is odd"), 400, "VALIDATION_ERROR", [{"field": "price", "message": "is odd"}]),
        (NotAuthenticated("who?"), 401, "INVALID_TOKEN", []),
        (NotAuthenticated("who?", code="MISSING_TOKEN"), 401, "MISSING_TOKEN", []),
        (NotAllowed("no"), 403, "FORBIDDEN", []),
        (NotFound("none", code="LEAD_NOT_FOUND"), 404, "LEAD_NOT_FOUND", []),
        (Gone("erased"), 410, "GONE", []),
        (Conflict("one waits", extra={"syncId": "1"}), 409, "CONFLICT", {"syncId": "1"}),
        (TooManyAttempts("wait", retry_after=7), 429, "RATE_LIMITED", []),
        (SourceBrokeProtocol("garbage"), 502, "SOURCE_BROKE_PROTOCOL", []),
        (SourceUnavailable("away"), 503, "UNAVAILABLE", []),
        (CredentialsRefused("ask somebody"), 409, "NEEDS_OPERATOR", []),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
async def test_every_error_of_ours_has_its_status(error: Exception, status: int, code: str, details: object) -> None:
    answer = await _answer_to(error)
    assert answer.status_code == status
    assert answer.json() == {
        "success": False,
        "error": {"code": code, "message": str(error), "details": details},
    }
    assert ("www-authenticate" in answer.headers) == (status == 401)
    assert answer.headers.get("retry-after") == {429: "7", 503: "5"}.get(status)


async def test_a_database_that_is_away_is_a_matter_of_time() -> None:
    answer = await _answer_to(OperationalError("connection to 10.0.0.9 as platbook refused"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "UNAVAILABLE")
    assert answer.headers["retry-after"] == "5"
    assert "10.0.0.9" not in answer.text


@pytest.mark.parametrize(
    ("error", "status"), [(errors.DeadlockDetected, 503), (errors.DiskFull, 503), (errors.ProgramLimitExceeded, 500)]
)
async def test_a_database_that_refuses_is_asked_again_only_where_that_can_help(
    error: type[OperationalError], status: int
) -> None:
    assert (await _answer_to(error("index row size 2712 exceeds maximum"))).status_code == status


@pytest.mark.parametrize("error", [RecordRejected("odd"), ZeroDivisionError("a secret")])
async def test_what_nobody_foresaw_says_nothing_of_itself(error: Exception) -> None:
    answer = await _answer_to(error)
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "INTERNAL_SERVER_ERROR")
    assert str(error) not in answer.text
    assert answer.headers["x-request-id"] in answer.text


async def test_half_a_body_is_not_acted_on() -> None:
    messages: list[Message] = [
        {"type": "http.request", "body": b'{"whole": true}', "more_body": True},
        {"type": "http.disconnect"},
    ]
    reached: list[str] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        reached.append(str(scope["path"]))

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        reached.append(str(message["type"]))

    scope: Scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []}
    await RequestGate(app, POLICY)(scope, receive, send)
    assert reached == []


def test_a_function_served_under_two_paths_has_no_one_right() -> None:
    api = FastAPI()

    async def serve() -> None: ...

    api.add_api_route("/one", serve)
    api.add_api_route("/two", serve)
    with pytest.raises(ValueError, match=r"/two and /one"):
        index_routes(api)
