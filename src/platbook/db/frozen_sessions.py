"""Ends sessions of processes that froze in the middle of a COPY or a pipeline.

To the server such a session is active, though it waits for its client: the time-out of idle transactions overlooks it.
"""

from platbook.base.log import get_log
from platbook.db.connection import Database
from platbook.db.queries import load_queries

Q = load_queries(__package__ or "platbook.db")
log = get_log("db")


async def end_frozen_sessions(database: Database) -> None:
    """End Platbook's sessions that wait for their clients within a statement longer than a transaction may be idle."""
    limit = {"seconds": database.limits.idle_in_transaction}
    async with database.transaction() as connection:
        ended = await connection.column(int, Q.end_frozen_sessions, limit)
    if ended:
        log.warning("sessions of frozen clients were ended", sessions=len(ended))
