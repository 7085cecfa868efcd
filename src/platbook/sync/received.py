"""The keys a run has received in its walk, unchanged records too: its own sweep removes none of them.

One row per page, in the transaction of the page it speaks of, so that a resumed run knows them; deleted with the run's
end.
"""

from uuid import UUID

from platbook.connectors.contract import Page
from platbook.db import WriteConnection, load_queries
from platbook.sync.rejections import find_key_fault

Q = load_queries(__package__ or "platbook.sync")


async def add_received_keys(connection: WriteConnection, sync_id: UUID, page: Page) -> None:
    """Note which records a page holds, those that could not be read included; not those the source calls gone."""
    keys = [record.key for record in page.records if record.visible]
    keys += [problem.key for problem in page.problems if problem.key is not None]
    kept = [key for key in keys if find_key_fault(key) is None]
    if kept:
        await connection.run(Q.add_received_keys, {"sync_id": sync_id, "keys": kept})


async def delete_received_keys(connection: WriteConnection, sync_id: UUID) -> None:
    """Forget the keys of a run that ends, and of runs that have ended without it."""
    await connection.run(Q.delete_received_keys, {"sync_id": sync_id})
