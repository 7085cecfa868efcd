"""How syncs went over some days. Dry runs are left out."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from platbook.db import ReadConnection, load_queries

Q = load_queries(__package__ or "platbook.sync.reports")

MOST_DAYS = 366

_MOST_ROWS = 10_000
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Totals:
    """Runs that ended, in sum. Durations are None where no run tells one."""

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
    bytes: int
    requests: int
    seconds: float
    mean_seconds: float | None
    p95_seconds: float | None

    @property
    def decided(self) -> int:
        """Runs that were not cancelled."""
        return self.runs - self.cancelled

    @property
    def success_rate(self) -> float | None:
        """The share of decided runs that reached their end, some with rejections; None where there are none."""
        return (self.succeeded + self.partial) / self.decided if self.decided else None

    @property
    def listings_per_hour(self) -> float | None:
        """Records taken in for each hour that runs took."""
        return self.fetched / self.seconds * _HOUR if self.seconds else None


@dataclass(frozen=True, slots=True)
class ErrorCount:
    """Errors of one type."""

    type: str
    count: int


@dataclass(frozen=True, slots=True)
class DailyTotals:
    """One provider's runs of one day, UTC; `succeeded` counts partial ones too."""

    provider_id: str
    day: date
    runs: int
    succeeded: int
    failed: int
    cancelled: int
    fetched: int
    added: int
    updated: int
    deleted: int
    errored: int
    mean_seconds: float | None


@dataclass(frozen=True, slots=True)
class SyncStatistics:
    """How syncs went since a moment."""

    since: datetime
    totals: Totals
    errors: list[ErrorCount]
    days: list[DailyTotals]


async def get_statistics(
    connection: ReadConnection, now: datetime, *, days: int, provider_id: str | None = None
) -> SyncStatistics:
    """How syncs of one provider, or of all, went in the last `days` (366 at most; 10,000 rows by provider and day)."""
    since = now - timedelta(days=min(days, MOST_DAYS))
    params = {"since": since, "provider_id": provider_id, "limit": _MOST_ROWS}
    return SyncStatistics(
        since,
        await connection.one(Totals, Q.sum_runs, params),
        await connection.all(ErrorCount, Q.sum_errors, params),
        await connection.all(DailyTotals, Q.sum_days, params),
    )
