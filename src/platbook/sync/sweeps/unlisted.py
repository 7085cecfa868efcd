"""Records that exist and that a complete list of keys does not name: the list, and the count beside it, were short."""

from collections.abc import Sequence

from platbook.base.errors import RecordRejected
from platbook.connectors.contract import ByKey, RawRecord, Session
from platbook.db import load_queries
from platbook.sync.resources.store import MissingKey, SweepKeys
from platbook.sync.run_context import RunContext
from platbook.sync.sweeps.lookup import RecordLookup

Q = load_queries(__package__ or "platbook.sync.sweeps")

SAMPLE_SIZE = 60
"""Where none of so many records exists, fewer than 5 % of all do, with 95 % confidence."""


def count_in_scope(context: RunContext, records: Sequence[RawRecord]) -> int:
    """How many records are in scope; one that cannot be normalised may be, and counts."""
    return sum(record.visible and _may_be_in_scope(context, record) for record in records)


async def check_received(context: RunContext, session: Session, swept: SweepKeys) -> None:
    """Mark the run as incomplete where records that it received exist, and its list of keys does not name them.

    They may also have been deleted since. So some drawn at random are read again, where the source can be asked by key.
    """
    if context.profile.by_key is ByKey.NONE:
        return
    params = {"sync_id": swept.sync_id, "received_by": swept.received_by, "limit": SAMPLE_SIZE}
    async with context.database.read() as connection:
        sample = await connection.all(MissingKey, Q.find_received_unlisted, params)
    existing = 0
    async for looked_up in RecordLookup(context, session).read([one.listing_key for one in sample]):
        existing += count_in_scope(context, looked_up.existing)
    if existing:
        context.mark_incomplete(
            f"the source's list of keys is incomplete: it does not name {sample[0].total} records that this run "
            f"received, and of {len(sample)} of these that were read again, {existing} exist"
        )


def _may_be_in_scope(context: RunContext, record: RawRecord) -> bool:
    try:
        return context.store.is_in_scope(context.store.normalise(record, b""))
    except RecordRejected:
        return True
