"""What a sweep removes: records that its list of keys did not name, proved to be gone as far as the source lets."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from platbook.connectors.contract import ByKey, RawRecord, Scope, Session
from platbook.db import load_queries
from platbook.listings.listing import Origin
from platbook.sync.received import find_received_keys
from platbook.sync.removal import remove_records
from platbook.sync.resources.store import SweepKeys
from platbook.sync.run_context import RunContext
from platbook.sync.runs.lifecycle import add_counts, check_epoch
from platbook.sync.runs.run import RunCounts
from platbook.sync.sampling import draw_sample
from platbook.sync.sweeps.key_list import KeyList, check_key_list
from platbook.sync.sweeps.lookup import MOST_KEYS, LookedUp, RecordLookup
from platbook.sync.sweeps.refusal import Candidates, refuse
from platbook.sync.sweeps.unlisted import SAMPLE_SIZE, count_in_scope, find_unlisted_again

Q = load_queries(__package__ or "platbook.sync.sweeps")

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class UnseenKeys:
    """Keys of active records that a list of keys does not name: the candidates, and those that the run received."""

    candidates: Candidates
    received: Sequence[str]


@dataclass(frozen=True, slots=True)
class Removal:
    """What became of candidates: how many were `removed`, and how many exist and are in scope.

    `is_finished`: none was left without being asked for, because too many replies were broken.
    """

    removed: int = 0
    existing: int = 0
    is_finished: bool = True


async def find_unseen(context: RunContext, swept: SweepKeys, key_list: KeyList) -> UnseenKeys:
    """Compare the replica with a complete list of keys."""
    async with context.database.transaction() as connection:
        await check_epoch(connection, context.lease)
        await check_key_list(connection, key_list)
        keys = list(await context.store.find_unseen(connection, swept))
        received = await find_received_keys(connection, swept.received_by, keys)
        active = await context.store.count_active(connection, swept.provider_id)
    kept = set(received)
    return UnseenKeys(Candidates([key for key in keys if key not in kept], active, key_list.size), received)


async def remove_unseen(context: RunContext, session: Session, swept: SweepKeys, candidates: Candidates) -> Removal:
    """Remove what the source is proved not to have; SweepRefused where nothing could be removed safely."""
    await _check_share(context, swept, candidates)
    keys, by_key = candidates.keys, context.profile.by_key
    if by_key is not ByKey.NONE and len(keys) > MOST_KEYS[by_key]:
        keys = await _check_sample(context, session, swept, candidates)
        if context.provider.requested_scope == Scope():
            return Removal(await _remove(context, keys))
    removal = await remove_gone(context, session, keys)
    if removal.existing:
        context.mark_incomplete(
            f"the source's list of keys is incomplete: {removal.existing} records exist that it does not name"
        )
    return removal


async def remove_gone(context: RunContext, session: Session, keys: Sequence[str]) -> Removal:
    """Remove those of some records that are gone when they are read again, and store those that exist.

    Where nothing can be read by key, another list of all keys tells.
    """
    if not keys:
        return Removal()
    if context.profile.by_key is ByKey.NONE:
        gone = await find_unlisted_again(context, session, keys)
        return Removal(await _remove(context, gone), len(keys) - len(gone))
    removed = existing = unread = 0
    lookup = RecordLookup(context, session)
    async for looked_up in lookup.read(keys):
        existing += count_in_scope(context, await _store_existing(context, looked_up))
        removed += await _remove(context, _find_gone(looked_up))
        unread += len(looked_up.unread)
    if unread:
        context.mark_incomplete(
            f"{unread} records that the source's list of keys does not name could not be read by their keys, so they "
            "were not removed"
        )
    return Removal(removed, existing, is_finished=not lookup.gave_up)


async def _check_share(context: RunContext, swept: SweepKeys, candidates: Candidates) -> None:
    share = context.provider.max_removal_share
    if len(candidates.keys) > share * candidates.active:
        reason = (
            f"it would remove {len(candidates.keys)} of {candidates.active} records, more than the {share:.0%} "
            f"allowed at once; the source listed {candidates.listed}"
        )
        await refuse(context, swept.began_at, reason, candidates)


async def _check_sample(
    context: RunContext, session: Session, swept: SweepKeys, candidates: Candidates
) -> Sequence[str]:
    """Read a random sample again, and refuse the sweep where one exists and is in scope; what is left to remove."""
    sample = draw_sample(candidates.keys, SAMPLE_SIZE, swept.sync_id)
    existing_keys: set[str] = set()
    in_scope = 0
    async for looked_up in RecordLookup(context, session).read(sample):
        existing = await _store_existing(context, looked_up)
        existing_keys |= {record.key for record in existing}
        in_scope += count_in_scope(context, existing) + len(looked_up.unread)
    left = replace(candidates, keys=[key for key in candidates.keys if key not in existing_keys])
    if in_scope:
        reason = (
            f"of {len(candidates.keys)} records that it would remove, {len(sample)} drawn at random were read again, "
            f"and {in_scope} of them exist; the source listed {candidates.listed}"
        )
        await refuse(context, swept.began_at, reason, left)
    return left.keys


async def _store_existing(context: RunContext, looked_up: LookedUp) -> list[RawRecord]:
    existing = [record for record in looked_up.existing if record.visible]
    if existing:
        await context.store_page(existing, [])
    return existing


def _find_gone(looked_up: LookedUp) -> list[str]:
    return [*looked_up.absent, *(record.key for record in looked_up.existing if not record.visible)]


async def _remove(context: RunContext, keys: Sequence[str]) -> int:
    if context.lease.run.dry_run:
        await context.count(RunCounts(deleted=len(keys)))
        return 0
    return sum([await _remove_batch(context, keys[at : at + _BATCH]) for at in range(0, len(keys), _BATCH)])


async def _remove_batch(context: RunContext, keys: Sequence[str]) -> int:
    lease, provider = context.lease, context.provider
    origin = Origin(provider.provider_id, "sweep", context.clock.now(), lease.run.sync_id)
    params = {"provider_id": provider.provider_id, "resource": lease.resource, "keys": list(keys)}
    async with context.database.transaction() as connection:
        await check_epoch(connection, lease)
        removed = await remove_records(connection, context.store, lease.resource, keys, provider.retention, origin)
        await connection.run(Q.close_rejections, {**params, "at": origin.stored_at})
        await add_counts(connection, lease, RunCounts(deleted=removed))
    return removed
