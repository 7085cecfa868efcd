"""Withdraws the public documents whose time is over: of closed listings, as the display rules say.

Whoever reads looks at `public_until` himself; withdrawn are the document and with it the photos.
"""

from platbook.base.clock import Clock
from platbook.db import Database, load_queries

Q = load_queries(__package__ or "platbook.listings.rebuild")

_BATCH = 1000


async def withdraw_expired(database: Database, clock: Clock) -> int:
    """Withdraw every public document that may not be shown any more; how many. One transaction per 1,000 rows.

    A row that is locked is skipped: who writes it decides, or the next call does.
    """
    withdrawn, batch = 0, _BATCH
    while batch == _BATCH:
        async with database.transaction() as connection:
            batch = await connection.run(Q.withdraw_expired, {"now": clock.now(), "limit": _BATCH})
        withdrawn += batch
    return withdrawn
