"""Provider status: the current run, the next one, freshness, and counts of listings, errors and pending photos."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self, cast
from uuid import UUID

from platbook.base.errors import NotFound
from platbook.base.views import UtcDatetime, View
from platbook.db import ReadConnection, load_queries
from platbook.db.compose import SQL, Composed
from platbook.media.pending_photos import PendingPhotos, count_pending_photos
from platbook.sync.ages import CopyAge, RemovalsBy, find_ages
from platbook.sync.reports.history import Run, get_runs

Q = load_queries(__package__ or "platbook.sync.reports")

MOST_PROVIDERS = 1000

_COUNTED_UP_TO = 10_000
_EXPLAIN = SQL("EXPLAIN (FORMAT JSON) SELECT FROM properties WHERE provider_id = %(provider_id)s AND {}")
_EXPLAIN_ALL = _EXPLAIN.format(SQL("erased_at IS NULL"))
_EXPLAIN_ACTIVE = _EXPLAIN.format(SQL("visible"))


class ProviderState(StrEnum):
    """A provider's state; the first that is true of running, waiting, needs_operator, idle."""

    RUNNING = "running"
    WAITING = "waiting"
    NEEDS_OPERATOR = "needs_operator"
    IDLE = "idle"


class RunProgress(View):
    """The run under way. `rate` is in records per second; `total` is null where the source reports none."""

    sync_id: UUID
    stage: str | None
    done: int
    total: int | None
    rate: float | None
    expected_end_at: UtcDatetime | None


class Freshness(View):
    """How far the replica may be behind the source.

    `asOf` is the start of the last walk over changes that reached its proved end: what the source held then is stored.
    The lag counts from it, not from the newest listing's timestamp, since a market may simply be quiet.
    `removalsAsOf` is the start of the last key sweep that was applied, or of the last walk that read the source's own
    deletions; `removalsBy` says which: `sweep`, `source`, or `nothing` where removals are never learnt of (null until
    the source was read once). `isOverdue`: changes are older than `allowedAgeHours`. `isStale`: the copy is older than
    `hideWhenStale` of the provider's display rules allows, so that nothing of it is public. `watermark` is where the
    next incremental run starts, in the source's own format.
    """

    watermark: str | None
    as_of: UtcDatetime | None
    lag_seconds: int | None
    removals_as_of: UtcDatetime | None
    removals_lag_seconds: int | None
    removals_by: RemovalsBy | None
    allowed_age_hours: float
    is_overdue: bool
    is_stale: bool

    @classmethod
    def of(cls, age: CopyAge, watermark: str | None, now: datetime) -> Self:
        """The view of a copy's age."""
        return cls(
            watermark=watermark,
            as_of=age.changes_as_of,
            lag_seconds=_to_seconds(age.of_changes(now)),
            removals_as_of=age.removals_as_of,
            removals_lag_seconds=_to_seconds(age.of_removals(now)),
            removals_by=None if age.removals_by is None else RemovalsBy(age.removals_by),
            allowed_age_hours=age.allowed_age / timedelta(hours=1),
            is_overdue=age.is_overdue(now),
            is_stale=age.is_stale,
        )


class ListingCounts(View):
    """Listings shown, and all that are not erased. Exact up to 10,000 rows, the query planner's estimate above."""

    active: int
    total: int
    is_estimate: bool


class ProviderStatus(View):
    """A provider's status.

    `nextRunAt` is null where the scheduler starts no run by itself: the provider is disabled, archived, or blocked
    until an operator acts. `openErrors` are rejected records that are not settled, at most 10,000. `openFindings` are
    faults in values of records that are taken, by field and reason.
    """

    provider_id: str
    provider_name: str
    provider_type: str
    enabled: bool
    archived_at: UtcDatetime | None
    state: ProviderState
    needs_operator: str | None
    interval_hours: float
    next_run_at: UtcDatetime | None
    last_success_at: UtcDatetime | None
    last_run: Run | None
    consecutive_failures: int
    waiting_sync_id: UUID | None
    current: RunProgress | None
    freshness: Freshness
    open_errors: int
    open_findings: int
    listings: ListingCounts
    photos: PendingPhotos


class ProviderStatusList(View):
    """The status of every provider that is not archived, by id."""

    providers: list[ProviderStatus]


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
    waiting_sync_id: UUID | None
    current_sync_id: UUID | None
    stage: str | None
    done: int
    total: int | None
    rate: float | None
    expected_end_at: datetime | None
    watermark: str | None
    last_run_id: UUID | None
    open_errors: int
    open_findings: int


async def get_status(connection: ReadConnection, provider_id: str, now: datetime) -> ProviderStatus:
    """One provider's status, an archived one's too; NotFound."""
    for status in await _find(connection, provider_id, now):
        return status
    raise NotFound(f"there is no provider {provider_id}", code="PROVIDER_NOT_FOUND")


async def find_statuses(connection: ReadConnection, now: datetime) -> ProviderStatusList:
    """The status of every provider that is not archived, by id."""
    return ProviderStatusList(providers=await _find(connection, None, now))


async def count_listings(connection: ReadConnection, provider_id: str) -> ListingCounts:
    """How many listings a provider has, at a cost that does not grow with them.

    The query planner's estimate comes first. Only where it is small, or missing, rows are counted, up to a bound.
    """
    params: dict[str, object] = {"provider_id": provider_id, "most": _COUNTED_UP_TO + 1}
    total, active = await _estimate_rows(connection, _EXPLAIN_ALL, params), 0
    if total <= 2 * _COUNTED_UP_TO:
        ((scanned, counted, shown),) = cast(
            "list[tuple[int, int, int]]", await connection.tuples(Q.count_some_listings, params)
        )
        if scanned <= _COUNTED_UP_TO:
            return ListingCounts(active=shown, total=counted, is_estimate=False)
        total, active = max(total, counted), shown
    active = max(active, await _estimate_rows(connection, _EXPLAIN_ACTIVE, params))
    return ListingCounts(active=min(active, total), total=total, is_estimate=True)


async def _estimate_rows(connection: ReadConnection, statement: Composed, params: dict[str, object]) -> int:
    ((plans,),) = await connection.tuples(statement, params)
    first = cast("list[dict[str, dict[str, object]]]", plans)[0]
    return int(cast("float", first["Plan"]["Plan Rows"]))


async def _find(connection: ReadConnection, provider_id: str | None, now: datetime) -> list[ProviderStatus]:
    rows = await connection.all(_Row, Q.find_statuses, {"provider_id": provider_id, "limit": MOST_PROVIDERS})
    last_ids = [row.last_run_id for row in rows if row.last_run_id is not None]
    ages = await find_ages(connection, now)
    last_runs = {run.sync_id: run for run in await get_runs(connection, last_ids)}
    return [
        _to_status(
            row,
            None if row.last_run_id is None else last_runs.get(row.last_run_id),
            await count_listings(connection, row.provider_id),
            await count_pending_photos(connection, row.provider_id),
            Freshness.of(ages[row.provider_id], row.watermark, now),
        )
        for row in rows
    ]


def _to_status(
    row: _Row, last_run: Run | None, listings: ListingCounts, photos: PendingPhotos, freshness: Freshness
) -> ProviderStatus:
    return ProviderStatus(
        provider_id=row.provider_id,
        provider_name=row.provider_name,
        provider_type=row.provider_type,
        enabled=row.enabled,
        archived_at=row.archived_at,
        state=_to_state(row),
        needs_operator=row.needs_operator,
        interval_hours=row.interval_hours,
        next_run_at=_next_run_at(row),
        last_success_at=row.last_success_at,
        last_run=last_run,
        consecutive_failures=row.consecutive_failures,
        waiting_sync_id=row.waiting_sync_id,
        current=_to_progress(row),
        freshness=freshness,
        open_errors=row.open_errors,
        open_findings=row.open_findings,
        listings=listings,
        photos=photos,
    )


def _to_seconds(age: timedelta | None) -> int | None:
    return None if age is None else int(age.total_seconds())


def _to_state(row: _Row) -> ProviderState:
    if row.running_id is not None:
        return ProviderState.RUNNING
    if row.waiting_sync_id is not None:
        return ProviderState.WAITING
    return ProviderState.IDLE if row.needs_operator is None else ProviderState.NEEDS_OPERATOR


def _next_run_at(row: _Row) -> datetime | None:
    is_scheduled = row.enabled and row.archived_at is None and not row.blocked
    return row.next_run_at if is_scheduled else None


def _to_progress(row: _Row) -> RunProgress | None:
    if row.running_id is None:
        return None
    is_reported = row.current_sync_id == row.running_id  # or else it has only just been taken
    return RunProgress(
        sync_id=row.running_id,
        stage=row.stage if is_reported else None,
        done=row.done if is_reported else 0,
        total=row.total if is_reported else None,
        rate=row.rate if is_reported else None,
        expected_end_at=row.expected_end_at if is_reported else None,
    )
