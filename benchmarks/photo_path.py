"""Photos from a source to the store, against making them small alone.

Fetched over loopback, made small, stored in a folder and recorded; the same pictures in one process, rounds in turn.

`python -m benchmarks.photo_path FOLDER` measures one album and prints {"alone", "whole", "peak"}: seconds and bytes.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import psycopg

from benchmarks.develop import memory
from benchmarks.ground import fresh_database, tell
from benchmarks.photographs import CAMERA, MLS, make_album, missing
from platbook.base.actor import COMMAND_LINE
from platbook.base.clock import SystemClock
from platbook.base.log import configure_log
from platbook.base.memory import return_freed_memory
from platbook.base.settings import Settings
from platbook.connectors.contract import Connector
from platbook.db import Database, SecretBox
from platbook.media.blobs import Blobs
from platbook.media.photo_worker import PhotoWorker
from platbook.media.pictures import DEFAULT_SPEC, ImagePool
from platbook.providers.configuration import Configuration
from platbook.providers.providers import add_provider
from platbook.storage import open_storage
from platbook.sync.engine import SyncEngine
from platbook.sync.runs.lifecycle import request_run
from platbook.sync.runs.run import RunRequest, SyncType
from platbook.transport import Transport
from tests.fakes.photo_source import PhotoConnector, PhotoSource, SourcePhoto, serving

ROUNDS = 3
BAR, MEMORY_BAR = 0.85, 400
CACHE = Path(tempfile.gettempdir()) / "platbook-photographs"
_A_LISTING = 8
_AT_ONCE = 3


async def run(rows: int) -> None:
    """Print the share of the rate that is left on the whole path, and the worker's peak memory."""
    del rows
    if lacking := missing():
        tell("skipped", "", f"{lacking} is not on this machine")
        return
    for album in (CAMERA, MLS):
        sources = make_album(album, CACHE)
        command = [sys.executable, "-m", "benchmarks.photo_path", str(sources[0].parent)]
        done = subprocess.run(command, check=True, capture_output=True, env={**os.environ})  # noqa: ASYNC221 - nothing else runs
        measured = json.loads(done.stdout)
        alone, whole = len(sources) / measured["alone"], len(sources) / measured["whole"]
        tell(f"{album.name}: small alone, photos/s", f"{alone:.2f}")
        tell("fetched, made small, stored and recorded, photos/s", f"{whole:.2f}")
        tell("ratio", f"{whole / alone:.2f}", f"bar {BAR}")
        tell("peak memory, source and worker in one process, MB", f"{measured['peak'] / 1e6:.0f}", f"bar {MEMORY_BAR}")


async def _alone(files: Sequence[Path], studio: ImagePool) -> float:
    waiting = iter(files)

    async def work() -> None:
        for file in waiting:
            await studio.to_variants(file.read_bytes(), DEFAULT_SPEC)

    began = time.monotonic()
    await asyncio.gather(*(work() for _ in range(_AT_ONCE)))
    return time.monotonic() - began


async def _whole(batches: PhotoWorker, engine: SyncEngine) -> float:
    async with engine.database.transaction() as connection:
        await request_run(connection, RunRequest("path", SyncType.FULL), COMMAND_LINE, engine.clock.now())
    await engine.run_next("path")
    began = time.monotonic()
    while await batches.run_next("path"):
        pass
    return time.monotonic() - began


async def _measure(folder: Path) -> dict[str, float]:
    files = sorted(folder.iterdir())
    source = PhotoSource()
    for at in range(0, len(files), _A_LISTING):
        photos = [SourcePhoto(file.stem, file.read_bytes()) for file in files[at : at + _A_LISTING]]
        source.albums[f"L{at}"] = photos
    return_freed_memory()
    connector, clock, box = PhotoConnector(source), SystemClock(), SecretBox(os.urandom(32))
    alone: list[float] = []
    whole: list[float] = []

    def find(_: str) -> Connector:
        return connector

    async with fresh_database() as url, Database.open(url) as database, serving(source):
        said = {
            "providerId": "path", "providerName": "Path", "providerType": "PHOTOS", "media": {"privateAddresses": True},
        }  # fmt: skip
        async with database.transaction() as connection:
            await add_provider(connection, box, Configuration.model_validate(said), clock.now())
        async with Transport.open(database, clock) as transport:
            with ImagePool.open() as studio, tempfile.TemporaryDirectory() as home:
                await _alone(files[:4], studio)
                for _ in range(ROUNDS):
                    alone.append(await _alone(files, studio))
                    _empty(url)
                    storage = open_storage(Settings(platbook_home=Path(tempfile.mkdtemp(dir=home))), b"", clock)
                    blobs = Blobs(database, storage, studio, clock, DEFAULT_SPEC)
                    batches = PhotoWorker(database, transport, box, clock, blobs, find)
                    whole.append(await _whole(batches, SyncEngine(database, transport, box, clock, find)))
    return {"alone": median(alone), "whole": median(whole), "peak": memory("VmHWM")}


def _empty(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("TRUNCATE properties, media_blobs, media_checks, mls_sync_cursors, mls_sync_history CASCADE")


def main() -> None:
    """Measure one album."""
    configure_log("ERROR")
    print(json.dumps(asyncio.run(_measure(Path(sys.argv[1])))))


if __name__ == "__main__":
    main()
