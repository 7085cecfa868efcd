"""The scheduler: which providers are due, checked every half minute.

The time of a provider's next run is a column of its state, not a deferred job in the queue, so that a changed interval,
a disabled provider or a manual run takes effect at once, and a deferred job never blocks one that is due.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from platbook.base.actor import SCHEDULE
from platbook.base.clock import Clock
from platbook.base.errors import Conflict
from platbook.base.log import get_log
from platbook.base.times import to_iso_z
from platbook.db import Database, WriteConnection, load_queries
from platbook.providers.finding import Finding, FindingChange, FindingKind, to_finding
from platbook.providers.findings import is_finding_open, record_findings
from platbook.sync.clock_ahead import TOLERANCE
from platbook.sync.runs.lifecycle import request_run
from platbook.sync.runs.outcome import LONGEST_INTERVALS
from platbook.sync.runs.run import RunRequest, SyncType

Q = load_queries(__package__ or "platbook.sync.runs")
log = get_log("sync")

SILENCE_SECONDS = 90.0

_SCHEDULE = "Schedule"
"""The resource of the finding below, which is of no record."""
_CLOCK_WAS_AHEAD: Final[Finding] = to_finding(
    FindingKind.CLOCK_AHEAD, None, "the next run was planned by a clock that was ahead; it was due at once instead"
)


@dataclass(frozen=True, slots=True)
class _DueProvider:
    """A provider that is due. `was_planned_at`: when its run would have started, where a clock was once ahead."""

    provider_id: str
    was_planned_at: datetime | None


async def find_work(
    database: Database, clock: Clock, *, start_due: bool, silence: float = SILENCE_SECONDS
) -> Sequence[str]:
    """Providers that should have a job now.

    Those that are due (unless `start_due` is False); those with a waiting run, whose wake-up may have been lost between
    the run's row and its job; and those whose run has made no progress for `silence` seconds, such as one whose job
    ended when the database went away. A superfluous job finds nothing to do.
    """
    now = clock.now()
    if start_due:
        async with database.read() as connection:
            params = {"at": now, "tolerance": TOLERANCE, "longest": LONGEST_INTERVALS}
            providers = await connection.all(_DueProvider, Q.find_due_providers, params)
        for provider in providers:
            await _request(database, provider, clock)
    async with database.read() as connection:
        return await connection.column(str, Q.find_unattended_providers, {"silence": silence})


async def _request(database: Database, due: _DueProvider, clock: Clock) -> None:
    async with database.transaction() as connection:
        try:
            now = clock.now()
            await request_run(connection, RunRequest(due.provider_id, SyncType.INCREMENTAL), SCHEDULE, now)
        except Conflict:
            return  # another worker's tick was faster
        await _record_clock(connection, due, now)


async def _record_clock(connection: WriteConnection, due: _DueProvider, now: datetime) -> None:
    """Open the finding of a clock that was ahead; it closes with the next run that is due in time."""
    is_ahead = due.was_planned_at is not None
    is_open = await is_finding_open(connection, due.provider_id, _SCHEDULE, _CLOCK_WAS_AHEAD)
    if not is_ahead and not is_open:
        return
    sample = None if due.was_planned_at is None else to_iso_z(due.was_planned_at)
    change = FindingChange(_CLOCK_WAS_AHEAD, int(is_ahead) - int(is_open), sample)
    record_findings(connection, due.provider_id, _SCHEDULE, [change], now)
    if is_ahead:
        log.warning("a run was planned by a clock that was ahead", provider=due.provider_id, planned_at=sample)
