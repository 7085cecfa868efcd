"""The schedule: which providers are due, asked every half minute.

A provider's next moment is a column of its own state, not a job in the queue's future, so that an interval changed, a
provider disabled or a run made by hand takes effect at once, and a future job never stands before a present one.
"""

from collections.abc import Sequence

from platbook.base.actor import SCHEDULE
from platbook.base.clock import Clock
from platbook.base.errors import Conflict
from platbook.db import Database, load_queries
from platbook.sync.runs.lifecycle import RunRequest, SyncType, request_run

Q = load_queries(__package__ or "platbook.sync.runs")

TICK_SECONDS = 30
SILENCE_SECONDS = 90.0


async def find_work(
    database: Database, clock: Clock, *, start_due: bool, silence: float = SILENCE_SECONDS
) -> Sequence[str]:
    """Providers that should have a job now.

    Those whose time has come (unless `start_due` is False); every one with a run that waits, so that a wake-up lost
    between a run's row and its job is made good; and every one whose run has been silent for so many seconds, so that
    a run whose job ended with a database that went away is resumed. A job too many finds nothing to do.
    """
    now = clock.now()
    if start_due:
        async with database.read() as connection:
            due = await connection.column(str, Q.find_due_providers, {"at": now})
        for provider_id in due:
            await _request(database, provider_id, clock)
    async with database.read() as connection:
        return await connection.column(str, Q.find_unattended_providers, {"silence": silence})


async def _request(database: Database, provider_id: str, clock: Clock) -> None:
    async with database.transaction() as connection:
        try:
            await request_run(connection, RunRequest(provider_id, SyncType.INCREMENTAL), SCHEDULE, clock.now())
        except Conflict:
            return  # another worker's tick was faster
