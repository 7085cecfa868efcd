"""How each provider stands now."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import cast
from uuid import UUID

from platbook.base.errors import NotFound
from platbook.db import ReadConnection, load_queries
from platbook.db.compose import SQL, Composed
from platbook.media.reports import PendingPhotos, get_owed
from platbook.sync.reports.history import Run, get_runs

Q = load_queries(__package__ or "platbook.sync.reports")

MOST_PROVIDERS = 1000

_COUNTED_UP_TO = 10_000
_EXPECT = SQL("EXPLAIN (FORMAT JSON) SELECT FROM properties WHERE provider_id = %(provider_id)s AND {}")
_EXPECT_ALL = _EXPECT.format(SQL("erased_at IS NULL"))
_EXPECT_ACTIVE = _EXPECT.format(SQL("visible"))


class ProviderState(StrEnum):
    """What a provider is doing; the first that is true of running, waiting, needs_operator, idle."""

    RUNNING = "running"
    WAITING = "waiting"
    NEEDS_OPERATOR = "needs_operator"
    IDLE = "idle"


@dataclass(frozen=True, slots=True)
class RunProgress:
    """The run under way. `rate` is in records per second; `total` None: the source does not tell."""

    sync_id: UUID
    stage: str | None
    done: int
    total: int | None
    rate: float | None
    expected_end_at: datetime | None


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far behind the source we may be.

    `as_of` is the start of the last full or incremental run that reached its end: what the source held then, we hold.
    The lag counts from it, not from the newest listing's own time, since a market may simply be quiet. `watermark` is
    the next run's start in the source's own text.
    """

    watermark: str | None
    as_of: datetime | None
    lag_seconds: int | None


@dataclass(frozen=True, slots=True)
class ListingCounts:
    """Listings shown, and all that are not erased. Exact up to 10,000 rows, the planner's estimate above."""

    active: int
    total: int
    is_estimate: bool = False


@dataclass(frozen=True, slots=True)
class ProviderStatus:
    """How a provider stands. `open_errors` are rejected records not settled yet, 10,000 at most."""

    provider_id: str
    provider_name: str
    provider_type: str
    enabled: bool
    archived_at: datetime | None
    state: ProviderState
    needs_operator: str | None
    blocked: bool
    interval_hours: float
    next_run_at: datetime | None
    last_success_at: datetime | None
    last_run: Run | None
    consecutive_failures: int
    waiting_id: UUID | None
    current: RunProgress | None
    freshness: Freshness
    open_errors: int
    listings: ListingCounts
    photos: PendingPhotos


@dataclass(frozen=True, slots=True)
class _Row:
    provider_id: str
    provider_name: str
    provider_type: str
    enabled: bool
    archived_at: datetime | None
    interval_hours: float
    next_run_at: datetime | None
    last_success_at: datetime | None
    consecutive_failures: int
    needs_operator: str | None
    blocked: bool
    running_id: UUID | None
    waiting_id: UUID | None
    current_sync_id: UUID | None
    stage: str | None
    done: int
    total: int | None
    rate: float | None
    expected_end_at: datetime | None
    watermark: str | None
    as_of: datetime | None
    last_run_id: UUID | None
    open_errors: int


async def get_status(connection: ReadConnection, provider_id: str, now: datetime) -> ProviderStatus:
    """How one provider stands, an archived one too; NotFound."""
    for status in await _find(connection, provider_id, now):
        return status
    raise NotFound(f"there is no provider {provider_id}", code="PROVIDER_NOT_FOUND")


async def find_statuses(connection: ReadConnection, now: datetime) -> list[ProviderStatus]:
    """How every provider stands that is not archived, by id."""
    return await _find(connection, None, now)


async def count_listings(connection: ReadConnection, provider_id: str) -> ListingCounts:
    """How many listings a provider has, at a cost that does not grow with them.

    The planner is asked first. Only where it expects few, or knows nothing yet, rows are counted, so many at most.
    """
    params: dict[str, object] = {"provider_id": provider_id, "most": _COUNTED_UP_TO + 1}
    total, active = await _expect(connection, _EXPECT_ALL, params), 0
    if total <= 2 * _COUNTED_UP_TO:
        ((looked_at, counted, shown),) = cast(
            "list[tuple[int, int, int]]", await connection.tuples(Q.count_some_listings, params)
        )
        if looked_at <= _COUNTED_UP_TO:
            return ListingCounts(shown, counted)
        total, active = max(total, counted), shown
    active = max(active, await _expect(connection, _EXPECT_ACTIVE, params))
    return ListingCounts(min(active, total), total, is_estimate=True)


async def _expect(connection: ReadConnection, statement: Composed, params: dict[str, object]) -> int:
    ((plans,),) = await connection.tuples(statement, params)
    first = cast("list[dict[str, dict[str, object]]]", plans)[0]
    return int(cast("float", first["Plan"]["Plan Rows"]))


async def _find(connection: ReadConnection, provider_id: str | None, now: datetime) -> list[ProviderStatus]:
    rows = await connection.all(_Row, Q.find_statuses, {"provider_id": provider_id, "limit": MOST_PROVIDERS})
    last_ids = [row.last_run_id for row in rows if row.last_run_id is not None]
    last_runs = {run.sync_id: run for run in await get_runs(connection, last_ids)}
    return [
        _to_status(
            row,
            None if row.last_run_id is None else last_runs.get(row.last_run_id),
            await count_listings(connection, row.provider_id),
            await get_owed(connection, row.provider_id),
            now,
        )
        for row in rows
    ]


def _to_status(
    row: _Row, last_run: Run | None, listings: ListingCounts, photos: PendingPhotos, now: datetime
) -> ProviderStatus:
    lag = None if row.as_of is None else max(0, int((now - row.as_of).total_seconds()))
    return ProviderStatus(
        provider_id=row.provider_id,
        provider_name=row.provider_name,
        provider_type=row.provider_type,
        enabled=row.enabled,
        archived_at=row.archived_at,
        state=_state(row),
        needs_operator=row.needs_operator,
        blocked=row.blocked,
        interval_hours=row.interval_hours,
        next_run_at=row.next_run_at,
        last_success_at=row.last_success_at,
        last_run=last_run,
        consecutive_failures=row.consecutive_failures,
        waiting_id=row.waiting_id,
        current=_current(row),
        freshness=Freshness(row.watermark, row.as_of, lag),
        open_errors=row.open_errors,
        listings=listings,
        photos=photos,
    )


def _state(row: _Row) -> ProviderState:
    if row.running_id is not None:
        return ProviderState.RUNNING
    if row.waiting_id is not None:
        return ProviderState.WAITING
    return ProviderState.IDLE if row.needs_operator is None else ProviderState.NEEDS_OPERATOR


def _current(row: _Row) -> RunProgress | None:
    if row.running_id is None:
        return None
    if row.current_sync_id != row.running_id:
        return RunProgress(row.running_id, None, 0, None, None, None)
    return RunProgress(row.running_id, row.stage, row.done, row.total, row.rate, row.expected_end_at)
