"""PostgreSQL restarted in the middle of a run: the run goes on where it was, under its own id."""

import asyncio
import os
import signal
import tempfile
from collections.abc import Generator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from platbook.base.actor import COMMAND_LINE
from platbook.base.settings import Settings
from platbook.bootstrap.system import open_system
from platbook.bootstrap.worker import run_jobs
from platbook.db import Database, Query
from platbook.db.embedded import EmbeddedPostgres, start_embedded
from platbook.jobs import WorkerTiming
from platbook.market import Market
from platbook.providers.configuration import parse_configuration
from platbook.providers.providers import add_provider
from platbook.sync.jobs import SCHEDULE_SYNCS, wake_worker
from platbook.sync.runs import scheduler as schedule
from platbook.sync.runs.lifecycle import request_run
from platbook.sync.runs.run import RunRequest, SyncType

START = datetime(2026, 1, 1, tzinfo=UTC)
SIZE = 3000


@pytest.fixture
def home() -> Generator[Path]:
    """A home for a server of its own, to be restarted."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


async def _rows(database: Database, sql: str) -> list[dict[str, object]]:
    async with asyncio.timeout(120):
        while True:
            try:
                async with database.read() as connection:
                    return await connection.dicts(Query("look", "A test's query.", sql))
            except Exception:  # noqa: BLE001 - the database is away for a moment
                await asyncio.sleep(0.2)


async def _restart(home: Path, server: EmbeddedPostgres) -> EmbeddedPostgres:
    os.kill(server.pid, signal.SIGINT)  # a fast shutdown: every connection is cut
    await asyncio.sleep(1)
    return await asyncio.to_thread(start_embedded, home)


async def test_a_run_survives_a_restart_of_the_database(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = await asyncio.to_thread(start_embedded, home)
    monkeypatch.setattr(schedule.find_work, "__kwdefaults__", {"silence": 2.0})
    scheduler = replace(SCHEDULE_SYNCS, period=timedelta(seconds=1))
    monkeypatch.setattr("platbook.sync.jobs.SCHEDULE_SYNCS", scheduler)
    environment = {"database_url": server.url(), "platbook_secret_key": "11" * 32, "platbook_photo_batches": 0}
    settings = Settings.model_validate({**environment, "enable_mls_sync": False})
    said = {
        "providerId": "mock",
        "providerName": "Mock",
        "providerType": "MOCK",
        "settings": {"listings": SIZE, "at": START.isoformat(), "page_size": 100, "delay": 0.1},
    }
    async with open_system(settings) as system:
        stopping = asyncio.Event()
        timing = WorkerTiming(heartbeat=0.5, stalled_after=2, look_for_stalled=0.5, grace=0.5, poll=0.5)
        worker = asyncio.create_task(run_jobs(system, stopping, timing=timing))
        async with system.database.transaction() as connection:
            await add_provider(connection, system.box, parse_configuration(said), START)
            sync_id = await request_run(connection, RunRequest("mock", SyncType.FULL), COMMAND_LINE, START)
        await wake_worker(system.queue, "mock")
        while not await _rows(system.database, "SELECT 1 FROM properties LIMIT 1"):
            await asyncio.sleep(0.05)
        again = await _restart(home, server)
        ended: list[dict[str, object]] = []
        while not ended:
            await asyncio.sleep(0.2)
            ended = await _rows(
                system.database, "SELECT * FROM mls_sync_history WHERE parent_id IS NULL AND ended_at IS NOT NULL"
            )
        assert (ended[0]["sync_id"], ended[0]["status"], ended[0]["added"]) == (sync_id, "success", SIZE)
        assert "interrupted and resumed" in str(ended[0]["remarks"])
        stored = {row["listing_key"] for row in await _rows(system.database, "SELECT listing_key FROM properties")}
        assert stored == set(Market(1, SIZE, START).keys(START))
        told = await _rows(
            system.database, "SELECT count(*) AS n, count(DISTINCT property_id) AS d FROM listing_changes"
        )
        assert told == [{"n": SIZE, "d": SIZE}]
        stopping.set()
        await worker
    for one in (again, server):
        await asyncio.to_thread(one.close)
