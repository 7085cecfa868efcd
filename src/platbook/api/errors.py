"""Writes every error as a response in the envelope. Statuses and codes are decided in `application.outcomes`."""

from collections.abc import Mapping, Sequence
from typing import cast

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from platbook.api.envelope import failure_body, raw_json
from platbook.application.outcomes import DATABASE_UNAVAILABLE, Outcome, to_outcome
from platbook.base.errors import PlatbookError
from platbook.base.log import get_log
from platbook.base.validation import to_invalid_input
from platbook.db.errors import OperationalError

log = get_log("api")

_UNAUTHENTICATED = 401
_HTTP_CODES: Mapping[int, str] = {
    400: "VALIDATION_ERROR",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
}
_HTTP_MESSAGES: Mapping[int, str] = {
    404: "no route has this URL",
    405: "this URL does not support this method; see the Allow header",
}


def add_error_handlers(api: FastAPI) -> None:
    """Answer every error in the envelope."""
    api.add_exception_handler(PlatbookError, _on_expected_error)
    api.add_exception_handler(RequestValidationError, _on_invalid_request)
    api.add_exception_handler(HTTPException, _on_http_error)
    api.add_exception_handler(OperationalError, _on_expected_error)


async def _on_expected_error(_: Request, error: Exception) -> Response:
    return respond(error)


def respond(error: Exception) -> Response:
    """The response to an expected error; any other is raised again."""
    outcome = to_outcome(error)
    if outcome is None:
        raise error
    if outcome is DATABASE_UNAVAILABLE:
        log.warning("the database cannot answer now", error=type(error).__name__)
    return _to_response(outcome)


async def _on_invalid_request(_: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    outcome = to_outcome(to_invalid_input([_within_part(one) for one in error.errors()]))
    if outcome is None:
        raise error
    return _to_response(outcome)


def _within_part(error: Mapping[str, object]) -> Mapping[str, object]:
    """The error with the location inside its part of the request: without `body`, `query`, `path`, `cookie`."""
    return {**error, "loc": cast("Sequence[object]", error["loc"])[1:]}


async def _on_http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    code = _HTTP_CODES.get(error.status_code, "ERROR")
    message = _HTTP_MESSAGES.get(error.status_code, str(error.detail))
    headers = dict(error.headers or {})
    if "Allow" in headers:
        headers["Allow"] = ", ".join(sorted(_find_methods(request)))
    return raw_json(failure_body(code, message), status=error.status_code, headers=headers)


def _to_response(outcome: Outcome) -> Response:
    headers: dict[str, str] = {}
    if outcome.retry_after is not None:
        headers["Retry-After"] = str(outcome.retry_after)
    if outcome.status == _UNAUTHENTICATED:  # RFC 9110 section 15.5.2 asks for it
        headers["WWW-Authenticate"] = "Bearer"
    body = failure_body(outcome.code, outcome.message, outcome.details)
    return raw_json(body, status=outcome.status, headers=headers)


def _find_methods(request: Request) -> set[str]:
    """Every method a URL supports (RFC 9110 section 10.2.1); the framework names those of the first route alone."""
    methods: set[str] = set()
    for route in iter_route_contexts(request.app.routes):
        pattern, _, _ = compile_path(route.path_format or "")
        if pattern.match(request.scope["path"]):
            methods |= route.methods or set()
    return methods | {"HEAD"} if "GET" in methods else methods
