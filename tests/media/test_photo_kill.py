"""Photo workers killed with -9 in the middle of batches: every photo in the end, and nothing in the store besides."""

import asyncio
import os
import random
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from platbook.base.actor import COMMAND_LINE
from platbook.base.settings import Settings
from platbook.bootstrap.system import open_system
from platbook.db import Query
from platbook.media.cleanup import Cleanup
from platbook.media.visibility import MediaVisibility
from platbook.providers.configuration import parse_configuration
from platbook.storage import Access
from platbook.sync.runs.lifecycle import request_run
from platbook.sync.runs.run import RunRequest, SyncType
from platbook.sync.setup.providers import add_provider
from tests.media.conftest import ShiftedClock

KEY = "33" * 32
NAMES = Query(
    "names", "", "SELECT v.value ->> 'name' FROM media_blobs b, jsonb_each(b.variants) v WHERE state = 'stored'"
)
UNUSED = "SELECT count(*) FROM media_blobs b WHERE NOT EXISTS (SELECT FROM property_media m WHERE m.blob_id = b.id)"
WORKER = """
import asyncio
from datetime import timedelta
from platbook.base.log import configure_log
from platbook.base.settings import Settings
from platbook.bootstrap.system import open_system
from platbook.jobs import run_worker
from platbook.media.jobs import to_photo_jobs
from platbook.media.photo_worker import BatchLimits

async def main():
    configure_log("ERROR")
    async with open_system(Settings(platbook_photo_batches=1)) as system:
        lease = timedelta(seconds=3)
        limits = BatchLimits(listings=3, photos_per_request=8, lease=lease, seat_lease=lease)
        jobs = to_photo_jobs(system.photo_worker(limits), system.media_visibility(), system.cleanup(), parallel=1)
        await run_worker(system.queue, jobs, concurrency=1, stopping=asyncio.Event())

asyncio.run(main())
"""


@asynccontextmanager
async def worker(url: str, home: Path) -> AsyncGenerator[asyncio.subprocess.Process]:
    environment = {**os.environ, "DATABASE_URL": url, "PLATBOOK_SECRET_KEY": KEY, "PLATBOOK_HOME": str(home)}
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", WORKER, env=environment)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.xdist_group("kill")
@pytest.mark.parametrize(("listings", "deaths"), [(10, 4), pytest.param(60, 30, marks=pytest.mark.soak)])
async def test_killed_photo_workers_lose_nothing_and_leave_nothing(
    database_url: str, tmp_path: Path, listings: int, deaths: int
) -> None:
    settings = Settings(database_url=database_url, platbook_secret_key=KEY, platbook_home=tmp_path)  # pyright: ignore[reportArgumentType] - text is what the environment gives
    dice = random.Random(5)  # noqa: S311 - nothing secret depends on it
    async with open_system(settings) as system:

        async def number(sql: str) -> int:
            async with system.database.read() as connection:
                return await connection.value(int, Query("count", "A test's query.", sql)) or 0

        configuration = {
            "providerId": "mock", "providerName": "Mock", "providerType": "MOCK",
            "settings": {"listings": listings, "at": "2026-01-05T00:00:00Z"},
            "display": {"listingDisplayWhenNull": True},
        }  # fmt: skip
        async with system.database.transaction() as connection:
            await add_provider(
                connection, system.box, parse_configuration(configuration), COMMAND_LINE, system.clock.now()
            )
            await request_run(connection, RunRequest("mock", SyncType.FULL), COMMAND_LINE, system.clock.now())
        await system.engine().run_next("mock")
        waiting = await number("SELECT count(*) FROM property_media WHERE state = 'waiting'")
        assert waiting > 40

        kills = 0
        async with AsyncExitStack() as stack:
            workers = [await stack.enter_async_context(worker(database_url, tmp_path)) for _ in range(2)]
            while await number("SELECT count(*) FROM property_media WHERE state = 'waiting'"):
                if kills < deaths and await number("SELECT count(*) FROM media_work WHERE holder IS NOT NULL"):
                    await asyncio.sleep(dice.uniform(0.05, 0.6))
                    victim = kills % 2
                    workers[victim].kill()
                    await workers[victim].wait()
                    kills += 1
                    workers[victim] = await stack.enter_async_context(worker(database_url, tmp_path))
                await asyncio.sleep(0.1)
        assert kills == deaths
        assert (
            await number("SELECT count(*) FROM property_media WHERE state = 'stored' AND blob_id IS NOT NULL")
            == waiting
        )
        assert await number("SELECT count(*) FROM media_work") == 0

        clock = ShiftedClock()
        cleanup = Cleanup(MediaVisibility(system.database, system.storage, clock), timedelta(hours=1))
        for hours in (2, 4):
            clock.ahead[0] = timedelta(hours=hours)
            await cleanup.run(scan_store=True)
        assert await system.storage.clear_unfinished(clock.now()) == 0
        stored: set[str] = set()
        for access in Access:
            stored |= {one.name async for one in system.storage.list(access)}
        async with system.database.read() as connection:
            names = await connection.column(str, NAMES)
        assert stored == set(names)
        assert await number(UNUSED) == 0
