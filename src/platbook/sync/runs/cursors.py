"""Cursors of a provider's resource: the watermark of the next incremental run, and the walk under way.

The cursor never leads the rows: everything here is written in the transaction of the page it belongs to.
"""

from datetime import datetime

from platbook.connectors.contract import Cursor, Resource
from platbook.db import ReadConnection, WriteConnection, load_queries
from platbook.sync.runs.run import CursorState, WalkProgress

Q = load_queries(__package__ or "platbook.sync.runs")


async def get_cursor_state(connection: ReadConnection, provider_id: str, resource: Resource) -> CursorState:
    """The cursors of a resource; empty where nothing was ever walked."""
    params = {"provider_id": provider_id, "resource": resource}
    return await connection.first(CursorState, Q.get_cursor, params) or CursorState()


async def save_walk(
    connection: WriteConnection, provider_id: str, resource: Resource, progress: WalkProgress, at: datetime
) -> None:
    """Save where the walk can be resumed."""
    params = {
        "provider_id": provider_id,
        "resource": resource,
        "walk": progress.walk,
        "since": progress.since,
        "checkpoint": progress.checkpoint,
        "watermark": progress.watermark,
        "scope": progress.scope,
        "done": progress.done,
        "began_at": progress.began_at,
        "at": at,
    }
    await connection.run(Q.save_walk, params)


async def save_watermark(
    connection: WriteConnection,
    provider_id: str,
    resource: Resource,
    watermark: Cursor | None,
    scope: str | None,
    at: datetime,
) -> None:
    """Move the watermark (None leaves it) and the scope it is valid for (None: for none yet)."""
    params = {"provider_id": provider_id, "resource": resource, "watermark": watermark, "scope": scope, "at": at}
    await connection.run(Q.save_watermark, params)


async def end_walk(connection: WriteConnection, provider_id: str, resource: Resource, at: datetime) -> None:
    """Clear the walk: it is complete."""
    await connection.run(Q.end_walk, {"provider_id": provider_id, "resource": resource, "at": at})


async def delete_cursors(connection: WriteConnection, provider_id: str) -> None:
    """Delete a provider's cursors, so that the next run reads everything."""
    await connection.run(Q.delete_cursors, {"provider_id": provider_id})
