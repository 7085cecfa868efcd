"""Workers as the database sees them: whether any is alive, and sessions of those that froze."""

from datetime import timedelta

from platbook.db import Database, load_queries
from platbook.db.frozen_sessions import end_frozen_sessions
from platbook.jobs.definition import Arguments, Job, JobDefinition

Q = load_queries(__package__ or "platbook.jobs")

_ALIVE_SECONDS = 30

END_FROZEN_SESSIONS = JobDefinition("end frozen sessions", period=timedelta(seconds=15))


async def has_workers(database: Database) -> bool:
    """Whether some worker has sent a heartbeat lately, on whichever machine."""
    async with database.read() as connection:
        return bool(await connection.value(int, Q.count_workers, {"seconds": _ALIVE_SECONDS}))


def to_frozen_sessions_job(database: Database) -> Job:
    """Ends sessions of frozen processes, four times within the time a transaction may be idle."""

    async def end(_: Arguments) -> timedelta:
        await end_frozen_sessions(database)
        return timedelta(seconds=database.limits.idle_in_transaction / 4)

    return Job(END_FROZEN_SESSIONS, end)
