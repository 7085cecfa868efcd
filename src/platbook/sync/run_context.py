"""The context of a running run: its provider, rules and store, the right to write, its clock and its counters."""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeVar

from platbook.base.clock import Clock
from platbook.connectors.contract import RawRecord, ResourceProfile
from platbook.db import Database, WriteConnection, as_json, load_queries
from platbook.providers.providers import Provider
from platbook.providers.sessions import Source
from platbook.sync.clock_ahead import ClockAhead
from platbook.sync.page import PageRules, StoredPage, store_page
from platbook.sync.rejections import Rejection
from platbook.sync.resources.registry import AnyStore
from platbook.sync.runs.lifecycle import add_counts, check_epoch
from platbook.sync.runs.run import RunCounts, RunLease
from platbook.sync.versions import OlderVersions
from platbook.transport.instrumentation import TrafficCounter

Q = load_queries(__package__ or "platbook.sync")
T = TypeVar("T")
PageWrite = Callable[[WriteConnection], Awaitable[None]]
"""What else is written in a page's transaction."""


class _RolledBack(Exception):
    """Carries what a dry run would have done out of the transaction it rolls back."""

    def __init__(self, stored: StoredPage) -> None:
        super().__init__("rolled back")
        self.stored = stored


@dataclass(slots=True)
class RunContext:
    """One run of one provider and resource. `scope` is the fingerprint of what its watermark is valid for."""

    database: Database
    clock: Clock
    source: Source
    rules: PageRules
    store: AnyStore
    lease: RunLease
    scope: str
    incomplete: bool = False
    """Whether the sweep met a list of keys that was short, or records that it could not read by their keys."""
    traffic: TrafficCounter = field(default_factory=TrafficCounter)
    stages: dict[str, float] = field(default_factory=dict[str, float])
    remarks: list[str] = field(default_factory=list[str])
    clock_ahead: ClockAhead = field(default_factory=ClockAhead)
    _began: float = field(default_factory=time.monotonic)

    @property
    def provider(self) -> Provider:
        """The provider whose source is read."""
        return self.source.provider

    @property
    def profile(self) -> ResourceProfile:
        """How the source serves the run's resource."""
        return self.source.profile.resource(self.lease.resource)

    async def store_page(
        self,
        records: Sequence[RawRecord],
        rejected: Sequence[Rejection],
        *,
        older: OlderVersions = OlderVersions.TAKEN,
        in_transaction: PageWrite | None = None,
        found_by_sweep: bool = False,
    ) -> StoredPage:
        """Store a page, and whatever `in_transaction` writes, in one fenced transaction.

        `older` is what becomes of versions older than the stored ones; those just read by their keys are taken. What is
        added or updated of records that only a sweep found is counted as such besides. A dry run rolls the page back,
        and only counts what it would have done.
        """

        async def write(connection: WriteConnection) -> StoredPage:
            now, rules = self.clock.now(), replace(self.rules, older=older)
            stored = await store_page(connection, self.store, rules, self.lease, records, rejected, now)
            if not found_by_sweep:
                return stored
            counts = stored.counts
            return replace(stored, counts=replace(counts, found_by_sweep=counts.added + counts.updated))

        with self.timing("store"):
            stored = await self._store_page(write, in_transaction)
        self.clock_ahead.add(stored.ahead)
        return stored

    async def _store_page(
        self, write: Callable[[WriteConnection], Awaitable[StoredPage]], in_transaction: PageWrite | None
    ) -> StoredPage:
        committed = False
        try:
            async with self.database.transaction() as connection:
                await check_epoch(connection, self.lease)
                stored = await write(connection)
                if self.lease.run.dry_run:
                    raise _RolledBack(stored)  # noqa: TRY301 - raising is how a transaction is rolled back
                await add_counts(connection, self.lease, stored.counts)
                if in_transaction is not None:
                    await in_transaction(connection)
            committed = True
        except _RolledBack as rolled_back:
            stored = rolled_back.stored
            await self.count(stored.counts)
        finally:
            self.store.settle(committed=committed)
        return stored

    async def count(self, counts: RunCounts) -> None:
        """Add to the run's counters, in a transaction of its own."""
        async with self.database.transaction() as connection:
            await check_epoch(connection, self.lease)
            await add_counts(connection, self.lease, counts)

    async def report(self, stage: str, *, done: int, total: int | None) -> None:
        """Publish the run's progress: records done, rate in records per second, expected end."""
        elapsed = max(time.monotonic() - self._began, 0.001)
        rate = done / elapsed
        left = None if total is None or not rate else timedelta(seconds=max(0, total - done) / rate)
        params = {
            "provider_id": self.provider.provider_id,
            "epoch": self.lease.epoch,
            "stage": stage,
            "done": done,
            "total": total,
            "rate": rate,
            "expected_end_at": None if left is None else self.clock.now() + left,
        }
        async with self.database.transaction() as connection:
            await connection.run(Q.report_progress, params)

    def mark_incomplete(self, remark: str) -> None:
        """Make the run partial, and say why."""
        self.incomplete = True
        self.remarks.append(remark)

    async def record_effort(self) -> None:
        """Add what the run cost since the last call (bytes, requests, seconds by stage), and its remarks."""
        params = {
            "sync_ids": self.lease.sync_ids,
            "bytes": self.traffic.bytes,
            "requests": self.traffic.requests,
            "stages": as_json({stage: round(seconds, 3) for stage, seconds in self.stages.items()}),
            "remarks": [*self.remarks, *self.clock_ahead.to_remarks()],
        }
        self.traffic.bytes = self.traffic.requests = 0
        async with self.database.transaction() as connection:
            await connection.run(Q.add_effort, params)

    @contextmanager
    def timing(self, stage: str) -> Generator[None]:
        """Add the time a block takes to a stage."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.stages[stage] = self.stages.get(stage, 0.0) + time.monotonic() - began

    async def timed(self, stage: str, items: AsyncIterator[T]) -> AsyncGenerator[T]:
        """Add the time spent waiting for each item to a stage."""
        while True:
            with self.timing(stage):
                item = await anext(items, None)
            if item is None:
                return
            yield item
