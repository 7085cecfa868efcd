"""Errors, named by what the catcher does next.

Workers act on the first level only (`TryLater`, `SkipThis`, `NeedsOperator`, `CallerError`); HTTP status is decided
at the edges. Anything that is not a `PlatbookError` is a bug: it propagates, fails the job and is reported.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


class PlatbookError(Exception):
    """Everything Platbook raises on purpose. `str(error)` is one sentence, free of secrets."""


class TryLater(PlatbookError):
    """The same work may succeed later. `not_before`, where known, is the earliest moment worth trying."""

    def __init__(self, message: str, *, not_before: datetime | None = None) -> None:
        super().__init__(message)
        self.not_before = not_before


class SourceUnavailable(TryLater):
    """The source did not answer, or answered that it cannot now."""


class RateLimited(TryLater):
    """The source, or our own budget for it, says to slow down."""


class LoginSlotTaken(TryLater):
    """The source allows no further session for this login now."""


class SourceBrokeProtocol(TryLater):
    """The reply is not what the protocol promises: cut short, HTML for data, garbage. `sample` holds its beginning."""

    def __init__(self, message: str, *, sample: bytes = b"", not_before: datetime | None = None) -> None:
        super().__init__(message, not_before=not_before)
        self.sample = sample[:2048]


class StorageUnavailable(TryLater):
    """Our own store of objects did not answer, or failed."""


class SkipThis(PlatbookError):
    """One record or photo cannot be used: note the reason and go on."""


class RecordRejected(SkipThis):
    """A record that could not be accepted; `field` names the source's field at fault, where one is."""

    def __init__(self, reason: str, *, field: str | None = None) -> None:
        super().__init__(reason if field is None else f"{field}: {reason}")
        self.reason = reason
        self.field = field


class MediaRejected(SkipThis):
    """A photo or document that could not be used."""


class NeedsOperator(PlatbookError):
    """A person must act before this can go on."""


class SweepRefused(NeedsOperator):
    """A sweep was cut short or would remove too much; nothing was removed and incremental runs go on."""


class CredentialsRefused(NeedsOperator):
    """The source does not accept the login."""


class StorageRefused(NeedsOperator):
    """Our own store of objects does not accept the login, or does not allow it what is needed."""


class ProviderMisconfigured(NeedsOperator):
    """The provider's settings cannot work; the message says which and why."""


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One thing wrong with what a caller sent: the field as the caller spelt it, and why."""

    field: str
    message: str


class CallerError(PlatbookError):
    """The caller must change something. `code` is the API's word for it."""

    code = "VALIDATION_ERROR"

    def __init__(self, message: str, *, code: str | None = None, details: Sequence[FieldProblem] = ()) -> None:
        super().__init__(message)
        self.code = code or type(self).code
        self.details = tuple(details)


class NotFound(CallerError):
    """What was asked for does not exist, or may not be seen."""

    code = "NOT_FOUND"


class Gone(NotFound):
    """It existed and was erased."""

    code = "GONE"


class Conflict(CallerError):
    """It cannot be done in the present state. `extra` is what the caller needs to go on (a waiting run's id)."""

    code = "CONFLICT"

    def __init__(self, message: str, *, code: str | None = None, extra: dict[str, str] | None = None) -> None:
        super().__init__(message, code=code)
        self.extra = extra or {}


class NotAllowed(CallerError):
    """The caller is known and may not do this."""

    code = "FORBIDDEN"


class NotAuthenticated(NotAllowed):
    """The caller is not known, or no longer is."""

    code = "INVALID_TOKEN"


class PayloadTooLarge(CallerError):
    """More was sent than is of use."""

    code = "PAYLOAD_TOO_LARGE"


class TooManyAttempts(NotAllowed):
    """The caller tried too often; `retry_after` is in seconds."""

    code = "RATE_LIMITED"

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class InvalidInput(CallerError):
    """A value the caller sent cannot be used; `details` names each field."""

    code = "VALIDATION_ERROR"

    @classmethod
    def of(cls, field: str, message: str) -> "InvalidInput":
        """One problem with one field."""
        return cls(f"{field}: {message}", details=[FieldProblem(field, message)])
