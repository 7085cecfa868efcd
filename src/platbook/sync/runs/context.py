"""What a run under way carries with it: its provider and rules, the right to write, its clock and its tallies."""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from platbook.base.clock import Clock
from platbook.connectors.contract import Capabilities, RawRecord
from platbook.db import Database, WriteConnection, as_json, load_queries
from platbook.providers.providers import Provider
from platbook.sync.page import PageResult, PageRules, store_page
from platbook.sync.rejections import Rejection
from platbook.sync.runs.lifecycle import RunCounts, RunLease, add_counts, check_epoch
from platbook.transport.instrumentation import TrafficCounter

Q = load_queries(__package__ or "platbook.sync.runs")
T = TypeVar("T")
Beside = Callable[[WriteConnection], Awaitable[None]]


class _Undone(Exception):
    """Carries what a dry run would have done out of the transaction it undoes."""

    def __init__(self, stored: PageResult) -> None:
        super().__init__("undone")
        self.stored = stored


@dataclass(slots=True)
class RunContext:
    """One run of one provider and resource."""

    database: Database
    clock: Clock
    provider: Provider
    capabilities: Capabilities
    rules: PageRules
    lease: RunLease
    scope: str
    swept: bool = False
    meter: TrafficCounter = field(default_factory=TrafficCounter)
    stages: dict[str, float] = field(default_factory=dict[str, float])
    remarks: list[str] = field(default_factory=list[str])
    _began: float = field(default_factory=time.monotonic)

    async def store(
        self, records: Sequence[RawRecord], rejected: Sequence[Rejection], *, beside: Beside | None = None
    ) -> RunCounts:
        """Store a page, and whatever `beside` writes, in one fenced transaction; a dry run undoes it and counts."""
        with self.timing("store"):
            stored = await self._store(records, rejected, beside)
        if not self.lease.run.dry_run:
            self.rules.terms.remember(stored.terms)
        return stored.counts

    async def _store(
        self, records: Sequence[RawRecord], rejected: Sequence[Rejection], beside: Beside | None
    ) -> PageResult:
        dry = self.lease.run.dry_run
        try:
            async with self.database.transaction() as connection:
                await check_epoch(connection, self.lease)
                stored = await store_page(connection, self.rules, self.lease, records, rejected, self.clock.now())
                if dry:
                    raise _Undone(stored)  # noqa: TRY301 - raising is how a transaction is undone
                await add_counts(connection, self.lease, stored.counts)
                if beside is not None:
                    await beside(connection)
                return stored
        except _Undone as undone:
            await self.count(undone.stored.counts)
            return undone.stored

    async def count(self, counts: RunCounts) -> None:
        """Add to the run's tallies by themselves."""
        async with self.database.transaction() as connection:
            await check_epoch(connection, self.lease)
            await add_counts(connection, self.lease, counts)

    async def report(self, stage: str, *, done: int, total: int | None) -> None:
        """Tell the world where the run is: rate in records per second, expected end by what is left."""
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

    async def note_effort(self) -> None:
        """Write down what the run cost so far on the wire and in time, and what is to be said of it besides."""
        params = {
            "sync_ids": self.lease.sync_ids,
            "bytes": self.meter.bytes,
            "requests": self.meter.requests,
            "stages": as_json({stage: round(seconds, 3) for stage, seconds in self.stages.items()}),
            "remarks": self.remarks,
        }
        self.meter.bytes = self.meter.requests = 0
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
