"""What a run has received in its walk: all keys, those of unchanged records included, and the times of deletions.

Its own sweep removes none of the keys, and no version older than a deletion brings its record back. The keys are one
row per page. Both are stored under the id of the resource's run, in the page's own transaction, so that a resumed run
has them, and deleted when the run ends.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from platbook.connectors.contract import Page
from platbook.db import ReadConnection, WriteConnection, load_queries
from platbook.sync.keys import find_key_fault

Q = load_queries(__package__ or "platbook.sync")


@dataclass(frozen=True, slots=True)
class _Deletion:
    """A deletion that a run received, and when the source says that it happened."""

    listing_key: str
    modified: datetime


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


async def add_received_deletions(connection: WriteConnection, sync_id: UUID, deletions: Mapping[str, datetime]) -> None:
    """Store the times of deletions by key."""
    if deletions:
        params = {"sync_id": sync_id, "keys": list(deletions), "times": list(deletions.values())}
        await connection.run(Q.add_received_deletions, params)


async def find_received_deletions(
    connection: ReadConnection, sync_id: UUID, keys: Sequence[str]
) -> Mapping[str, datetime]:
    """The times of the deletions that a run has received before, of those of some keys."""
    params = {"sync_id": sync_id, "keys": list(keys)}
    if not keys or not await connection.value(bool, Q.has_received_deletions, params):
        return {}
    rows = await connection.all(_Deletion, Q.find_received_deletions, params)
    return {row.listing_key: row.modified for row in rows}


async def delete_received(connection: WriteConnection, sync_id: UUID) -> None:
    """Delete what a run that ends has received, and what is left of runs that have ended without deleting theirs."""
    await connection.run(Q.delete_received, {"sync_id": sync_id})
