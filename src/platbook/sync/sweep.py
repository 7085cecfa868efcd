"""Key sweeps: reconcile the replica with a source by reading every key, to find which records are gone.

Deletes are proved, never guessed. A sweep counts only when its end is proved; only records stored before it began,
inside the scope and not received by the same run may be removed; and one that would remove more than a set share
removes nothing: its candidates are stored and a person decides. Up to 500 candidates are read again one by one: a
record that exists after all stays. Of more, a random sample is read again: if one of it exists and is in scope, the
list of keys was incomplete, and a person decides as well. (Where none of 60 exists, fewer than 5 % of them do, with
95 % confidence.) In a narrowed scope all are read again in any case: a record that only left the scope is hidden as
such.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NoReturn
from uuid import UUID

from platbook.base.errors import RecordRejected, SourceBrokeProtocol, SweepRefused, TryLater
from platbook.base.ids import new_id
from platbook.connectors.contract import KeyPage, RawRecord, Scope, Session
from platbook.db import WriteConnection, load_queries
from platbook.listings.listing import Origin
from platbook.sync.keys import find_key_fault
from platbook.sync.removal import remove_records
from platbook.sync.resources.registry import AnyStore
from platbook.sync.resources.store import SweepKeys
from platbook.sync.run_context import RunContext
from platbook.sync.runs.lifecycle import add_counts, check_epoch
from platbook.sync.runs.run import RunCounts
from platbook.sync.sampling import draw_sample

Q = load_queries(__package__ or "platbook.sync")

_RECHECK_LIMIT = 500
_SAMPLE_SIZE = 60
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class _Unseen:
    """The keys a sweep would remove; how many records are `active` here, and how many keys the source `listed`."""

    keys: Sequence[str]
    active: int
    listed: int


async def sweep(context: RunContext, session: Session) -> None:
    """Remove what the source is proved not to have; SweepRefused where that cannot be done safely."""
    began_at = context.clock.now()
    try:
        with context.timing("sweep"):
            await _delete_keys(context)  # a resumed run may have left some, which may be gone from the source by now
            key_count = await _read_keys(context, session)
            await _remove_unseen(context, session, began_at, key_count)
    except SourceBrokeProtocol as error:
        await _add_cut_short(context, began_at, f"the sweep was cut short: {error}")
        raise
    finally:
        await _delete_keys(context)


async def apply_sweep(context: RunContext, session: Session, sweep_id: UUID) -> None:
    """Remove the candidates of an accepted sweep, exactly those, each read again first."""
    async with context.database.read() as connection:
        keys = await connection.column(str, Q.find_candidates, {"sweep_id": sweep_id})
    removed = 0
    for start in range(0, len(keys), _BATCH):
        _, gone = await _recheck(context, session, keys[start : start + _BATCH])
        removed += await _remove(context, gone)
        await context.report("sweep", done=start + _BATCH, total=len(keys))
    async with context.database.transaction() as connection:
        await check_epoch(connection, context.lease)
        await connection.run(Q.settle_sweep, {"sweep_id": sweep_id, "removed": removed})


async def _delete_keys(context: RunContext) -> None:
    """Delete the run's keys, unless another worker has taken the run over: then they are that worker's."""
    run, epoch = context.lease.run, context.lease.epoch
    async with context.database.transaction() as connection:
        params = {"sync_id": run.sync_id, "provider_id": run.provider_id, "epoch": epoch}
        await connection.run(Q.delete_sweep_keys, params)


async def _read_keys(context: RunContext, session: Session) -> int:
    """Store every key, to the proved end; how many distinct ones there are."""
    sync_id = context.lease.run.sync_id
    last: KeyPage | None = None
    total: int | None = None
    done = distinct = 0
    async for page in session.keys(context.lease.resource):
        async with context.database.transaction() as connection:
            await check_epoch(connection, context.lease)
            keys = [_to_sweep_key(key) for key in page.keys]
            distinct += await connection.run(Q.add_sweep_keys, {"sync_id": sync_id, "keys": keys})
        done += len(page.keys)
        total = page.total if page.total is not None else total
        await context.report("sweep", done=done, total=total)
        last = page
    if last is None or not last.complete:
        raise SourceBrokeProtocol("the source stopped listing keys before it marked the list as complete")
    _check_distinct(listed=done, distinct=distinct, total=total)
    return distinct


def _check_distinct(*, listed: int, distinct: int, total: int | None) -> None:
    """Compare distinct keys with the source's count, or else with the keys listed: one repeated is one skipped."""
    if total is not None and total != distinct:
        raise SourceBrokeProtocol(f"the source counts {total} records and listed {distinct} distinct keys")
    if total is None and listed != distinct:
        raise SourceBrokeProtocol(
            f"the source listed {listed} keys, only {distinct} of them distinct, and gives no count: keys were "
            "repeated, so others may have been skipped"
        )


def _to_sweep_key(key: str) -> str:
    """A key, or a hash in place of one that cannot be stored: no row has it, but it counts among those listed."""
    if find_key_fault(key) is None:
        return key
    return "\x01" + hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()


async def _remove_unseen(context: RunContext, session: Session, began_at: datetime, key_count: int) -> None:
    provider, lease = context.provider, context.lease
    swept = SweepKeys(provider.provider_id, lease.run.sync_id, lease.child_id, began_at)
    async with context.database.transaction() as connection:
        await check_epoch(connection, lease)
        await _check_keys(connection, context, key_count)
        keys = await context.store.find_unseen(connection, swept)
        active = await context.store.count_active(connection, provider.provider_id)
    unseen = _Unseen(keys, active, key_count)
    await _check_share(context, began_at, unseen)
    rechecks_all = len(keys) <= _RECHECK_LIMIT or provider.requested_scope != Scope()
    if len(keys) > _RECHECK_LIMIT:
        unseen = await _check_sample(context, session, began_at, unseen)
    for start in range(0, len(unseen.keys), _BATCH):
        gone = unseen.keys[start : start + _BATCH]
        if rechecks_all:
            _, gone = await _recheck(context, session, gone)
        await _remove(context, gone)
    if not lease.run.dry_run:
        async with context.database.transaction() as connection:
            await check_epoch(connection, lease)
            if provider.retention == "erase":
                await _check_keys(connection, context, key_count)
                await context.store.erase_unseen_rejections(connection, swept)
            await _supersede(connection, context)


async def _check_share(context: RunContext, began_at: datetime, unseen: _Unseen) -> None:
    share = context.provider.max_removal_share
    if len(unseen.keys) > share * unseen.active:
        reason = (
            f"it would remove {len(unseen.keys)} of {unseen.active} records, more than the {share:.0%} "
            f"allowed at once; the source listed {unseen.listed}"
        )
        await _refuse(context, began_at, reason, unseen)


async def _check_sample(context: RunContext, session: Session, began_at: datetime, unseen: _Unseen) -> _Unseen:
    """Read a random sample again, and refuse the sweep where one exists and is in scope; what is left to remove."""
    sample = draw_sample(unseen.keys, _SAMPLE_SIZE, context.lease.run.sync_id)
    existing, _ = await _recheck(context, session, sample)
    existing_keys = {record.key for record in existing}
    left = replace(unseen, keys=[key for key in unseen.keys if key not in existing_keys])
    in_scope = sum(_may_be_in_scope(record, context.store) for record in existing)
    if in_scope:
        reason = (
            f"of {len(unseen.keys)} records that it would remove, {len(sample)} drawn at random were read again, "
            f"and {in_scope} of them exist; the source listed {unseen.listed}"
        )
        await _refuse(context, began_at, reason, left)
    return left


def _may_be_in_scope(record: RawRecord, store: AnyStore) -> bool:
    """Whether a record is in scope; one that cannot be read may be."""
    try:
        return store.is_in_scope(store.normalise(record, b""))
    except RecordRejected:
        return True


async def _check_keys(connection: WriteConnection, context: RunContext, key_count: int) -> None:
    """Check that every key is still stored: the table is unlogged, and empty after a crash of the database."""
    if await connection.value(int, Q.count_sweep_keys, {"sync_id": context.lease.run.sync_id}) != key_count:
        raise TryLater("the database has lost keys of this sweep; the next run sweeps again")


async def _recheck(context: RunContext, session: Session, keys: Sequence[str]) -> tuple[list[RawRecord], list[str]]:
    """Read each record by its key: those that exist after all, which are stored, and the keys that are gone."""
    existing: list[RawRecord] = []
    gone: list[str] = []
    for key in keys:
        record = await session.record(context.lease.resource, key)
        if record is None or not record.visible:
            gone.append(key)
        else:
            existing.append(record)
    if existing:
        await context.store_page(existing, [])
    return existing, gone


async def _remove(context: RunContext, keys: Sequence[str]) -> int:
    if not keys:
        return 0
    if context.lease.run.dry_run:
        await context.count(RunCounts(deleted=len(keys)))
        return 0
    provider, run = context.provider, context.lease.run
    origin = Origin(provider.provider_id, "sweep", context.clock.now(), run.sync_id)
    async with context.database.transaction() as connection:
        await check_epoch(connection, context.lease)
        removed = await remove_records(
            connection, context.store, context.lease.resource, keys, provider.retention, origin
        )
        await add_counts(connection, context.lease, RunCounts(deleted=removed))
    return removed


async def _refuse(context: RunContext, began_at: datetime, reason: str, unseen: _Unseen) -> NoReturn:
    """Store the candidates for a person to decide on, and raise SweepRefused."""
    if not context.lease.run.dry_run:
        async with context.database.transaction() as connection:
            await check_epoch(connection, context.lease)
            await _supersede(connection, context)
            count = len(unseen.keys)
            sweep_id = await _add(connection, context, began_at, reason, active=unseen.active, candidates=count)
            await connection.run(Q.add_candidates, {"sweep_id": sweep_id, "keys": list(unseen.keys)})
    raise SweepRefused(f"the sweep was refused: {reason}")


async def _add_cut_short(context: RunContext, began_at: datetime, reason: str) -> None:
    """Record a sweep that was cut short. It proves nothing: one that waits for a person's decision goes on waiting."""
    if context.lease.run.dry_run:
        return
    async with context.database.transaction() as connection:
        await check_epoch(connection, context.lease)
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
