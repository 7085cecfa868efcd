"""Records that exist and that a complete list of keys does not name: the list, and the count beside it, were short."""

from collections.abc import Sequence

from platbook.base.errors import RecordRejected
from platbook.connectors.contract import ByKey, RawRecord, Session
from platbook.sync.run_context import RunContext
from platbook.sync.sampling import draw_sample
from platbook.sync.sweeps.lookup import RecordLookup

SAMPLE_SIZE = 60
"""Where none of so many records exists, fewer than 5 % of all do, with 95 % confidence."""


def count_in_scope(context: RunContext, records: Sequence[RawRecord]) -> int:
    """How many records are in scope; one that cannot be normalised may be, and counts."""
    return sum(record.visible and _may_be_in_scope(context, record) for record in records)


async def check_received(context: RunContext, session: Session, keys: Sequence[str]) -> None:
    """Mark the run as incomplete where records that it received exist, and its list of keys does not name them.

    They may also have been deleted since. So some drawn at random are read again, where the source can be asked by key.
    """
    if context.profile.by_key is ByKey.NONE:
        return
    sample = draw_sample(keys, SAMPLE_SIZE, context.lease.run.sync_id)
    existing = 0
    async for looked_up in RecordLookup(context, session).read(sample):
        existing += count_in_scope(context, looked_up.existing)
    if existing:
        context.mark_incomplete(
            f"the source's list of keys is incomplete: it does not name {len(keys)} records that this run received, "
            f"and of {len(sample)} of these that were read again, {existing} exist"
        )


def _may_be_in_scope(context: RunContext, record: RawRecord) -> bool:
    try:
        return context.store.is_in_scope(context.store.normalise(record, b""))
    except RecordRejected:
        return True
