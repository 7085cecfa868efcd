"""Fencing off a provider's run: whatever changes what a run goes by raises the epoch, so that its next page is refused.

Lock order: the provider's live state (`mls_sync_status`) before its configuration.
"""

from datetime import datetime

from platbook.db import WriteConnection, load_queries

RUNS = load_queries("platbook.sync.runs")
Q = load_queries(__package__ or "platbook.sync.setup")


async def hold_pages(connection: WriteConnection, provider_id: str) -> None:
    """Wait for the page that is being stored, and let none be stored until this transaction ends."""
    await connection.run(Q.lock_status, {"provider_id": provider_id})


async def fence_runs(connection: WriteConnection, provider_id: str, at: datetime) -> None:
    """Let the run under way store nothing more, and wait again, to be taken up under what is configured then."""
    await _raise_epoch(connection, provider_id, at)
    for statement in (Q.put_back_running, Q.end_running, Q.forget_current):
        await connection.run(statement, {"provider_id": provider_id, "at": at})


async def end_runs(connection: WriteConnection, provider_id: str, at: datetime) -> None:
    """End every run of a provider: a worker that still does one can store nothing more."""
    await _raise_epoch(connection, provider_id, at)
    for statement in (Q.end_runs, Q.forget_current):
        await connection.run(statement, {"provider_id": provider_id, "at": at})


async def _raise_epoch(connection: WriteConnection, provider_id: str, at: datetime) -> None:
    for statement in (RUNS.add_status, RUNS.raise_epoch):
        await connection.run(statement, {"provider_id": provider_id, "at": at})
