"""Sweeps: reading every key of a source to find what is gone.

Deletes are proved, never guessed. A sweep counts only when its end is proved; only rows stored before it began, inside
the scope and not received by the same run may go; and one that would remove more than a set share removes nothing: its
candidates are stored and a person is asked. Up to 500 candidates are looked at once more one by one: one that is there
after all stays. Of more, a random sample is looked at: one listing in scope that is there after all, and the list of
keys was not whole, so a person is asked as well. (Where none of 60 is there, fewer than 5 % of them are, with 95 %
certainty.) In a narrowed scope all are looked at in any case: a listing that only left the scope is hidden as such.
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
from platbook.sync.page import PageRules, is_in_scope
from platbook.sync.rejections import find_key_fault
from platbook.sync.removal import remove_listings
from platbook.sync.runs.context import RunContext
from platbook.sync.runs.lifecycle import RunCounts, add_counts, check_epoch
from platbook.sync.sampling import draw_sample

Q = load_queries(__package__ or "platbook.sync")

_LOOK_AGAIN = 500
_SAMPLE = 60
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class _Unseen:
    """The keys a sweep would remove, of so many `active` listings, where the source named so many."""

    keys: Sequence[str]
    active: int
    named: int


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
        _, gone = await _look_again(context, session, keys[start : start + _BATCH])
        removed += await _remove(context, gone)
        await context.report("sweep", done=start + _BATCH, total=len(keys))
    async with context.database.transaction() as connection:
        await check_epoch(connection, context.lease)
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
            await check_epoch(connection, context.lease)
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
        await check_epoch(connection, context.lease)
        await _check_keys(connection, context, seen)
        keys = await connection.column(str, Q.find_unseen, params)
        active = await connection.value(int, Q.count_active, params) or 0
    unseen = _Unseen(keys, active, seen)
    await _check_share(context, began_at, unseen)
    looks_at_all = len(keys) <= _LOOK_AGAIN or context.rules.scope != Scope()
    if len(keys) > _LOOK_AGAIN:
        unseen = await _check_sample(context, session, began_at, unseen)
    for start in range(0, len(unseen.keys), _BATCH):
        gone = unseen.keys[start : start + _BATCH]
        if looks_at_all:
            _, gone = await _look_again(context, session, gone)
        await _remove(context, gone)
    if not context.lease.run.dry_run:
        async with context.database.transaction() as connection:
            await check_epoch(connection, context.lease)
            if provider.retention == "erase":
                await _check_keys(connection, context, seen)
                await connection.run(Q.erase_unseen_rejections, {**params, "resource": context.lease.resource})
            await _supersede(connection, context)


async def _check_share(context: RunContext, began_at: datetime, unseen: _Unseen) -> None:
    share = context.provider.max_removal_share
    if len(unseen.keys) > share * unseen.active:
        reason = (
            f"it would remove {len(unseen.keys)} of {unseen.active} listings, more than the {share:.0%} "
            f"allowed at once; the source named {unseen.named}"
        )
        await _refuse(context, began_at, reason, unseen)


async def _check_sample(context: RunContext, session: Session, began_at: datetime, unseen: _Unseen) -> _Unseen:
    """Look at a random sample again, refusing the sweep where one is there and in scope; what is left to remove."""
    sample = draw_sample(unseen.keys, _SAMPLE, context.lease.run.sync_id)
    found, _ = await _look_again(context, session, sample)
    there = {record.key for record in found}
    left = replace(unseen, keys=[key for key in unseen.keys if key not in there])
    wanted = sum(_is_wanted(record, context.rules) for record in found)
    if wanted:
        reason = (
            f"of {len(unseen.keys)} listings that it would remove, {len(sample)} drawn at random were looked at again, "
            f"and {wanted} of them exist; the source named {unseen.named}"
        )
        await _refuse(context, began_at, reason, left)
    return left


def _is_wanted(record: RawRecord, rules: PageRules) -> bool:
    """Whether a record is in scope; one that cannot be read may be."""
    try:
        return is_in_scope(rules.mapping.normalise(record), rules.scope)
    except RecordRejected:
        return True


async def _check_keys(connection: WriteConnection, context: RunContext, seen: int) -> None:
    """See that every key is still there: the table is not logged, and empty after a crash of the database."""
    if await connection.value(int, Q.count_sweep_keys, {"sync_id": context.lease.run.sync_id}) != seen:
        raise TryLater("the database has lost keys of this sweep; the next run sweeps again")


async def _look_again(context: RunContext, session: Session, keys: Sequence[str]) -> tuple[list[RawRecord], list[str]]:
    """Ask for each record by its key: those that are there after all, stored anew, and the keys that are gone."""
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
    return found, gone


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
        removed = await remove_listings(connection, keys, provider.retention, origin)
        await add_counts(connection, context.lease, RunCounts(deleted=removed))
    if removed and provider.retention == "erase":
        context.rules.terms.forget()
    return removed


async def _refuse(context: RunContext, began_at: datetime, reason: str, unseen: _Unseen) -> NoReturn:
    """Store the candidates and ask a person."""
    if not context.lease.run.dry_run:
        async with context.database.transaction() as connection:
            await check_epoch(connection, context.lease)
            await _supersede(connection, context)
            count = len(unseen.keys)
            sweep_id = await _add(connection, context, began_at, reason, active=unseen.active, candidates=count)
            await connection.run(Q.add_candidates, {"sweep_id": sweep_id, "keys": list(unseen.keys)})
    raise SweepRefused(f"the sweep was refused: {reason}")


async def _note_cut_short(context: RunContext, began_at: datetime, reason: str) -> None:
    """It tells nothing of what is gone: a sweep that waits for a person's decision goes on waiting."""
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
