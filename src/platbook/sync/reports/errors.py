"""Sync errors: rejected records, and failures that ended a run."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from platbook.base.errors import NotFound
from platbook.base.views import Pagination, UtcDatetime, View, paginate
from platbook.db import ReadConnection, load_queries
from platbook.db.lists import NumberedSource, PageNumber, find_numbered_page
from platbook.providers.providers import find_providers

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
    """The status of a rejected record's retry."""

    PENDING = "pending"
    RETRYING = "retrying"
    SUCCESS = "success"
    FAILED = "failed"
    ABANDONED = "abandoned"


class SyncError(View):
    """A rejected record, or a failure that ended a run.

    `attempts` counts how often the same record was rejected again, `lastAt` is the last time.
    """

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
    at: UtcDatetime
    last_at: UtcDatetime


class SyncErrorList(View):
    """One page of errors, newest first."""

    errors: list[SyncError]
    pagination: Pagination


class ErrorRaw(View):
    """The source's record of an error as it was received; null where none was stored, or it was erased."""

    id: UUID
    raw: str | None


@dataclass(frozen=True, slots=True)
class ErrorFilter:
    """Which errors; None matches all, for `provider_id` those of all providers that are not archived."""

    provider_id: str | None = None
    type: ErrorType | None = None
    retry: RetryState | None = None
    sync_id: UUID | None = None


async def find_errors(
    connection: ReadConnection, error_filter: ErrorFilter, *, limit: int, page: int = 1
) -> SyncErrorList:
    """One page of errors. For all providers the first pages of each are merged, each read by its index."""
    if error_filter.provider_id is not None:
        errors, total = await _find_by_provider(connection, error_filter.provider_id, error_filter, limit, page)
        return SyncErrorList(errors=errors, pagination=paginate(page, limit, total))
    merged: list[SyncError] = []
    total = 0
    for provider in await find_providers(connection):
        errors, count = await _find_by_provider(connection, provider.provider_id, error_filter, page * limit, 1)
        merged += errors
        total += count
    merged.sort(key=lambda error: (error.at, error.id), reverse=True)
    return SyncErrorList(errors=merged[(page - 1) * limit : page * limit], pagination=paginate(page, limit, total))


async def get_error(connection: ReadConnection, error_id: UUID) -> SyncError:
    """One error; NotFound."""
    error = await connection.first(SyncError, Q.get_error, {"id": error_id})
    if error is None:
        raise NotFound(f"there is no error {error_id}", code="ERROR_NOT_FOUND")
    return error


async def get_error_raw(connection: ReadConnection, error_id: UUID) -> ErrorRaw:
    """The source's record of an error as it was received; NotFound. For admins alone: it may hold anything."""
    await get_error(connection, error_id)
    return ErrorRaw(id=error_id, raw=await connection.value(str, Q.get_error_raw, {"id": error_id}))


_ERRORS = NumberedSource(SyncError, Q.find_errors, ("at",), descending=True)


async def _find_by_provider(
    connection: ReadConnection, provider_id: str, error_filter: ErrorFilter, limit: int, page: int
) -> tuple[list[SyncError], int]:
    params = {
        "provider_id": provider_id,
        "type": error_filter.type,
        "retry": error_filter.retry,
        "sync_id": error_filter.sync_id,
    }
    found = await find_numbered_page(connection, _ERRORS, PageNumber(page, limit), params)
    return found.rows, found.total
