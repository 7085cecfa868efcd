"""Walks over a source's changes, page by page.

While one page is being stored the next is already requested (prefetch); never more than one, so memory does not grow
with the source. The watermark moves only when the walk is complete, unless the connector walks in time order. In any
other order the greatest time of a complete walk would be too late a start for the next one: a record read early and
changed since would be missed. What is certain is the first page: everything changed after it was sent carries a later
time. So its greatest time is the watermark of such a walk. Connectors hold watermarks back to the source's clock at the
walk's start (decision record 0008).

An incremental walk stores no version older than the row: it may be outdated. What the source has now is read by key
when the walk is complete.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field

from platbook.base.errors import SourceBrokeProtocol
from platbook.connectors.contract import Page, Session
from platbook.db import WriteConnection
from platbook.sync.ages import record_walk
from platbook.sync.received import add_received_keys
from platbook.sync.rejections import Rejection
from platbook.sync.run_context import RunContext
from platbook.sync.runs import cursors
from platbook.sync.runs.lifecycle import check_epoch
from platbook.sync.runs.plan import Walk
from platbook.sync.runs.run import SyncType, WalkProgress
from platbook.sync.sweeps.lookup import MOST_KEYS, RecordLookup
from platbook.sync.versions import OlderVersions


@dataclass(slots=True)
class _Position:
    """The progress of a walk."""

    walk: Walk
    done: int
    watermark: str | None
    stale: list[str] = field(default_factory=list[str])
    """Keys of versions that were refused as older than the stored ones."""

    def step(self, page: Page, *, time_ordered: bool) -> None:
        self.done += len(page.records) + len(page.problems)
        if page.watermark is not None and (time_ordered or self.watermark is None):
            self.watermark = page.watermark


async def walk_changes(context: RunContext, session: Session, walk: Walk) -> None:
    """Store every page of a walk; SourceBrokeProtocol where it ends before the source marks it as complete."""
    position = _Position(walk, walk.done, walk.watermark)
    resource = context.lease.resource
    complete = False
    pages = prefetch(session.changes(resource, walk.since, walk.resume))
    async with contextlib.aclosing(pages):
        async for page in context.timed("fetch", pages):
            position.step(page, time_ordered=context.profile.time_ordered)
            await _store(context, page, position)
            complete = page.complete
    if not complete:
        raise SourceBrokeProtocol("the source stopped before it marked the walk as complete")
    async for looked_up in RecordLookup(context, session, "listings").read(list(dict.fromkeys(position.stale))):
        if looked_up.existing:
            await context.store_page(looked_up.existing, [])


async def prefetch(pages: AsyncIterator[Page]) -> AsyncGenerator[Page]:
    """Request the next page while the present one is being stored."""
    upcoming = asyncio.ensure_future(_next(pages))
    try:
        while (page := await upcoming) is not None:
            if not page.complete:
                upcoming = asyncio.ensure_future(_next(pages))
            yield page
            if page.complete:
                return
    finally:
        upcoming.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await upcoming
        if isinstance(pages, AsyncGenerator):
            await pages.aclose()


async def _next(pages: AsyncIterator[Page]) -> Page | None:
    return await anext(pages, None)


async def _store(context: RunContext, page: Page, position: _Position) -> None:
    problems = [Rejection(one.key, one.field, one.reason, one.sample) for one in page.problems]

    async def save_position(connection: WriteConnection) -> None:
        await add_received_keys(connection, context.lease.child_id, page)
        await _save_position(connection, context, page, position)

    is_full = position.walk.kind is SyncType.FULL
    older = OlderVersions.STALE_IF_RECEIVED if is_full else OlderVersions.STALE
    stored = await context.store_page(page.records, problems, older=older, in_transaction=save_position)
    if not is_full:
        position.stale += stored.stale[: MOST_KEYS[context.profile.by_key] - len(position.stale)]
    if context.lease.run.dry_run:  # it rolls back the page
        async with context.database.transaction() as connection:
            await check_epoch(connection, context.lease)
            await add_received_keys(connection, context.lease.child_id, page)
    await context.report("listings", done=position.done, total=page.total)


async def _save_position(connection: WriteConnection, context: RunContext, page: Page, position: _Position) -> None:
    provider_id, resource, now = context.provider.provider_id, context.lease.resource, context.clock.now()
    watermark = None if position.watermark is None else cursors.Cursor(position.watermark)
    if page.complete or context.profile.time_ordered:
        # Under other rules than before, the watermark is void until everything has been read again.
        valid_scope = context.scope if page.complete or not context.rules.full_reload else None
        await cursors.save_watermark(connection, provider_id, resource, watermark, valid_scope, now)
    if page.complete:
        await cursors.end_walk(connection, provider_id, resource, now)
        await record_walk(connection, context.lease, context.profile, position.walk.began_at)
        return
    walk = position.walk
    progress = WalkProgress(
        walk.kind, walk.since, page.checkpoint, watermark, context.scope, position.done, walk.began_at
    )
    await cursors.save_walk(connection, provider_id, resource, progress, now)
