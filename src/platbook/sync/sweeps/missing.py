"""What a sweep finds: records that its list of keys names and the replica has not. They are fetched by their keys.

This is how records come in that the source published late, with a time before the watermark, that have no modification
time, or that an error of its paging left out.
"""

from platbook.connectors.contract import ByKey, Session
from platbook.sync.resources.store import SweepKeys
from platbook.sync.run_context import RunContext
from platbook.sync.sweeps.key_list import KeyList, check_key_list
from platbook.sync.sweeps.lookup import MOST_KEYS, RecordLookup


async def fetch_missing(context: RunContext, session: Session, swept: SweepKeys, key_list: KeyList) -> None:
    """Fetch and store what is missing; what could not be fetched is counted, and remarked."""
    most = MOST_KEYS[context.profile.by_key]
    async with context.database.read() as connection:
        await check_key_list(connection, key_list)
        missing = await context.store.find_missing(connection, swept, most)
    fetched = 0
    async for looked_up in RecordLookup(context, session).read(missing.keys):
        if looked_up.existing:
            await context.store_page(looked_up.existing, [], found_by_sweep=True)
        fetched += len(looked_up.existing)
    unread = missing.total - fetched
    if unread:
        context.mark_incomplete(_to_remark(unread, missing.total, context.profile.by_key))


def _to_remark(unread: int, total: int, by_key: ByKey) -> str:
    missing = f"{total} records that the source's list of keys names were not stored here"
    if by_key is ByKey.NONE:
        return f"{missing}, and this source's records cannot be read by key"
    limit = f"; a sweep fetches at most {MOST_KEYS[by_key]}, a full sync all" if total > MOST_KEYS[by_key] else ""
    return f"{missing}, and {unread} of them could not be fetched by key{limit}"
