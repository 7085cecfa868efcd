"""What an error means for whoever sent the request: HTTP status, error code, message and details.

The one place that knows HTTP statuses of errors. How an outcome is written (an envelope, a page) is the edge's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from platbook.base.errors import (
    CallerError,
    Conflict,
    Gone,
    KeyReused,
    NeedsOperator,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    PayloadTooLarge,
    PlatbookError,
    RequestUnderWay,
    SourceBrokeProtocol,
    TooManyAttempts,
    TryLater,
)
from platbook.db.errors import OperationalError, is_passing

Details = Sequence[Mapping[str, str]] | Mapping[str, str]

STATUSES: Sequence[tuple[type[PlatbookError], int, str]] = (  # the first that matches: subclasses stand first
    (TooManyAttempts, 429, "RATE_LIMITED"),
    (NotAuthenticated, 401, "INVALID_TOKEN"),
    (NotAllowed, 403, "FORBIDDEN"),
    (Gone, 410, "GONE"),
    (NotFound, 404, "NOT_FOUND"),
    (Conflict, 409, "CONFLICT"),
    (PayloadTooLarge, 413, "PAYLOAD_TOO_LARGE"),
    (KeyReused, 422, "IDEMPOTENCY_KEY_REUSED"),
    (CallerError, 400, "VALIDATION_ERROR"),
    (SourceBrokeProtocol, 502, "SOURCE_BROKE_PROTOCOL"),
    (TryLater, 503, "UNAVAILABLE"),
    (NeedsOperator, 409, "NEEDS_OPERATOR"),
)
"""Kinds of errors, with the HTTP status and the code of those that name no other."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a request failed. `details` are the fields at fault, or what a caller needs to go on (a waiting run's id)."""

    status: int
    code: str
    message: str
    details: Details = ()
    retry_after: int | None = None
    """Seconds until another attempt is worth making."""


_RETRY_SECONDS = 5

DATABASE_UNAVAILABLE = Outcome(
    503, "UNAVAILABLE", "the database cannot answer now; try again shortly", retry_after=_RETRY_SECONDS
)


def to_outcome(error: Exception) -> Outcome | None:
    """The outcome of an expected error; None for a bug, which is to propagate and be reported without its message."""
    if isinstance(error, OperationalError):
        return DATABASE_UNAVAILABLE if is_passing(error) else None
    for kind, status, code in STATUSES:
        if isinstance(error, kind):
            return Outcome(
                status,
                error.code if isinstance(error, CallerError) else code,
                str(error),
                _details(error),
                _retry_after(error),
            )
    return None


def _retry_after(error: Exception) -> int | None:
    if isinstance(error, TooManyAttempts | RequestUnderWay):
        return error.retry_after
    is_away = isinstance(error, TryLater) and not isinstance(error, SourceBrokeProtocol)
    return _RETRY_SECONDS if is_away else None


def _details(error: Exception) -> Details:
    if isinstance(error, Conflict):
        return error.extra
    if isinstance(error, CallerError):
        return [{"field": one.field, "message": one.message} for one in error.details]
    return ()
