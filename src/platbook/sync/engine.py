"""Does one run of one provider from beginning to end, whatever happens on the way.

A run does every registered resource, one after the other, in one session: walk, then sweep. Its row has a child for
each resource; cursors, rejections and sweeps are by resource, the state and schedule are the provider's.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from platbook.base.clock import Clock
from platbook.base.errors import (
    CredentialsRefused,
    NeedsOperator,
    PlatbookError,
    ProviderMisconfigured,
    SessionSlotLost,
    SourceBrokeProtocol,
    SweepRefused,
)
from platbook.base.ids import new_id
from platbook.base.log import get_log
from platbook.connectors.contract import ByKey, Connector, Resource, Session
from platbook.connectors.registry import find_connector
from platbook.db import Database, ReadConnection, SecretBox, WriteConnection, load_queries
from platbook.db.errors import is_database_away
from platbook.listings.listing import Origin
from platbook.media.photo_worker import PhotoWorker
from platbook.providers.providers import get_provider
from platbook.providers.sessions import SessionOptions, SessionServices, Source, get_source, open_session
from platbook.sync.excluded import delete_keys_of_other_scopes
from platbook.sync.page import PageRules
from platbook.sync.received import delete_received
from platbook.sync.rejections import find_retries
from platbook.sync.resources.registry import RESOURCES, ResourceRegistry
from platbook.sync.run_context import RunContext
from platbook.sync.runs import cursors
from platbook.sync.runs._control_flow import RunCancelled, RunTakenOver
from platbook.sync.runs.lifecycle import check_epoch, claim_run, get_counts, lease_resource, postpone_next_run
from platbook.sync.runs.outcome import StatusAfterRun, completed_status, error_type, settle_failure, settle_success
from platbook.sync.runs.pace import find_reading_times, get_pace
from platbook.sync.runs.plan import LastSweep, plan_run, scope_fingerprint
from platbook.sync.runs.run import RunLease, RunStatus, SyncType
from platbook.sync.sweeps.sweep import apply_sweep, sweep
from platbook.sync.versions import OlderVersions
from platbook.sync.volatile import VolatileFields, find_volatile_fields
from platbook.sync.walk import walk_changes
from platbook.transport import LEASE, Transport

Q = load_queries(__package__ or "platbook.sync")
log = get_log("sync")

_RETRY_BATCH = 1000
_SEAT_WAIT = LEASE + timedelta(seconds=30)  # the seat of a killed worker is free after its lease


@dataclass(slots=True)
class SyncEngine:
    """Does the runs of providers. `resources` are done in their order."""

    database: Database
    transport: Transport
    box: SecretBox
    clock: Clock
    find_connector: Callable[[str], Connector] = find_connector
    photos: PhotoWorker | None = None
    resources: ResourceRegistry = field(default_factory=lambda: RESOURCES)

    async def run_next(self, provider_id: str) -> bool:
        """Do the run that was left behind or waits; False: there is none.

        A cancel by a person ends the run as cancelled. A cancel of this task from outside (the worker stops) leaves
        the run unfinished, to be resumed by another worker from its checkpoint under the same id. So does the loss of
        the session's slot (SessionSlotLost).
        """
        first = next(iter(self.resources))
        async with self.database.transaction() as connection:
            lease = await claim_run(connection, provider_id, self.clock.now(), first)
        if lease is None:
            return False
        run_log = log.bind(provider=provider_id, sync_id=str(lease.run.sync_id), sync_type=lease.run.sync_type)
        run_log.info("run started")
        try:
            status = await self._do(lease)
        except RunTakenOver:
            run_log.warning("run taken over by another worker")
            return True
        run_log.info("run ended", status=status)
        return True

    async def _do(self, lease: RunLease) -> RunStatus:
        context: RunContext | None = None
        try:
            context = await self._prepare(lease)
            refused = await self._carry_out(context)
        except RunCancelled:
            return await self._end_cancelled(lease, context)
        except asyncio.CancelledError:
            if await self._was_cancelled(lease):
                return await self._end_cancelled(lease, context)
            raise
        except (RunTakenOver, SessionSlotLost):
            raise
        except PlatbookError as error:
            return await self._end_failed(lease, context, error)
        except Exception as error:
            if is_database_away(error):
                raise  # the run stays as it is, to be resumed when the database is back
            await self._end_failed(lease, context, error)
            raise
        return await self._end_completed(context, refused)

    async def _prepare(self, lease: RunLease) -> RunContext:
        async with self.database.read() as connection:
            provider = await get_provider(connection, lease.run.provider_id)
        if provider.archived_at is not None:
            raise RunCancelled("the provider was archived while the run waited")
        source = get_source(provider, self.find_connector)
        return await self._to_context(source, lease)

    async def _to_context(self, source: Source, lease: RunLease) -> RunContext:
        provider, profile = source.provider, source.profile.resource(lease.resource)
        store = self.resources[lease.resource].open_store(source)
        async with self.database.read() as connection:
            named = profile.volatile_fields | await find_volatile_fields(connection, provider.provider_id)
        scope = scope_fingerprint(provider.provider_type, provider.settings, provider.scope, store.mapping_version)
        rules = PageRules(
            VolatileFields(named, store.targets),
            retention=provider.retention,
            scope=scope,
            zone=ZoneInfo(source.profile.time_zone),
        )
        return RunContext(self.database, self.clock, source, rules, store, lease, scope)

    async def _for_resource(self, context: RunContext, resource: Resource) -> RunContext:
        """The context of the same run for another resource; clock, meter, stages and remarks are shared."""
        if resource is context.lease.resource:
            return context
        async with self.database.transaction() as connection:
            await check_epoch(connection, context.lease)
            lease = await lease_resource(connection, context.lease, resource, self.clock.now())
        other = await self._to_context(context.source, lease)
        return replace(context, store=other.store, rules=other.rules, lease=lease, scope=other.scope)

    async def _carry_out(self, context: RunContext) -> SweepRefused | None:
        served = [resource for resource in self.resources if resource in context.source.profile.resources]
        if context.lease.run.sync_type == SyncType.RECORD:
            served = served[:1]
        contexts = [await self._for_resource(context, resource) for resource in served]
        for one in contexts:
            await self._retry_rejections(one)
        run = context.lease.run
        if run.sync_type == SyncType.RETRY:
            return None
        async with self._session(context) as session:
            refused = await self._do_records(contexts, session)
            context.incomplete = any(one.incomplete for one in contexts)
            if self.photos is not None and not run.dry_run and context.source.profile.max_concurrency == 1:
                await context.report("photos", done=0, total=None)
                with context.timing("photos"):
                    await self.photos.run_in_session(context.provider, session)
            return refused

    async def _do_records(self, contexts: Sequence[RunContext], session: Session) -> SweepRefused | None:
        run = contexts[0].lease.run
        if run.sync_type == SyncType.RECORD:
            await _sync_record(contexts[0], session, run.listing_key or "")
            return None
        if run.sweep_id is not None:
            await self._apply_sweep(contexts, session, run.sweep_id)
            return None
        refusals = [await self._walk_and_sweep(one, session) for one in contexts]
        return next((one for one in refusals if one is not None), None)

    async def _apply_sweep(self, contexts: Sequence[RunContext], session: Session, sweep_id: UUID) -> None:
        async with self.database.read() as connection:
            resource = await connection.value(str, Q.get_sweep_resource, {"sweep_id": sweep_id})
        context = next((one for one in contexts if one.lease.resource == resource), None)
        if context is None:
            raise ProviderMisconfigured(f"the sweep is of {resource}, which its source does not serve now")
        await apply_sweep(context, session, sweep_id)

    async def _walk_and_sweep(self, context: RunContext, session: Session) -> SweepRefused | None:
        provider_id, run = context.provider.provider_id, context.lease.run
        params = {"provider_id": provider_id, "resource": context.lease.resource}
        async with self.database.read() as connection:
            state = await cursors.get_cursor_state(connection, provider_id, context.lease.resource)
            last_sweep = await connection.one(LastSweep, Q.get_last_sweep, params)
            pace = await get_pace(connection, provider_id)
        plan = plan_run(
            SyncType(run.sync_type),
            state,
            context.profile,
            context.scope,
            last_sweep=last_sweep,
            sweeps_every=pace.sweeps_every,
            now=self.clock.now(),
        )
        full_reload = state.watermark_scope != context.scope
        if full_reload:
            await _hide_out_of_scope(context)
        if plan.walk is not None:
            context.rules = replace(context.rules, full_reload=full_reload)
            await walk_changes(context, session, plan.walk)
        if not plan.sweep:
            return None
        try:
            await sweep(context, session)
        except SweepRefused as refused:
            return refused
        return None

    def _session(self, context: RunContext) -> AbstractAsyncContextManager[Session]:
        services = SessionServices(self.database, self.transport, self.box, self.clock)
        options = SessionOptions(wait=_SEAT_WAIT, traffic=context.traffic, remarks=context.remarks)
        return open_session(services, context.source, options)

    async def _retry_rejections(self, context: RunContext) -> None:
        if context.lease.run.dry_run:
            return
        while True:
            async with self.database.transaction() as connection:
                await check_epoch(connection, context.lease)
                records = await find_retries(connection, context.lease, _RETRY_BATCH, self.clock.now())
            if records is None:
                return
            if records:
                await context.store_page(records, [], older=OlderVersions.STALE)

    async def _was_cancelled(self, lease: RunLease) -> bool:
        try:
            async with self.database.transaction() as connection:
                await check_epoch(connection, lease)
        except RunCancelled:
            return True
        except RunTakenOver:
            return False
        return False

    async def _end_completed(self, context: RunContext, refused: SweepRefused | None) -> RunStatus:
        await context.record_effort()
        now = self.clock.now()
        lease = context.lease
        async with self.database.transaction() as connection:
            await _fence(connection, lease)
            counts = await get_counts(connection, lease)
            status = completed_status(counts, refused, incomplete=context.incomplete)
            await _finish(connection, lease, status, now, error=refused)
            if lease.run.is_scheduled_kind:
                pace = await get_pace(connection, lease.run.provider_id)
                read_at = await find_reading_times(connection, lease.run.provider_id)
                settlement = settle_success(pace.next_run_at(now, read_at), refused)
                await _settle(connection, lease, settlement, now, success=True)
            else:
                await connection.run(Q.clear_current, _status_key(lease, now))
        return status

    async def _end_cancelled(self, lease: RunLease, context: RunContext | None) -> RunStatus:
        if context is not None:
            await context.record_effort()
        now = self.clock.now()
        async with self.database.transaction() as connection:
            await _fence(connection, lease)
            await _finish(connection, lease, RunStatus.CANCELLED, now)
            await connection.run(Q.clear_current, _status_key(lease, now))
            if lease.run.is_scheduled_kind:
                await postpone_next_run(connection, lease.run.provider_id, now)
        return RunStatus.CANCELLED

    async def _end_failed(self, lease: RunLease, context: RunContext | None, error: Exception) -> RunStatus:
        if context is not None:
            await context.record_effort()
        now = self.clock.now()
        async with self.database.transaction() as connection:
            await _fence(connection, lease)
            failures = 1 + await _failures(connection, lease)
            pace = await get_pace(connection, lease.run.provider_id)
            await _finish(connection, lease, RunStatus.FAILED, now, error=error)
            # The sample of a broken reply belongs to no record, so nothing could erase it later.
            keeps_samples = context is not None and context.rules.retention != "erase"
            await _add_run_error(connection, lease, error, now, sample=_sample(error) if keeps_samples else None)
            if lease.run.is_scheduled_kind or isinstance(error, (CredentialsRefused, ProviderMisconfigured)):
                await _settle(connection, lease, settle_failure(error, failures, pace.longest_pause, now), now)
            else:  # such as a mistyped key, which does not predict how the next scheduled run ends
                await connection.run(Q.clear_current, _status_key(lease, now))
        return RunStatus.FAILED


async def _sync_record(context: RunContext, session: Session, key: str) -> None:
    if context.profile.by_key is ByKey.NONE:
        raise NeedsOperator("this source's records cannot be read by key; a full sync reads all")
    record = await session.record(context.lease.resource, key)
    if record is None:
        raise NeedsOperator(
            f"the source has no record {key}; only a sweep or the source's explicit deletion removes a record"
        )
    await context.store_page([record], [])


async def _hide_out_of_scope(context: RunContext) -> None:
    run = context.lease.run
    if run.dry_run:
        return
    origin = Origin(run.provider_id, "scope", context.clock.now(), run.sync_id)
    async with context.database.transaction() as connection:
        await check_epoch(connection, context.lease)
        await context.store.mark_scope_narrowed(connection, origin)
        await delete_keys_of_other_scopes(connection, context.lease, context.scope)


async def _fence(connection: WriteConnection, lease: RunLease) -> None:
    try:
        await check_epoch(connection, lease)
    except RunCancelled:
        return  # it ends in any case; only the epoch matters here


async def _finish(
    connection: WriteConnection, lease: RunLease, status: RunStatus, now: datetime, *, error: Exception | None = None
) -> None:
    params = {
        **_status_key(lease, now),
        "sync_id": lease.run.sync_id,
        "status": status,
        "error_type": None if error is None else error_type(error),
        "error": None if error is None else _message(error),
    }
    await connection.run(Q.finish_run, params)
    await delete_received(connection, lease.run.sync_id)


async def _settle(
    connection: WriteConnection,
    lease: RunLease,
    settlement: StatusAfterRun,
    now: datetime,
    *,
    success: bool = False,
) -> None:
    params = {
        **_status_key(lease, now),
        "next_run_at": settlement.next_run_at,
        "failures": settlement.failures,
        "needs_operator": settlement.needs_operator,
        "blocked": settlement.blocked,
        "last_success_at": now if success else None,
    }
    await connection.run(Q.settle_status, params)


def _sample(error: Exception) -> str | None:
    sample = error.sample.decode(errors="replace") if isinstance(error, SourceBrokeProtocol) else ""
    return sample.replace("\0", "") or None


async def _add_run_error(
    connection: WriteConnection, lease: RunLease, error: Exception, now: datetime, *, sample: str | None
) -> None:
    params = {
        "id": new_id(),
        "provider_id": lease.run.provider_id,
        "sync_id": lease.run.sync_id,
        "type": error_type(error),
        "reason": _message(error),
        "raw": sample,
        "at": now,
    }
    await connection.run(Q.add_run_error, params)


async def _failures(connection: ReadConnection, lease: RunLease) -> int:
    return await connection.value(int, Q.get_failures, {"provider_id": lease.run.provider_id}) or 0


def _status_key(lease: RunLease, now: datetime) -> dict[str, object]:
    return {"provider_id": lease.run.provider_id, "epoch": lease.epoch, "at": now}


def _message(error: Exception) -> str:
    # The text of a foreign error may hold a secret: only its type is stored, the log has the rest.
    return str(error) if isinstance(error, PlatbookError) else f"an unexpected {type(error).__name__}; see the log"
