"""Judging what came back, or did not: who may try again, when, and what is raised if that does not help. Pure."""

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
_PAUSES = (2.0, 6.0, 18.0)
TRIES = len(_PAUSES) + 1
"""How often one request is sent at most: over about half a minute."""
_UNSAID = timedelta(seconds=10)  # how long to stay away from a source that says 429 and not for how long
_LEAST = timedelta(seconds=1)
_TOO_MANY, _NOT_IMPLEMENTED, _NOT_NOW, _SERVER_ERRORS = 429, 501, 503, range(500, 600)


@dataclass(frozen=True, slots=True)
class TransportFailure:
    """Why there is no answer to hand over: what to raise in the end, and whether trying `again` is safe.

    `stay_away`: the source asked every worker to be quiet for so long.
    """

    error: PlatbookError
    again: bool
    stay_away: timedelta | None = None


def plan_pauses(draw: Callable[[], float], tries: int = TRIES) -> Iterator[float | None]:
    """Seconds to wait after each try, spread by a quarter to either side; None after the last."""
    for pause in _PAUSES[: tries - 1]:
        yield pause * (0.75 + draw() / 2)
    yield None


def judge_answer(
    method: str, name: str, status: int, headers: Mapping[str, str], now: datetime
) -> TransportFailure | None:
    """Whether an answer's status is transient trouble; None: it is the connector's to judge."""
    retry_after = parse_retry_after(headers, now) if status in (_TOO_MANY, _NOT_NOW) else None
    if status == _TOO_MANY or retry_after is not None:
        # Refused before it was worked on, so any method may go again.
        stay_away = _UNSAID if retry_after is None else max(retry_after, _LEAST)
        return TransportFailure(
            RateLimited(f"{name} asked to slow down (status {status})"), again=True, stay_away=stay_away
        )
    if status in _SERVER_ERRORS and status != _NOT_IMPLEMENTED:
        return TransportFailure(SourceUnavailable(f"{name} failed with status {status}"), method in _IDEMPOTENT)
    return None


def judge_failure(method: str, name: str, error: httpx2.TransportError) -> TransportFailure:
    """What a request that got no answer means. A request that never left may always be sent again."""
    again = method in _IDEMPOTENT
    match error:
        case httpx2.LocalProtocolError():
            # The library's words would hold the header's value, which may be a secret.
            return TransportFailure(InvalidInput.of("headers", f"a header for {name} cannot be sent"), again=False)
        case httpx2.ConnectError() | httpx2.ProxyError():
            return TransportFailure(SourceUnavailable(f"{name} could not be reached ({error})"), again=True)
        case httpx2.ConnectTimeout() | httpx2.PoolTimeout():
            return TransportFailure(SourceUnavailable(f"{name} could not be reached in time"), again=True)
        case httpx2.TimeoutException():
            return TransportFailure(SourceUnavailable(f"{name} did not answer in time"), again)
        case httpx2.RemoteProtocolError() if _answered_garbage(error):
            return TransportFailure(SourceBrokeProtocol(f"{name} did not answer in HTTP"), again)
        case _:
            return TransportFailure(SourceUnavailable(f"{name} closed the connection without an answer"), again)


def _answered_garbage(error: httpx2.RemoteProtocolError) -> bool:
    # A parser's complaint has the parser's own error beneath the library's; a connection that was closed has none.
    return error.__cause__ is not None and error.__cause__.__context__ is not None
