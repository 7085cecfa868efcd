"""The memory of a worker that syncs a tenth and the whole of the listings: it must not grow with them."""

import os
import subprocess
import sys

from benchmarks.ground import fresh_database, tell

BAR_MB = 300
WORKER = """
import asyncio, os, resource, sys
from datetime import UTC, datetime
from platbook.base.actor import COMMAND_LINE
from platbook.base.clock import SystemClock
from platbook.base.log import configure_log
from platbook.db import Database, Query, SecretBox
from platbook.providers.configuration import parse_configuration
from platbook.providers.providers import add_provider
from platbook.sync.engine import Engine
from platbook.sync.runs import Request, SyncType, request_run
from platbook.transport import Transport

async def main(url, rows):
    configure_log("ERROR")
    clock, box = SystemClock(), SecretBox(os.urandom(32))
    moment = "2026-01-01T00:00:00Z"
    settings = {"listings": rows, "started": moment, "at": moment, "order": "key"}
    said = {"providerId": "mock", "providerName": "Mock", "providerType": "MOCK", "settings": settings}
    async with Database.open(url) as database, Transport.open(database, clock) as transport:
        async with database.transaction() as connection:
            await add_provider(connection, box, parse_configuration(said), clock.now())
            await request_run(connection, Request("mock", SyncType.FULL), COMMAND_LINE, clock.now())
        await Engine(database, transport, box, clock).run_next("mock")
        async with database.read() as connection:
            look = Query("look", "The run.", "SELECT status, added FROM mls_sync_history LIMIT 1")
            rows = await connection.tuples(look)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, *rows[0])

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


async def run(rows: int) -> None:
    """Print the peak at both sizes."""
    peaks: dict[int, int] = {}
    for size in (rows // 10, rows):
        async with fresh_database() as url:
            command = [sys.executable, "-c", WORKER, url, str(size)]
            done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ.copy())  # noqa: ASYNC221 - nothing else runs here
        peak, status, added = done.stdout.split()
        if (status, int(added)) != ("success", size):
            raise AssertionError(f"the sync of {size} ended as {status} with {added}")
        peaks[size] = int(peak)
        tell(f"worker's peak at {size:,} listings, MB", str(peak), f"bar {BAR_MB}")
    small, large = peaks.values()
    tell("ratio of the peaks", f"{large / small:.2f}")
