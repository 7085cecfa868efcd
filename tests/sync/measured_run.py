"""One full run of a provider, its photos included, and one discovery, in a process whose peak memory is measured.

`python measured_run.py FILE`: the file holds the provider's configuration; what came of it is printed as JSON.
"""

import asyncio
import json
import re
import sys
from pathlib import Path

from platbook.base.actor import COMMAND_LINE
from platbook.base.errors import PlatbookError
from platbook.base.settings import Settings
from platbook.bootstrap.system import System, open_system
from platbook.db import Query
from platbook.providers.configuration import Configuration
from platbook.providers.providers import add_provider
from platbook.sync.runs.lifecycle import request_run
from platbook.sync.runs.run import RunRequest, SyncType
from platbook.sync.setup.discovery import Discoverer

RUN = Query("run", "", "SELECT status, error, error_type, remarks, requests FROM mls_sync_history LIMIT 1")
LISTINGS = Query("listings", "", "SELECT count(*) FROM properties")
PHOTOS = Query("photos", "", "SELECT DISTINCT concat_ws(' ', state, reason) FROM property_media")


async def _sync(system: System, provider_id: str) -> dict[str, object]:
    async with system.database.transaction() as connection:
        await request_run(connection, RunRequest(provider_id, SyncType.FULL), COMMAND_LINE, system.clock.now())
    await system.engine().run_next(provider_id)
    async with system.database.read() as connection:
        (run,) = await connection.dicts(RUN)
        listings = await connection.value(int, LISTINGS)
        photos = await connection.column(str, PHOTOS)
    return {**run, "listings": listings, "photos": list(photos)}


async def _discover(system: System, provider_id: str) -> dict[str, object]:
    discoverer = Discoverer(system.database, system.transport, system.box, system.clock)
    try:
        await discoverer.discover(provider_id)
    except PlatbookError as error:
        return {"error": str(error), "kind": type(error).__name__}
    return {"error": None}


async def _main() -> dict[str, object]:
    configuration = Configuration.model_validate_json(await asyncio.to_thread(Path(sys.argv[1]).read_text))
    async with open_system(Settings()) as system:
        async with system.database.transaction() as connection:
            await add_provider(connection, system.box, configuration, system.clock.now())
        if sys.argv[2] == "discover":
            return await _discover(system, configuration.provider_id)
        return await _sync(system, configuration.provider_id)


def _peak() -> int:
    """The largest resident memory of this process, in bytes."""
    (kilobytes,) = re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(kilobytes) * 1024


if __name__ == "__main__":
    outcome = asyncio.run(_main())
    sys.stdout.write(json.dumps({**outcome, "peak": _peak()}))
