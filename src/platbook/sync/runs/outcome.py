"""The outcome of a run for its provider: status, type of error, time of the next run, whether a person must act."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from platbook.base.errors import (
    CallerError,
    CredentialsRefused,
    LoginSlotTaken,
    NeedsOperator,
    ProviderMisconfigured,
    RateLimited,
    SourceBrokeProtocol,
    SourceUnavailable,
    SweepRefused,
    TryLater,
)
from platbook.sync.runs.run import RunCounts, RunStatus

_FIRST_PAUSE = timedelta(minutes=1)
_FAILURES_UNTIL_ALERT = 3
_JITTER = 0.2

LONGEST_INTERVALS = 1 + _JITTER
"""The longest pause between runs, in intervals of the provider, unless the source itself asks for more."""


@dataclass(frozen=True, slots=True)
class StatusAfterRun:
    """The live state after a run."""

    next_run_at: datetime
    failures: int
    needs_operator: str | None
    blocked: bool


def error_type(error: BaseException) -> str:
    """The API's code for a kind of error."""
    match error:
        case CredentialsRefused():
            return "authentication"
        case RateLimited() | LoginSlotTaken():
            return "rate_limit"
        case SourceUnavailable():
            return "network"
        case SourceBrokeProtocol() | SweepRefused():
            return "protocol"
        case _:
            return "unknown"


def completed_status(counts: RunCounts, refused: SweepRefused | None, *, incomplete: bool = False) -> RunStatus:
    """The status of a completed run.

    Partial: records were rejected, the sweep waits for a person, or was `incomplete`, as the run's remarks say.
    """
    return RunStatus.PARTIAL if counts.errored or incomplete or refused is not None else RunStatus.SUCCESS


def settle_success(next_run_at: datetime, refused: SweepRefused | None) -> StatusAfterRun:
    """The state after a completed run. A refused sweep needs a person, and further runs go on."""
    return StatusAfterRun(next_run_at, 0, None if refused is None else str(refused), blocked=False)


def settle_failure(error: BaseException, failures: int, longest_pause: timedelta, now: datetime) -> StatusAfterRun:
    """The state after a failed run; `failures` counts it, `longest_pause` is the provider's pause between runs.

    Transient failures are retried by exponential backoff with jitter (a minute, doubled for each failure, ±20 %), never
    later than after the provider's own pause; the third failure in a row alerts a person and continues at that pause.
    What only a person can fix blocks the provider: a source may lock an account after repeated wrong passwords.
    """
    if isinstance(error, (CredentialsRefused, ProviderMisconfigured, CallerError)):
        return StatusAfterRun(now + longest_pause, failures, str(error), blocked=True)
    alert = failures >= _FAILURES_UNTIL_ALERT or isinstance(error, NeedsOperator)
    pause = longest_pause if alert else min(longest_pause, _FIRST_PAUSE * 2 ** (failures - 1))
    jitter = 1 + _JITTER * (2 * random.random() - 1)  # noqa: S311 - jitter, so that providers do not retry at the same time
    next_run = now + pause * jitter
    if isinstance(error, TryLater) and error.not_before is not None:
        next_run = max(next_run, error.not_before)
    message = f"{failures} runs in a row have failed, the last one because: {error}" if alert else None
    return StatusAfterRun(next_run, failures, message, blocked=False)
