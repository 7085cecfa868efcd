"""The keys a run has received in its walk, those of unchanged records included: its own sweep removes none of them.

One row per page, under the id of the resource's run and in the page's own transaction, so that a resumed run has them;
deleted when the run ends.
"""

from collections.abc import Sequence
from uuid import UUID

from platbook.connectors.contract import Page
from platbook.db import ReadConnection, WriteConnection, load_queries
from platbook.sync.keys import find_key_fault

Q = load_queries(__package__ or "platbook.sync")


async def add_received_keys(connection: WriteConnection, sync_id: UUID, page: Page) -> None:
    """Store the keys of a page's records, of unreadable ones too, but not of those that the source calls removed."""
    keys = [record.key for record in page.records if record.visible]
    keys += [problem.key for problem in page.problems if problem.key is not None]
    storable = [key for key in keys if find_key_fault(key) is None]
    if storable:
        await connection.run(Q.add_received_keys, {"sync_id": sync_id, "keys": storable})


async def find_received_keys(connection: ReadConnection, sync_id: UUID, keys: Sequence[str]) -> list[str]:
    """Those of some keys that a run has received before, in order."""
    if not keys:
        return []
    return await connection.column(str, Q.find_received_keys, {"sync_id": sync_id, "keys": list(keys)})


async def delete_received_keys(connection: WriteConnection, sync_id: UUID) -> None:
    """Delete the keys of a run that ends, and of runs that have ended without deleting theirs."""
    await connection.run(Q.delete_received_keys, {"sync_id": sync_id})
