"""Sync statistics over some days. Dry runs are left out."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from platbook.base.views import UtcDatetime, View
from platbook.db import ReadConnection, load_queries

Q = load_queries(__package__ or "platbook.sync.reports")

MOST_DAYS = 366

_MOST_ROWS = 10_000
_HOUR = 3600


class RunTotals(View):
    """Totals of the runs that ended; dry runs are left out."""

    runs: int
    succeeded: int
    partial: int
    failed: int
    cancelled: int
    fetched: int
    added: int
    updated: int
    unchanged: int
    deleted: int
    errored: int
    stale: int
    bytes: int
    requests: int


class ErrorRate(View):
    """Errors of one type; `rate` is their number per run that ended, null without runs."""

    type: str
    count: int
    rate: float | None


class DailyTotals(View):
    """One provider's runs of one day (UTC), counted as in the totals: a partial run is none that succeeded."""

    provider_id: str
    day: date
    runs: int
    succeeded: int
    partial: int
    failed: int
    cancelled: int
    fetched: int
    added: int
    updated: int
    deleted: int
    errored: int
    mean_duration_ms: int | None


class SyncStatistics(View):
    """Sync statistics since a time. Rates and durations leave out cancelled runs, and are null without any other.

    `successRate` is the share of runs that reached their end, some with rejections; `listingsPerHour` the records
    received per hour of run time.
    """

    since: UtcDatetime
    totals: RunTotals
    success_rate: float | None
    listings_per_hour: float | None
    mean_duration_ms: int | None
    p95_duration_ms: int | None
    errors: list[ErrorRate]
    days: list[DailyTotals]


class _Totals(RunTotals):
    seconds: float
    mean_duration_ms: int | None
    p95_duration_ms: int | None

    @property
    def success_rate(self) -> float | None:
        decided = self.runs - self.cancelled
        return (self.succeeded + self.partial) / decided if decided else None

    @property
    def listings_per_hour(self) -> float | None:
        return self.fetched / self.seconds * _HOUR if self.seconds else None

    def to_run_totals(self) -> RunTotals:
        return RunTotals.model_validate(self.model_dump(include=set(RunTotals.model_fields)))


@dataclass(frozen=True, slots=True)
class _ErrorCount:
    type: str
    count: int


async def get_statistics(
    connection: ReadConnection, now: datetime, *, days: int, provider_id: str | None = None
) -> SyncStatistics:
    """Statistics of one provider, or of all, over the last `days` (at most 366; 10,000 rows by provider and day)."""
    since = now - timedelta(days=min(days, MOST_DAYS))
    params = {"since": since, "provider_id": provider_id, "limit": _MOST_ROWS}
    totals = await connection.one(_Totals, Q.sum_runs, params)
    errors = await connection.all(_ErrorCount, Q.sum_errors, params)
    return SyncStatistics(
        since=since,
        totals=totals.to_run_totals(),
        success_rate=totals.success_rate,
        listings_per_hour=totals.listings_per_hour,
        mean_duration_ms=totals.mean_duration_ms,
        p95_duration_ms=totals.p95_duration_ms,
        errors=[
            ErrorRate(type=one.type, count=one.count, rate=one.count / totals.runs if totals.runs else None)
            for one in errors
        ],
        days=await connection.all(DailyTotals, Q.sum_days, params),
    )
