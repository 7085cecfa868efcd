"""What went wrong: rejected records, and runs that could not go on."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from platbook.base.errors import NotFound
from platbook.db import ReadConnection, load_queries

Q = load_queries(__package__ or "platbook.sync.reports")


class ErrorType(StrEnum):
    """The kinds of errors."""

    AUTHENTICATION = "authentication"
    NETWORK = "network"
    DATA_VALIDATION = "data_validation"
    RATE_LIMIT = "rate_limit"
    PROTOCOL = "protocol"
    UNKNOWN = "unknown"


class RetryState(StrEnum):
    """How an error's retry stands."""

    PENDING = "pending"
    RETRYING = "retrying"
    SUCCESS = "success"
    FAILED = "failed"
    ABANDONED = "abandoned"


OPEN = frozenset({RetryState.PENDING, RetryState.RETRYING, RetryState.FAILED})
"""States of a rejection that is not settled."""


@dataclass(frozen=True, slots=True)
class SyncError:
    """One error. `attempts` counts how often the same record was refused again; `last_at` is the last time."""

    id: UUID
    provider_id: str
    sync_id: UUID
    resource: str | None
    type: str
    listing_key: str | None
    field: str | None
    reason: str
    retry: str
    attempts: int
    at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class ErrorFilter:
    """Which errors of a provider; None is all."""

    provider_id: str
    type: ErrorType | None = None
    retry: RetryState | None = None
    sync_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class SyncErrors:
    """One page of errors, newest first, and how many there are in all."""

    errors: list[SyncError]
    total: int


async def find_errors(connection: ReadConnection, wanted: ErrorFilter, *, limit: int, page: int = 1) -> SyncErrors:
    """One page of a provider's errors."""
    params = {
        "provider_id": wanted.provider_id,
        "type": wanted.type,
        "retry": wanted.retry,
        "sync_id": wanted.sync_id,
        "limit": limit,
        "offset": (page - 1) * limit,
    }
    errors = await connection.all(SyncError, Q.find_errors, params)
    return SyncErrors(errors, await connection.value(int, Q.count_errors, params) or 0)


async def get_error(connection: ReadConnection, error_id: UUID) -> SyncError:
    """One error; NotFound."""
    error = await connection.first(SyncError, Q.get_error, {"id": error_id})
    if error is None:
        raise NotFound("there is no such error", code="ERROR_NOT_FOUND")
    return error


async def get_error_raw(connection: ReadConnection, error_id: UUID) -> str | None:
    """What the source said, as it was kept; None where nothing was, or no longer. For admins alone."""
    return await connection.value(str, Q.get_error_raw, {"id": error_id})
