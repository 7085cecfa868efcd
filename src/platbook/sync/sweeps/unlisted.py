"""Records that exist and that a list of keys does not name: each proves that the list is not whole.

Candidates for removal are read again in any case. What the run's own walk received is never a candidate, so a sample of
those that the list does not name is read again here: most of them were deleted between the walk and the list.
"""

from collections.abc import Sequence

from platbook.base.errors import RecordRejected
from platbook.connectors.contract import ByKey, RawRecord, Session
from platbook.db import load_queries
from platbook.sync.resources.registry import AnyStore
from platbook.sync.resources.store import SweepKeys
from platbook.sync.run_context import RunContext
from platbook.sync.runs.lifecycle import check_epoch
from platbook.sync.sampling import draw_sample
from platbook.sync.sweeps.key_list import KeyList, check_key_list, read_key_list
from platbook.sync.sweeps.lookup import RecordLookup

Q = load_queries(__package__ or "platbook.sync.sweeps")

SAMPLE_SIZE = 60


async def check_received(context: RunContext, session: Session, swept: SweepKeys) -> None:
    """Read again, of the records that the run received and the list does not name, as many as a sample has."""
    async with context.database.read() as connection:
        params = {"received_by": swept.received_by, "sync_id": swept.sync_id}
        keys = await connection.column(str, Q.find_received_unlisted, params)
    if not keys:
        return
    if context.profile.by_key is ByKey.NONE:
        add_unlisted(context, len(keys) - len(await find_unlisted_again(context, session, keys)))
        return
    async for looked_up in RecordLookup(context, session).read(draw_sample(keys, SAMPLE_SIZE, swept.sync_id)):
        existing = [record for record in looked_up.existing if record.visible]
        add_unlisted(context, count_in_scope(existing, context.store))


def add_unlisted(context: RunContext, count: int) -> None:
    """Add records that exist and are not listed to the run, with a remark at the first."""
    if count and not context.unlisted:
        context.remarks.append("the source's list of keys does not name records that exist; they were not removed")
    context.unlisted += count


def count_in_scope(records: Sequence[RawRecord], store: AnyStore) -> int:
    """How many records are in scope; one that cannot be read may be."""
    return sum(_may_be_in_scope(record, store) for record in records)


async def find_unlisted_again(context: RunContext, session: Session, keys: Sequence[str]) -> Sequence[str]:
    """Those of some keys that another complete list of all keys does not name; a sweep reads it once."""
    list_id = context.lease.child_id
    async with context.database.read() as connection:
        size = await connection.value(int, Q.count_sweep_keys, {"sync_id": list_id})
    key_list = KeyList(list_id, size) if size else await read_key_list(context, session, list_id)
    async with context.database.transaction() as connection:
        await check_epoch(connection, context.lease)
        await check_key_list(connection, key_list)
        return await connection.column(str, Q.find_unlisted, {"sync_id": key_list.list_id, "keys": list(keys)})


def _may_be_in_scope(record: RawRecord, store: AnyStore) -> bool:
    try:
        return store.is_in_scope(store.normalise(record, b""))
    except RecordRejected:
        return True
