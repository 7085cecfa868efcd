"""A worker's memory, with a thousand photos in the queue and with twenty thousand. `make soak` runs it."""

import asyncio
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from platbook.base.actor import COMMAND_LINE
from platbook.base.settings import Settings
from platbook.bootstrap.system import System, open_system
from platbook.connectors.contract import Connector
from platbook.db import Query
from platbook.db.embedded import EmbeddedPostgres
from platbook.providers.configuration import Configuration
from platbook.providers.providers import add_provider
from platbook.sync.engine import SyncEngine
from platbook.sync.runs.lifecycle import request_run
from platbook.sync.runs.run import RunRequest, SyncType
from tests.cli.program import PROGRAM
from tests.fakes.photo_source import NumberedPhotos, PhotoConnector, SourcePhoto, serving
from tests.fresh_database import fresh_database

pytestmark = [pytest.mark.soak, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]

KEY = "33" * 32
MOST = 400 * 1024 * 1024
STORED = Query("stored", "", "SELECT count(*) FROM property_media WHERE state = 'stored'")
CONNECTOR = """
from tests.fakes.photo_source import NumberedPhotos, PhotoConnector

def connector():
    return PhotoConnector(NumberedPhotos(base={base!r}))
"""


@dataclass(frozen=True)
class WorkerHome:
    """A worker's database and home, which is also the folder it loads its connector from."""

    database_url: str
    home: Path

    def settings(self) -> Settings:
        return Settings(database_url=self.database_url, platbook_secret_key=KEY, platbook_home=self.home)  # pyright: ignore[reportArgumentType] - text is what the environment gives

    def environment(self) -> dict[str, str]:
        """What the worker is started with."""
        return {
            **os.environ,
            "DATABASE_URL": self.database_url,
            "PLATBOOK_SECRET_KEY": KEY,
            "PLATBOOK_HOME": str(self.home),
            "PYTHONPATH": os.pathsep.join([str(self.home), str(Path(__file__).parents[2])]),
        }

    def install(self, base: str) -> None:
        """Install a connector as a third party would, by an entry point."""
        (self.home / "numbered_photos.py").write_text(CONNECTOR.format(base=base))
        metadata = self.home / "numbered_photos-1.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: numbered-photos\nVersion: 1\n")
        (metadata / "entry_points.txt").write_text("[platbook.connectors]\nPHOTOS = numbered_photos:connector\n")


async def fill(system: System, queued: int, base: str) -> None:
    """Sync so many listings of one photo each, whose photos then wait."""
    source = NumberedPhotos({str(number): [SourcePhoto(f"{number}-1", b"")] for number in range(queued)}, base=base)

    def find(_: str) -> Connector:
        return PhotoConnector(source)

    configuration = {
        "providerId": "board", "providerName": "Board", "providerType": "PHOTOS", "enabled": False,
        "media": {"privateAddresses": True},
    }  # fmt: skip
    async with system.database.transaction() as connection:
        await add_provider(connection, system.box, Configuration.model_validate(configuration), system.clock.now())
        await request_run(connection, RunRequest("board", SyncType.FULL), COMMAND_LINE, system.clock.now())
    await SyncEngine(system.database, system.transport, system.box, system.clock, find).run_next("board")


async def measure_peak(worker_home: WorkerHome, queued: int) -> int:
    """Let one worker process fetch all photos; its peak memory in bytes."""
    async with serving(NumberedPhotos()) as source, open_system(worker_home.settings()) as system:
        worker_home.install(source.base)
        await fill(system, queued, source.base)
        worker = await asyncio.create_subprocess_exec(PROGRAM, "work", env=worker_home.environment())
        try:
            while True:
                async with system.database.read() as connection:
                    stored = await connection.value(int, STORED) or 0
                assert worker.returncode is None
                if stored == queued:
                    break
                await asyncio.sleep(0.5)
            status = await asyncio.to_thread(Path(f"/proc/{worker.pid}/status").read_text)
        finally:
            worker.terminate()
            await worker.wait()
    (kilobytes,) = re.findall(r"VmHWM:\s+(\d+)", status)
    return int(kilobytes) * 1024


async def test_a_worker_takes_the_same_memory_for_a_long_queue_as_for_a_short_one(
    postgres: EmbeddedPostgres, template: str, tmp_path: Path
) -> None:
    peaks: dict[int, int] = {}
    for queued in (1_000, 20_000):
        home = tmp_path / str(queued)
        home.mkdir()
        with fresh_database(postgres, template) as url:
            peaks[queued] = await measure_peak(WorkerHome(url, home), queued)
    print({queued: f"{peak / 2**20:.0f} MB" for queued, peak in peaks.items()})  # noqa: T201 - a figure for the documents
    assert max(peaks.values()) < MOST
    assert peaks[20_000] < 1.15 * peaks[1_000]
