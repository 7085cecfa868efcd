"""Every error's status and envelope. This is the one place that knows HTTP statuses of errors."""

from collections.abc import Sequence

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from platbook.api.envelope import failure_body, raw_json
from platbook.base.errors import (
    CallerError,
    Conflict,
    Gone,
    NeedsOperator,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    PayloadTooLarge,
    PlatbookError,
    TooManyAttempts,
    TryLater,
)
from platbook.base.log import get_log
from platbook.db.errors import OperationalError, is_passing

log = get_log("api")

_STATUSES: Sequence[tuple[type[PlatbookError], int, str]] = (
    (TooManyAttempts, 429, "RATE_LIMITED"),
    (NotAuthenticated, 401, "INVALID_TOKEN"),
    (NotAllowed, 403, "FORBIDDEN"),
    (Gone, 410, "GONE"),
    (NotFound, 404, "NOT_FOUND"),
    (Conflict, 409, "CONFLICT"),
    (PayloadTooLarge, 413, "PAYLOAD_TOO_LARGE"),
    (CallerError, 400, "VALIDATION_ERROR"),
    (TryLater, 503, "UNAVAILABLE"),
    (NeedsOperator, 409, "NEEDS_OPERATOR"),
)
_HTTP_CODES = {
    400: "VALIDATION_ERROR",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
}

_WORDS = {
    "extra_forbidden": "is not a known field",
    "missing": "is required",
    "model_attributes_type": "must be a JSON object, sent as Content-Type: application/json",
    "dict_type": "must be a JSON object, sent as Content-Type: application/json",
}


def add_error_handlers(api: FastAPI) -> None:
    """Answer every error in the envelope."""
    api.add_exception_handler(PlatbookError, _on_ours)
    api.add_exception_handler(RequestValidationError, _on_invalid)
    api.add_exception_handler(HTTPException, _on_http)
    api.add_exception_handler(OperationalError, _on_database_trouble)


async def _on_ours(_: Request, error: Exception) -> Response:
    for kind, status, code in _STATUSES:
        if isinstance(error, kind):
            headers: dict[str, str] = {}
            if isinstance(error, TooManyAttempts):
                headers["Retry-After"] = str(error.retry_after)
            if status == 401:  # noqa: PLR2004 - RFC 9110 section 15.5.2 asks for it
                headers["WWW-Authenticate"] = "Bearer"
            said = error.code if isinstance(error, CallerError) else code
            return raw_json(failure_body(said, str(error), _details(error)), status=status, headers=headers)
    raise error


def _details(error: Exception) -> object:
    if isinstance(error, Conflict):
        return error.extra
    if isinstance(error, CallerError):
        return [{"field": one.field, "message": one.message} for one in error.details]
    return []


async def _on_invalid(_: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    details = [_to_detail(problem["loc"], problem["type"], problem["msg"]) for problem in error.errors()]
    first = details[0]
    message = f"{first['field']}: {first['message']}" if first["field"] else first["message"]
    return raw_json(failure_body("VALIDATION_ERROR", message, details), status=400)


def _to_detail(loc: Sequence[object], kind: str, message: str) -> dict[str, str]:
    if kind == "json_invalid":
        return {"field": "body", "message": "is not valid JSON"}
    field = ".".join(str(part) for part in loc[1:]) or str(loc[0])
    return {"field": field, "message": _WORDS.get(kind, message).removeprefix("Value error, ")}


async def _on_http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    code = _HTTP_CODES.get(error.status_code, "ERROR")
    words = {404: "there is nothing at this address", 405: "this address does not take this method"}
    message = words.get(error.status_code, str(error.detail))
    headers = dict(error.headers or {})
    if "Allow" in headers:
        headers["Allow"] = ", ".join(sorted(_find_methods(request)))
    return raw_json(failure_body(code, message), status=error.status_code, headers=headers)


def _find_methods(request: Request) -> set[str]:
    """Every method an address takes (RFC 9110 section 10.2.1); the framework tells those of the first route alone."""
    methods: set[str] = set()
    for route in iter_route_contexts(request.app.routes):
        pattern, _, _ = compile_path(route.path_format or "")
        if pattern.match(request.scope["path"]):
            methods |= route.methods or set()
    return methods | {"HEAD"} if "GET" in methods else methods


async def _on_database_trouble(_: Request, error: Exception) -> Response:
    if not is_passing(error):
        raise error  # our mistake: trying again would not help
    log.warning("the database cannot answer now", error=type(error).__name__)
    return raw_json(failure_body("UNAVAILABLE", "the database cannot answer now; try again shortly"), status=503)
