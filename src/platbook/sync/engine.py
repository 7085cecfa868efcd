"""Does one run of one provider from beginning to end, whatever happens on the way."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from platbook.base.clock import Clock
from platbook.base.errors import (
    CredentialsRefused,
    NeedsOperator,
    PlatbookError,
    ProviderMisconfigured,
    SourceBrokeProtocol,
    SweepRefused,
)
from platbook.base.ids import new_id
from platbook.base.log import get_log
from platbook.connectors.contract import Connector, MediaSource, Remarking, Session
from platbook.connectors.registry import find_connector
from platbook.db import Database, ReadConnection, SecretBox, WriteConnection, load_queries
from platbook.db.errors import is_database_away
from platbook.listings.listing import Origin
from platbook.listings.store import mark_scope_narrowed
from platbook.listings.terms import KnownTerms
from platbook.mapping.mapping import FieldMapping, plan_mapping
from platbook.media.photo_worker import PhotoWorker
from platbook.providers.configuration import read_part
from platbook.providers.providers import Provider, get_provider, open_credentials
from platbook.sync.page import PageRules
from platbook.sync.received import delete_received_keys
from platbook.sync.rejections import take_retrying
from platbook.sync.runs import cursors
from platbook.sync.runs.context import RunContext
from platbook.sync.runs.lifecycle import (
    RunCancelled,
    RunLease,
    RunStatus,
    RunTakenOver,
    SyncType,
    check_epoch,
    claim_run,
    get_counts,
    put_off,
)
from platbook.sync.runs.outcome import StatusAfterRun, ended_well, error_type, settle_failure, settle_success
from platbook.sync.runs.plan import LastSweep, plan_run, scope_fingerprint
from platbook.sync.sweep import apply_sweep, sweep
from platbook.sync.walk import walk_changes
from platbook.transport import LEASE, Transport, session_slot

Q = load_queries(__package__ or "platbook.sync")
log = get_log("sync")

_RETRY_BATCH = 1000
_SEAT_WAIT = LEASE + timedelta(seconds=30)  # so long may a worker that was killed keep its seat, and then some


@dataclass(slots=True)
class SyncEngine:
    """What a worker needs to do runs."""

    database: Database
    transport: Transport
    box: SecretBox
    clock: Clock
    find_connector: Callable[[str], Connector] = find_connector
    photos: PhotoWorker | None = None

    async def run_next(self, provider_id: str) -> bool:
        """Do the run that was left behind or waits; False: there is none.

        A cancel by a person ends the run as cancelled. A cancel of this task from outside (the worker stops) leaves
        it as it stands, to be resumed by another worker from its checkpoint under the same id.
        """
        async with self.database.transaction() as connection:
            lease = await claim_run(connection, provider_id, self.clock.now())
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
        except RunTakenOver:
            raise
        except PlatbookError as error:
            return await self._end_failed(lease, context, error)
        except Exception as error:
            if is_database_away(error):
                raise  # the run stays as it is, to be resumed when the database is back
            await self._end_failed(lease, context, error)
            raise
        return await self._end_well(context, refused)

    async def _prepare(self, lease: RunLease) -> RunContext:
        async with self.database.read() as connection:
            provider = await get_provider(connection, lease.run.provider_id)
        if provider.archived_at is not None:
            raise RunCancelled("the provider was archived while the run was asked for")
        connector = self.find_connector(provider.provider_type)
        settings = read_part(connector.settings_model, provider.settings, "settings")
        capabilities = connector.capabilities(settings)
        rules = PageRules(
            mapping=_mapping(provider),
            scope=provider.wanted,
            display=provider.display_rules,
            volatile=capabilities.volatile_fields,
            retention=provider.retention,
            terms=KnownTerms(),
            photos_per_status=provider.photos_per_status,
            photos_elsewhere=capabilities.media in {MediaSource.OBJECT, MediaSource.RESOURCE},
        )
        scope = scope_fingerprint(provider.provider_type, provider.settings, provider.scope, rules.mapping.version)
        return RunContext(self.database, self.clock, provider, capabilities, rules, lease, scope)

    async def _carry_out(self, context: RunContext) -> SweepRefused | None:
        await self._retry_rejections(context)
        run = context.lease.run
        if run.sync_type == SyncType.RETRY:
            return None
        async with self._session(context) as session:
            refused = await self._do_records(context, session)
            if self.photos is not None and not run.dry_run and context.capabilities.max_concurrency == 1:
                await context.report("photos", done=0, total=None)
                with context.timing("photos"):
                    await self.photos.lend(context.provider, session)
            return refused

    async def _do_records(self, context: RunContext, session: Session) -> SweepRefused | None:
        run = context.lease.run
        if run.sync_type == SyncType.RECORD:
            await _sync_record(context, session, run.listing_key or "")
            return None
        if run.sweep_id is not None:
            await apply_sweep(context, session, run.sweep_id)
            return None
        return await self._walk_and_sweep(context, session)

    async def _walk_and_sweep(self, context: RunContext, session: Session) -> SweepRefused | None:
        provider_id, run = context.provider.provider_id, context.lease.run
        async with self.database.read() as connection:
            standing = await cursors.get_cursor_state(connection, provider_id, context.lease.resource)
            last_sweep = await connection.one(LastSweep, Q.get_last_sweep, {"provider_id": provider_id})
        plan = plan_run(
            SyncType(run.sync_type),
            standing,
            context.capabilities,
            context.scope,
            last_sweep=last_sweep,
            now=self.clock.now(),
        )
        reads_anew = standing.watermark_scope != context.scope
        if reads_anew:
            await _narrow(context)
        if plan.walk is not None:
            context.rules = replace(context.rules, reads_anew=reads_anew)
            await walk_changes(context, session, plan.walk)
        if not plan.sweep:
            return None
        try:
            await sweep(context, session)
        except SweepRefused as refused:
            return refused
        context.swept = True
        return None

    @asynccontextmanager
    async def _session(self, context: RunContext) -> AsyncGenerator[Session]:
        provider = context.provider
        async with self.database.read() as connection:
            credentials = await open_credentials(connection, self.box, provider.provider_id)
        connector = self.find_connector(provider.provider_type)
        http = self.transport.for_provider(
            provider.provider_id, requests_per_second=provider.requests_per_second, traffic=context.meter
        )
        seats = context.capabilities.max_concurrency
        async with (
            session_slot(self.database, provider.provider_id, seats, wait=_SEAT_WAIT),
            connector.connect(
                read_part(connector.settings_model, provider.settings, "settings"),
                read_part(connector.credentials_model, credentials, "credentials"),
                scope=context.rules.scope,
                http=http,
                clock=self.clock,
            ) as session,
        ):
            try:
                yield session
            finally:
                if isinstance(session, Remarking):
                    context.remarks += session.remarks()

    async def _retry_rejections(self, context: RunContext) -> None:
        if context.lease.run.dry_run:
            return
        while True:
            async with self.database.transaction() as connection:
                await check_epoch(connection, context.lease)
                records = await take_retrying(connection, context.lease, _RETRY_BATCH, self.clock.now())
            if records is None:
                return
            if records:
                await context.store(records, [])

    async def _was_cancelled(self, lease: RunLease) -> bool:
        try:
            async with self.database.transaction() as connection:
                await check_epoch(connection, lease)
        except RunCancelled:
            return True
        except RunTakenOver:
            return False
        return False

    async def _end_well(self, context: RunContext, refused: SweepRefused | None) -> RunStatus:
        await context.note_effort()
        now = self.clock.now()
        lease = context.lease
        async with self.database.transaction() as connection:
            await _fence(connection, lease)
            status = ended_well(await get_counts(connection, lease), refused)
            await _finish(connection, lease, status, now, error=refused)
            if lease.run.is_scheduled_kind:
                settlement = settle_success(_interval(context.provider), refused, now)
                await _settle(connection, lease, settlement, now, success=True, swept=context.swept)
            else:
                await connection.run(Q.clear_current, _status_key(lease, now))
        return status

    async def _end_cancelled(self, lease: RunLease, context: RunContext | None) -> RunStatus:
        if context is not None:
            await context.note_effort()
        now = self.clock.now()
        async with self.database.transaction() as connection:
            await _fence(connection, lease)
            await _finish(connection, lease, RunStatus.CANCELLED, now)
            await connection.run(Q.clear_current, _status_key(lease, now))
            if lease.run.is_scheduled_kind:
                await put_off(connection, lease.run.provider_id, now)
        return RunStatus.CANCELLED

    async def _end_failed(self, lease: RunLease, context: RunContext | None, error: Exception) -> RunStatus:
        if context is not None:
            await context.note_effort()
        now = self.clock.now()
        async with self.database.transaction() as connection:
            await _fence(connection, lease)
            failures = 1 + await _failures(connection, lease)
            interval = timedelta(hours=1) if context is None else _interval(context.provider)
            await _finish(connection, lease, RunStatus.FAILED, now, error=error)
            # What a broken reply says belongs to no listing, so nothing could erase it later.
            keeps_samples = context is not None and context.rules.retention != "erase"
            await _note_error(connection, lease, error, now, sample=_sample(error) if keeps_samples else None)
            if lease.run.is_scheduled_kind or isinstance(error, (CredentialsRefused, ProviderMisconfigured)):
                await _settle(connection, lease, settle_failure(error, failures, interval, now), now)
            else:  # a key mistyped, say: that tells nothing of what the schedule's next run will meet
                await connection.run(Q.clear_current, _status_key(lease, now))
        return RunStatus.FAILED


async def _sync_record(context: RunContext, session: Session, key: str) -> None:
    record = await session.record(context.lease.resource, key)
    if record is None:
        raise NeedsOperator(f"the source has no record {key}; only a sweep or the source's own word removes a listing")
    await context.store([record], [])


async def _narrow(context: RunContext) -> None:
    scope, run = context.rules.scope, context.lease.run
    if run.dry_run:
        return
    origin = Origin(run.provider_id, "scope", context.clock.now(), run.sync_id)
    wanted = {
        "statuses": sorted(scope.statuses),
        "property_types": sorted(scope.property_types),
        "closed_since": scope.closed_since,
    }
    async with context.database.transaction() as connection:
        await check_epoch(connection, context.lease)
        await mark_scope_narrowed(connection, wanted, origin)


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
        "error": None if error is None else _words(error),
    }
    await connection.run(Q.finish_run, params)
    await delete_received_keys(connection, lease.run.sync_id)


async def _settle(
    connection: WriteConnection,
    lease: RunLease,
    settlement: StatusAfterRun,
    now: datetime,
    *,
    success: bool = False,
    swept: bool = False,
) -> None:
    params = {
        **_status_key(lease, now),
        "next_run_at": settlement.next_run_at,
        "failures": settlement.failures,
        "needs_operator": settlement.needs_operator,
        "blocked": settlement.blocked,
        "last_success_at": now if success else None,
        "last_sweep_at": now if swept else None,
    }
    await connection.run(Q.settle_status, params)


def _sample(error: Exception) -> str | None:
    sample = error.sample.decode(errors="replace") if isinstance(error, SourceBrokeProtocol) else ""
    return sample.replace("\0", "") or None


async def _note_error(
    connection: WriteConnection, lease: RunLease, error: Exception, now: datetime, *, sample: str | None
) -> None:
    params = {
        "id": new_id(),
        "provider_id": lease.run.provider_id,
        "sync_id": lease.run.sync_id,
        "type": error_type(error),
        "reason": _words(error),
        "raw": sample,
        "at": now,
    }
    await connection.run(Q.add_run_error, params)


async def _failures(connection: ReadConnection, lease: RunLease) -> int:
    return await connection.value(int, Q.get_failures, {"provider_id": lease.run.provider_id}) or 0


def _status_key(lease: RunLease, now: datetime) -> dict[str, object]:
    return {"provider_id": lease.run.provider_id, "epoch": lease.epoch, "at": now}


def _interval(provider: Provider) -> timedelta:
    return timedelta(hours=provider.interval_hours)


def _words(error: Exception) -> str:
    # What is not ours may say anything, a secret included: only its kind is kept, the log has the rest.
    return str(error) if isinstance(error, PlatbookError) else f"an unexpected {type(error).__name__}; see the log"


def _mapping(provider: Provider) -> FieldMapping:
    key_field, zone = provider.settings.get("keyField"), provider.settings.get("timeZone")
    return plan_mapping(
        provider.field_mapping,
        key_field=key_field if isinstance(key_field, str) else None,
        tz=ZoneInfo(zone) if isinstance(zone, str) else UTC,
    )
