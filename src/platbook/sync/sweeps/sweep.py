"""Does one sweep: reads the list of keys, removes what is gone, fetches what is missing, closes what is settled."""

from uuid import UUID

from platbook.base.errors import SourceBrokeProtocol, SweepRefused
from platbook.connectors.contract import Session
from platbook.db import load_queries
from platbook.sync.ages import record_accepted_sweep, record_sweep
from platbook.sync.resources.store import SweepKeys
from platbook.sync.run_context import RunContext
from platbook.sync.runs.lifecycle import check_epoch
from platbook.sync.sweeps.key_list import KeyList, check_key_list, delete_key_lists, read_key_list
from platbook.sync.sweeps.missing import fetch_missing
from platbook.sync.sweeps.refusal import add_cut_short, supersede
from platbook.sync.sweeps.removal import Removal, find_unseen, remove_gone, remove_unseen
from platbook.sync.sweeps.unlisted import check_received

Q = load_queries(__package__ or "platbook.sync.sweeps")


async def sweep(context: RunContext, session: Session) -> None:
    """Reconcile the replica with a source, both ways; SweepRefused where nothing could be removed safely."""
    lease = context.lease
    began_at = context.clock.now()
    swept = SweepKeys(lease.run.provider_id, lease.run.sync_id, lease.child_id, began_at, context.scope)
    try:
        with context.timing("sweep"):
            await delete_key_lists(context)  # a resumed run may have left some, which may be gone from the source
            key_list = await read_key_list(context, session, swept.sync_id)
            await _reconcile(context, session, swept, key_list)
    except SourceBrokeProtocol as error:
        await add_cut_short(context, began_at, f"the sweep was cut short: {error}")
        raise
    finally:
        await delete_key_lists(context)


async def apply_sweep(context: RunContext, session: Session, sweep_id: UUID) -> None:
    """Remove the candidates of an accepted sweep, exactly those, each of them proved to be gone first."""
    async with context.database.read() as connection:
        keys = await connection.column(str, Q.find_candidates, {"sweep_id": sweep_id})
    await delete_key_lists(context)
    try:
        removal = await remove_gone(context, session, keys)
    finally:
        await delete_key_lists(context)
    async with context.database.transaction() as connection:
        await check_epoch(connection, context.lease)
        await connection.run(Q.settle_sweep, {"sweep_id": sweep_id, "removed": removal.removed})
        if removal.is_finished:
            await record_accepted_sweep(connection, sweep_id)


async def _reconcile(context: RunContext, session: Session, swept: SweepKeys, key_list: KeyList) -> None:
    unseen = await find_unseen(context, swept, key_list)
    refused: SweepRefused | None = None
    removal = Removal()
    try:
        removal = await remove_unseen(context, session, swept, unseen.candidates)
    except SweepRefused as error:
        refused = error  # what the source does name is missing here all the same
    is_complete = await check_received(context, session, unseen.received) and not removal.existing
    await fetch_missing(context, session, swept, key_list)
    if refused is not None:
        raise refused
    if not context.lease.run.dry_run:
        await _settle(context, swept, key_list, is_complete=is_complete, is_applied=removal.is_finished)


async def _settle(
    context: RunContext, swept: SweepKeys, key_list: KeyList, *, is_complete: bool, is_applied: bool
) -> None:
    """Record the sweep and supersede older ones; close rejections of records that a complete list does not name."""
    params = {
        "provider_id": swept.provider_id,
        "resource": context.lease.resource,
        "sync_id": swept.sync_id,
        "began_at": swept.began_at,
        "at": context.clock.now(),
    }
    async with context.database.transaction() as connection:
        await check_epoch(connection, context.lease)
        await supersede(connection, context)
        await record_sweep(connection, context.lease, context.profile, swept.began_at if is_applied else None)
        if not is_complete:
            return
        await check_key_list(connection, key_list)
        if context.provider.retention == "erase":
            await context.store.erase_unseen_rejections(connection, swept)
        await connection.run(Q.close_unseen_rejections, params)
