"""The scheduler: which providers are due, checked every half minute.

The time of a provider's next run is a column of its state, not a deferred job in the queue, so that a changed interval,
a disabled provider or a manual run takes effect at once, and a deferred job never blocks one that is due.
"""

from collections.abc import Sequence

from platbook.base.actor import SCHEDULE
from platbook.base.clock import Clock
from platbook.base.errors import Conflict
from platbook.db import Database, load_queries
from platbook.sync.runs.lifecycle import request_run
from platbook.sync.runs.run import RunRequest, SyncType

Q = load_queries(__package__ or "platbook.sync.runs")

SILENCE_SECONDS = 90.0


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
