"""The exception hierarchy, by what the handler does: retry, skip the record, alert an operator, or reject the call.

Workers handle the first level only (`TryLater`, `SkipThis`, `NeedsOperator`, `CallerError`); HTTP statuses are chosen
by the API. Anything that is not a `PlatbookError` is a bug: it propagates, fails the job and is reported.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


class PlatbookError(Exception):
    """Base of all errors that Platbook raises on purpose. `str(error)` is one sentence without secrets."""


class TryLater(PlatbookError):
    """A transient failure: the same work may succeed later. `not_before` is the earliest time to retry, if known."""

    def __init__(self, message: str, *, not_before: datetime | None = None) -> None:
        super().__init__(message)
        self.not_before = not_before


class SourceUnavailable(TryLater):
    """The source did not answer, or answered with a server error."""


class SourceTooSlow(SourceUnavailable):
    """A reply took longer than our limit of time, or came slower than our minimum rate; it is not repeated at once."""


class RateLimited(TryLater):
    """The source asked to slow down (429 or Retry-After), or our own rate limit for it is exhausted."""


class LoginSlotTaken(TryLater):
    """All concurrent sessions that the source allows for this login are in use."""


class SessionSlotLost(LoginSlotTaken):
    """A slot could not be renewed, as when the database was away; what was done in it is to be resumed."""


class SourceBrokeProtocol(TryLater):
    """The reply violates the protocol: truncated, HTML instead of data, unparsable. `sample` holds its first 2 KiB."""

    def __init__(self, message: str, *, sample: bytes = b"", not_before: datetime | None = None) -> None:
        super().__init__(message, not_before=not_before)
        self.sample = sample[:2048]


class ReplyTooLarge(SourceBrokeProtocol):
    """A reply exceeds a limit of ours, which the message names with its setting; it is not repeated at once."""


class StorageUnavailable(TryLater):
    """Our object storage did not answer, or failed."""


class SkipThis(PlatbookError):
    """One record or photo cannot be used: record the reason and continue with the next."""


class RecordRejected(SkipThis):
    """A record, or one value of it, that was rejected; `field` names the invalid field of the source, if there is one.

    `summary` is the reason without the value, the same for every value that fails alike.
    """

    def __init__(self, reason: str, *, field: str | None = None, summary: str = "cannot be read") -> None:
        super().__init__(reason if field is None else f"{field}: {reason}")
        self.reason = reason
        self.field = field
        self.summary = summary


class MediaRejected(SkipThis):
    """A photo or document that cannot be used."""


class NeedsOperator(PlatbookError):
    """A permanent failure until an operator acts."""


class SweepRefused(NeedsOperator):
    """A sweep was incomplete or would remove too many listings; none was removed and incremental runs continue."""


class CredentialsRefused(NeedsOperator):
    """The source rejected the credentials."""


class StorageRefused(NeedsOperator):
    """Our object storage rejected the credentials, or they lack a permission."""


class ProviderMisconfigured(NeedsOperator):
    """The provider's settings are invalid; the message names the setting and the reason."""


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One validation error: the field as the caller spelt it, and the reason."""

    field: str
    message: str


class CallerError(PlatbookError):
    """The request is at fault. `code` is the API's error code."""

    code = "VALIDATION_ERROR"

    def __init__(self, message: str, *, code: str | None = None, details: Sequence[FieldProblem] = ()) -> None:
        super().__init__(message)
        self.code = code or type(self).code
        self.details = tuple(details)


class NotFound(CallerError):
    """The resource does not exist, or is not visible to the caller."""

    code = "NOT_FOUND"


class Gone(NotFound):
    """The resource existed and was erased."""

    code = "GONE"


class Conflict(CallerError):
    """The operation conflicts with the current state. `extra` holds what the caller needs next (a pending run's id)."""

    code = "CONFLICT"

    def __init__(self, message: str, *, code: str | None = None, extra: dict[str, str] | None = None) -> None:
        super().__init__(message, code=code)
        self.extra = extra or {}


class RequestUnderWay(Conflict):
    """The same request is being carried out, here or by another server; `retry_after` is in seconds."""

    def __init__(self, message: str, *, code: str, retry_after: int) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class KeyReused(CallerError):
    """An idempotency key that belongs to another request."""

    code = "IDEMPOTENCY_KEY_REUSED"


class NotAllowed(CallerError):
    """The caller is authenticated and lacks the right."""

    code = "FORBIDDEN"


class NotAuthenticated(NotAllowed):
    """The caller's credentials are missing, invalid or expired."""

    code = "INVALID_TOKEN"


class PayloadTooLarge(CallerError):
    """The request body is larger than allowed."""

    code = "PAYLOAD_TOO_LARGE"


class TooManyAttempts(NotAllowed):
    """The caller exceeded a rate limit; `retry_after` is in seconds."""

    code = "RATE_LIMITED"

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class InvalidInput(CallerError):
    """A value the caller sent is invalid; `details` names each field."""

    code = "VALIDATION_ERROR"

    @classmethod
    def of(cls, field: str, message: str) -> "InvalidInput":
        """Return the error for one invalid field."""
        return cls(f"{field}: {message}", details=[FieldProblem(field, message)])
