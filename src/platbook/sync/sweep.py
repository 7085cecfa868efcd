"""Sweeps: reading every key of a source to find what is gone.

Deletes are proved, never guessed. A sweep counts only when its end is proved; only rows stored before it began and
inside the scope may go; and one that would remove more than a set share removes nothing: its candidates are stored
and a person is asked. Few candidates, and all of a narrowed scope, are looked at once more one by one: a listing that
only left the scope is hidden as such, and one that is there after all stays.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from platbook.base.errors import SourceBrokeProtocol, SweepRefused, TryLater
from platbook.base.ids import new_id
from platbook.connectors.contract import KeyPage, RawRecord, Session
from platbook.db import WriteConnection, load_queries
from platbook.listings.listing import Origin
from platbook.sync.rejections import find_key_fault
from platbook.sync.removal import remove_listings
from platbook.sync.run_context import RunContext
from platbook.sync.runs import Counts, add_counts, hold_epoch

Q = load_queries(__package__ or "platbook.sync")

_LOOK_AGAIN = 500
_BATCH = 1000


async def sweep(context: RunContext, session: Session) -> None:
    """Remove what the source is proved not to have; SweepRefused where that cannot be done safely."""
    began_at = context.clock.now()
    try:
        with context.timing("sweep"):
            await _forget_keys(context)  # a run that is resumed may have left some, and they may be gone by now
            seen = await _read_keys(context, session)
            await _remove_unseen(context, session, began_at, seen)
    except SourceBrokeProtocol as error:
        await _note_cut_short(context, began_at, f"the sweep was cut short: {error}")
        raise
    finally:
        await _forget_keys(context)


async def apply_sweep(context: RunContext, session: Session, sweep_id: UUID) -> None:
    """Remove the candidates of an accepted sweep, exactly those, each looked at again first."""
    async with context.database.read() as connection:
        keys = await connection.column(str, Q.find_candidates, {"sweep_id": sweep_id})
    removed = 0
    for start in range(0, len(keys), _BATCH):
        gone = await _look_again(context, session, keys[start : start + _BATCH])
        removed += await _remove(context, gone)
        await context.report("sweep", done=start + _BATCH, total=len(keys))
    async with context.database.transaction() as connection:
        await hold_epoch(connection, context.lease)
        await connection.run(Q.settle_sweep, {"sweep_id": sweep_id, "removed": removed})


async def _forget_keys(context: RunContext) -> None:
    """Delete the run's keys, unless another worker has taken the run over: then they are that worker's."""
    run, epoch = context.lease.run, context.lease.epoch
    async with context.database.transaction() as connection:
        params = {"sync_id": run.sync_id, "provider_id": run.provider_id, "epoch": epoch}
        await connection.run(Q.delete_sweep_keys, params)


async def _read_keys(context: RunContext, session: Session) -> int:
    """Read every key to the proven end; how many distinct ones there are."""
    sync_id = context.lease.run.sync_id
    last: KeyPage | None = None
    total: int | None = None
    done = seen = 0
    async for page in session.keys(context.lease.resource):
        async with context.database.transaction() as connection:
            await hold_epoch(connection, context.lease)
            keys = [_to_sweep_key(key) for key in page.keys]
            seen += await connection.run(Q.add_sweep_keys, {"sync_id": sync_id, "keys": keys})
        done += len(page.keys)
        total = page.total if page.total is not None else total
        await context.report("sweep", done=done, total=total)
        last = page
    if last is None or not last.complete:
        raise SourceBrokeProtocol("the source stopped naming keys before it said that these are all")
    _check_distinct(named=done, distinct=seen, total=total)
    return seen


def _check_distinct(*, named: int, distinct: int, total: int | None) -> None:
    """Compare distinct keys with the source's count, or else with the rows that came: one twice is another skipped."""
    if total is not None and total != distinct:
        raise SourceBrokeProtocol(f"the source counts {total} records and named {distinct} distinct keys")
    if total is None and named != distinct:
        raise SourceBrokeProtocol(
            f"the source named {named} keys, only {distinct} of them distinct, and counts nothing: keys were repeated, "
            "so others may have been skipped"
        )


def _to_sweep_key(key: str) -> str:
    """A key, or what stands for one that cannot be kept: no row has it, but it counts among those the source named."""
    if find_key_fault(key) is None:
        return key
    return "\x01" + hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()


async def _remove_unseen(context: RunContext, session: Session, began_at: datetime, seen: int) -> None:
    provider = context.provider
    params = {"provider_id": provider.provider_id, "sync_id": context.lease.run.sync_id, "began_at": began_at}
    async with context.database.transaction() as connection:
        await hold_epoch(connection, context.lease)
        await _check_keys(connection, context, seen)
        unseen = await connection.column(str, Q.find_unseen, params)
        active = await connection.value(int, Q.count_active, params) or 0
    if len(unseen) > provider.max_removal_share * active:
        reason = (
            f"it would remove {len(unseen)} of {active} listings, more than the {provider.max_removal_share:.0%} "
            f"allowed at once; the source named {seen}"
        )
        await _refuse(context, began_at, reason, unseen, active=active)
        raise SweepRefused(f"the sweep was refused: {reason}")
    narrowed = context.rules.scope != type(context.rules.scope)()
    for start in range(0, len(unseen), _BATCH):
        keys = unseen[start : start + _BATCH]
        gone = await _look_again(context, session, keys) if narrowed or len(unseen) <= _LOOK_AGAIN else keys
        await _remove(context, gone)
    if not context.lease.run.dry_run:
        async with context.database.transaction() as connection:
            await hold_epoch(connection, context.lease)
            if provider.retention == "erase":
                await _check_keys(connection, context, seen)
                await connection.run(Q.erase_unseen_rejections, {**params, "resource": context.lease.resource})
            await _supersede(connection, context)


async def _check_keys(connection: WriteConnection, context: RunContext, seen: int) -> None:
    """See that every key is still there: the table is not logged, and empty after a crash of the database."""
    if await connection.value(int, Q.count_sweep_keys, {"sync_id": context.lease.run.sync_id}) != seen:
        raise TryLater("the database has lost keys of this sweep; the next run sweeps again")


async def _look_again(context: RunContext, session: Session, keys: Sequence[str]) -> list[str]:
    """Ask for each record by its key; those that are there after all are stored anew. The keys that are gone."""
    found: list[RawRecord] = []
    gone: list[str] = []
    for key in keys:
        record = await session.record(context.lease.resource, key)
        if record is None or not record.visible:
            gone.append(key)
        else:
            found.append(record)
    if found:
        await context.store(found, [])
    return gone


async def _remove(context: RunContext, keys: Sequence[str]) -> int:
    if not keys:
        return 0
    if context.lease.run.dry_run:
        await context.count(Counts(deleted=len(keys)))
        return 0
    provider, run = context.provider, context.lease.run
    origin = Origin(provider.provider_id, "sweep", context.clock.now(), run.sync_id)
    async with context.database.transaction() as connection:
        await hold_epoch(connection, context.lease)
        removed = await remove_listings(connection, keys, provider.retention, origin)
        await add_counts(connection, context.lease, Counts(deleted=removed))
    if removed and provider.retention == "erase":
        context.rules.terms.forget()
    return removed


async def _refuse(
    context: RunContext, began_at: datetime, reason: str, candidates: Sequence[str], *, active: int
) -> None:
    if context.lease.run.dry_run:
        return
    async with context.database.transaction() as connection:
        await hold_epoch(connection, context.lease)
        await _supersede(connection, context)
        sweep_id = await _add(connection, context, began_at, reason, active=active, candidates=len(candidates))
        await connection.run(Q.add_candidates, {"sweep_id": sweep_id, "keys": list(candidates)})


async def _note_cut_short(context: RunContext, began_at: datetime, reason: str) -> None:
    """It tells nothing of what is gone: a sweep that waits for a person's decision goes on waiting."""
    if context.lease.run.dry_run:
        return
    async with context.database.transaction() as connection:
        await hold_epoch(connection, context.lease)
        await _supersede(connection, context, only_cut_short=True)
        await _add(connection, context, began_at, reason, active=0, candidates=0)


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


async def _supersede(connection: WriteConnection, context: RunContext, *, only_cut_short: bool = False) -> None:
    params = {
        "provider_id": context.provider.provider_id,
        "resource": context.lease.resource,
        "at": context.clock.now(),
        "only_cut_short": only_cut_short,
    }
    await connection.run(Q.supersede_sweeps, params)
