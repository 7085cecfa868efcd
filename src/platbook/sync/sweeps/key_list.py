"""Lists of all keys of a source, read to their proved end and stored, to be compared with the replica."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from platbook.base.errors import SourceBrokeProtocol, TryLater
from platbook.connectors.contract import KeyPage, Session
from platbook.db import ReadConnection, load_queries
from platbook.sync.keys import find_key_fault
from platbook.sync.run_context import RunContext
from platbook.sync.runs.lifecycle import check_epoch

Q = load_queries(__package__ or "platbook.sync.sweeps")


@dataclass(frozen=True, slots=True)
class KeyList:
    """A complete list of keys: the id it is stored under, and how many distinct ones it has."""

    list_id: UUID
    size: int


async def read_key_list(context: RunContext, session: Session, list_id: UUID) -> KeyList:
    """Store every key, to the proved end; SourceBrokeProtocol where the list is not complete."""
    last: KeyPage | None = None
    total: int | None = None
    listed = distinct = 0
    async for page in session.keys(context.lease.resource):
        async with context.database.transaction() as connection:
            await check_epoch(connection, context.lease)
            keys = [_to_storable_key(key) for key in page.keys]
            distinct += await connection.run(Q.add_sweep_keys, {"sync_id": list_id, "keys": keys})
        listed += len(page.keys)
        total = page.total if page.total is not None else total
        await context.report("sweep", done=listed, total=total)
        last = page
    if last is None or not last.complete:
        raise SourceBrokeProtocol("the source stopped listing keys before it marked the list as complete")
    _check_distinct(listed=listed, distinct=distinct, total=total)
    return KeyList(list_id, distinct)


async def check_key_list(connection: ReadConnection, key_list: KeyList) -> None:
    """Check that every key is still stored: the table is unlogged, and empty after a crash of the database."""
    if await connection.value(int, Q.count_sweep_keys, {"sync_id": key_list.list_id}) != key_list.size:
        raise TryLater("the database has lost keys of this sweep; the next run sweeps again")


async def delete_key_lists(context: RunContext) -> None:
    """Delete the run's lists, unless another worker has taken the run over: then they are that worker's."""
    lease = context.lease
    async with context.database.transaction() as connection:
        params = {"sync_ids": lease.sync_ids, "provider_id": lease.run.provider_id, "epoch": lease.epoch}
        await connection.run(Q.delete_sweep_keys, params)


def _check_distinct(*, listed: int, distinct: int, total: int | None) -> None:
    """Compare distinct keys with the source's count, or else with the keys listed: one repeated is one skipped."""
    if total is not None and total != distinct:
        raise SourceBrokeProtocol(f"the source counts {total} records and listed {distinct} distinct keys")
    if total is None and listed != distinct:
        raise SourceBrokeProtocol(
            f"the source listed {listed} keys, only {distinct} of them distinct, and gives no count: keys were "
            "repeated, so others may have been skipped"
        )


def _to_storable_key(key: str) -> str:
    """A key, or a hash in place of one that cannot be stored: no row has it, but it counts among those listed."""
    if find_key_fault(key) is None:
        return key
    return "\x01" + hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()
