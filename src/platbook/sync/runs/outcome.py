"""What an ended run means for its provider: its status, its error's type, when to come again, who must act."""

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
from platbook.sync.runs.lifecycle import RunCounts, RunStatus

_FIRST_PAUSE = timedelta(minutes=1)
_FAILURES_UNTIL_ALARM = 3
_SPREAD = 0.2


@dataclass(frozen=True, slots=True)
class StatusAfterRun:
    """The live state after a run."""

    next_run_at: datetime
    failures: int
    needs_operator: str | None
    blocked: bool


def error_type(error: BaseException) -> str:
    """The API's word for a kind of error."""
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


def ended_well(counts: RunCounts, refused: SweepRefused | None) -> RunStatus:
    """Partial: records were rejected, or the sweep waits for a person."""
    return RunStatus.PARTIAL if counts.errored or refused is not None else RunStatus.SUCCESS


def settle_success(interval: timedelta, refused: SweepRefused | None, now: datetime) -> StatusAfterRun:
    """After a run that reached its end. A refused sweep asks for a person, and runs go on."""
    return StatusAfterRun(now + interval, 0, None if refused is None else str(refused), blocked=False)


def settle_failure(error: BaseException, failures: int, interval: timedelta, now: datetime) -> StatusAfterRun:
    """After a run that could not go on: `failures` counts it.

    Transient trouble is tried again after a pause that doubles, never longer than the provider's own interval; the
    third failure in a row asks for a person and goes on at that interval. What only a person can mend is not tried
    again by itself: a source may lock an account that keeps knocking with a wrong password.
    """
    if isinstance(error, (CredentialsRefused, ProviderMisconfigured, CallerError)):
        return StatusAfterRun(now + interval, failures, str(error), blocked=True)
    alarm = failures >= _FAILURES_UNTIL_ALARM or isinstance(error, NeedsOperator)
    pause = interval if alarm else min(interval, _FIRST_PAUSE * 2 ** (failures - 1))
    spread = 1 + _SPREAD * (2 * random.random() - 1)  # noqa: S311 - jitter, so that providers do not knock in step
    next_run = now + pause * spread
    if isinstance(error, TryLater) and error.not_before is not None:
        next_run = max(next_run, error.not_before)
    words = f"{failures} runs in a row have failed, the last one because: {error}" if alarm else None
    return StatusAfterRun(next_run, failures, words, blocked=False)
