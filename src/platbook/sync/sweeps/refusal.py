"""Sweeps that remove nothing: stored for a person to decide on, with their candidates; a newer one supersedes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn
from uuid import UUID

from platbook.base.errors import SweepRefused
from platbook.base.ids import new_id
from platbook.db import WriteConnection, load_queries
from platbook.sync.ages import record_sweep
from platbook.sync.run_context import RunContext
from platbook.sync.runs.lifecycle import check_epoch

Q = load_queries(__package__ or "platbook.sync.sweeps")


@dataclass(frozen=True, slots=True)
class Candidates:
    """The keys a sweep would remove; how many records are `active` here, and how many keys the source `listed`."""

    keys: Sequence[str]
    active: int
    listed: int


async def refuse(context: RunContext, began_at: datetime, reason: str, candidates: Candidates) -> NoReturn:
    """Store the candidates for a person to decide on, and raise SweepRefused."""
    if not context.lease.run.dry_run:
        async with context.database.transaction() as connection:
            await check_epoch(connection, context.lease)
            await supersede(connection, context)
            await record_sweep(connection, context.lease, context.profile, None)
            count = len(candidates.keys)
            sweep_id = await _add(connection, context, began_at, reason, active=candidates.active, candidates=count)
            await connection.run(Q.add_candidates, {"sweep_id": sweep_id, "keys": list(candidates.keys)})
    raise SweepRefused(f"the sweep was refused: {reason}")


async def add_cut_short(context: RunContext, began_at: datetime, reason: str) -> None:
    """Record a sweep that was cut short. It proves nothing: one that waits for a person's decision goes on waiting."""
    if context.lease.run.dry_run:
        return
    async with context.database.transaction() as connection:
        await check_epoch(connection, context.lease)
        await supersede(connection, context, only_cut_short=True)
        await _add(connection, context, began_at, reason, active=0, candidates=0)


async def supersede(connection: WriteConnection, context: RunContext, *, only_cut_short: bool = False) -> None:
    """Supersede older sweeps that were refused; their candidates are deleted."""
    params = {
        "provider_id": context.provider.provider_id,
        "resource": context.lease.resource,
        "at": context.clock.now(),
        "only_cut_short": only_cut_short,
    }
    await connection.run(Q.supersede_sweeps, params)


async def _add(
    connection: WriteConnection, context: RunContext, began_at: datetime, reason: str, *, active: int, candidates: int
) -> UUID:
    sweep_id = new_id()
    params = {
        "id": sweep_id,
        "provider_id": context.provider.provider_id,
        "sync_id": context.lease.run.sync_id,
        "resource": context.lease.resource,
        "reason": reason,
        "at": began_at,
        "active": active,
        "candidates": candidates,
    }
    await connection.run(Q.add_sweep, params)
    return sweep_id
