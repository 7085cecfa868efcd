"""Retry policy: exponential backoff with jitter, for transient failures of requests that are safe to repeat. Pure.

A request is safe to repeat if its method is idempotent (RFC 9110 section 9.2.2), if it never left, or if it was
rejected by 429 or Retry-After before it was processed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx2

from platbook.base.errors import (
    InvalidInput,
    PlatbookError,
    RateLimited,
    SourceBrokeProtocol,
    SourceUnavailable,
)
from platbook.transport.headers import parse_retry_after

# RFC 9110 section 9.2.2.
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
_BACKOFF_SECONDS = (2.0, 6.0, 18.0)
MAX_ATTEMPTS = len(_BACKOFF_SECONDS) + 1
"""How often one request is sent at most, within about half a minute."""
_DEFAULT_PAUSE = timedelta(seconds=10)  # after 429 without Retry-After
_MIN_PAUSE = timedelta(seconds=1)
_HEADERS_TOO_LONG = "Receive buffer too long"
"""The library's words for headers of more than 100 KB."""
_TOO_MANY_REQUESTS, _NOT_IMPLEMENTED, _UNAVAILABLE, _SERVER_ERRORS = 429, 501, 503, range(500, 600)


@dataclass(frozen=True, slots=True)
class TransportFailure:
    """Why a request has no usable response: the error to raise if retries do not help, and whether one is safe.

    `pause_for`: the source asked, by 429 or Retry-After, to send no requests for so long.
    """

    error: PlatbookError
    is_retryable: bool
    pause_for: timedelta | None = None


def plan_backoff(random: Callable[[], float], attempts: int = MAX_ATTEMPTS) -> Iterator[float | None]:
    """Seconds to wait after each attempt, with a jitter of 25 % either way; None after the last one."""
    for seconds in _BACKOFF_SECONDS[: attempts - 1]:
        yield seconds * (0.75 + random() / 2)
    yield None


def classify_response(
    method: str, name: str, status: int, headers: Mapping[str, str], now: datetime
) -> TransportFailure | None:
    """Return the transient failure that a status means; None: the caller interprets the response."""
    retry_after = parse_retry_after(headers, now) if status in (_TOO_MANY_REQUESTS, _UNAVAILABLE) else None
    if status == _TOO_MANY_REQUESTS or retry_after is not None:
        # Rejected before it was processed, so any method may be repeated.
        pause_for = _DEFAULT_PAUSE if retry_after is None else max(retry_after, _MIN_PAUSE)
        return TransportFailure(
            RateLimited(f"{name} asked to slow down (status {status})"), is_retryable=True, pause_for=pause_for
        )
    if status in _SERVER_ERRORS and status != _NOT_IMPLEMENTED:
        return TransportFailure(SourceUnavailable(f"{name} failed with status {status}"), method in _IDEMPOTENT)
    return None


def classify_error(method: str, name: str, error: httpx2.TransportError) -> TransportFailure:
    """Return the failure that a missing response means. A request that never left may always be repeated."""
    is_idempotent = method in _IDEMPOTENT
    match error:
        case httpx2.LocalProtocolError():
            # The library's message contains the header's value, which may be a secret.
            return TransportFailure(
                InvalidInput.of("headers", f"a header for {name} cannot be sent"), is_retryable=False
            )
        case httpx2.ConnectError() | httpx2.ProxyError():
            return TransportFailure(SourceUnavailable(f"{name} could not be reached ({error})"), is_retryable=True)
        case httpx2.ConnectTimeout() | httpx2.PoolTimeout():
            return TransportFailure(SourceUnavailable(f"{name} could not be reached in time"), is_retryable=True)
        case httpx2.TimeoutException():
            return TransportFailure(SourceUnavailable(f"{name} did not answer in time"), is_idempotent)
        case httpx2.RemoteProtocolError() if _is_parse_error(error):
            reason = ": its headers are too long" if str(error) == _HEADERS_TOO_LONG else ""
            return TransportFailure(SourceBrokeProtocol(f"{name} did not answer in HTTP{reason}"), is_idempotent)
        case _:
            return TransportFailure(SourceUnavailable(f"{name} closed the connection without an answer"), is_idempotent)


def _is_parse_error(error: httpx2.RemoteProtocolError) -> bool:
    # The library chains the parser's own error; there is none if the connection was closed.
    return error.__cause__ is not None and error.__cause__.__context__ is not None
