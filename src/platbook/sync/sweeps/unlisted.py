"""Records that exist and that a complete list of keys does not name: the list, and the count beside it, were short."""

from collections.abc import Sequence

from platbook.base.errors import RecordRejected
from platbook.connectors.contract import ByKey, RawRecord, Session
from platbook.db import load_queries
from platbook.sync.run_context import RunContext
from platbook.sync.runs.lifecycle import check_epoch
from platbook.sync.sampling import draw_sample
from platbook.sync.sweeps.key_list import KeyList, check_key_list, read_key_list
from platbook.sync.sweeps.lookup import RecordLookup

Q = load_queries(__package__ or "platbook.sync.sweeps")

SAMPLE_SIZE = 60
"""Where none of so many records exists, fewer than 5 % of all do, with 95 % confidence."""


def count_in_scope(context: RunContext, records: Sequence[RawRecord]) -> int:
    """How many records are in scope; one that cannot be normalised may be, and counts."""
    return sum(record.visible and _may_be_in_scope(context, record) for record in records)


async def check_received(context: RunContext, session: Session, keys: Sequence[str]) -> bool:
    """Whether the list of keys is complete, as far as records that the run received and it does not name show.

    Where some of them exist, the run is marked as incomplete.

    They may also have been deleted since. So some drawn at random are read again, or looked up in another list of keys
    where the source cannot be asked by key.
    """
    if keys and context.profile.by_key is ByKey.NONE:
        listed = len(keys) - len(await find_unlisted_again(context, session, keys))
        if listed:
            context.mark_incomplete(
                f"the source's list of keys is incomplete: another list names {listed} records that it does not name"
            )
        return not listed
    sample = draw_sample(keys, SAMPLE_SIZE, context.lease.run.sync_id)
    existing = 0
    async for looked_up in RecordLookup(context, session).read(sample):
        existing += count_in_scope(context, looked_up.existing)
    if existing:
        context.mark_incomplete(
            f"the source's list of keys is incomplete: it does not name {len(keys)} records that this run received, "
            f"and of {len(sample)} of these that were read again, {existing} exist"
        )
    return not existing


async def find_unlisted_again(context: RunContext, session: Session, keys: Sequence[str]) -> Sequence[str]:
    """Those of some keys that another complete list of all keys does not name; a sweep reads that list once."""
    list_id = context.lease.child_id
    async with context.database.read() as connection:
        size = await connection.value(int, Q.count_sweep_keys, {"sync_id": list_id})
    key_list = KeyList(list_id, size) if size else await read_key_list(context, session, list_id)
    async with context.database.transaction() as connection:
        await check_epoch(connection, context.lease)
        await check_key_list(connection, key_list)
        return await connection.column(str, Q.find_unlisted, {"sync_id": key_list.list_id, "keys": list(keys)})


def _may_be_in_scope(context: RunContext, record: RawRecord) -> bool:
    try:
        return context.store.is_in_scope(context.store.normalise(record, b""))
    except RecordRejected:
        return True
