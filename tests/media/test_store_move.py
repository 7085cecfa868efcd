"""Pictures and videos moved between stores by killed workers: every address answers, nothing is lost or doubled."""

import asyncio
import os
import random
import re
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from platbook.application.media import request_move
from platbook.base.actor import COMMAND_LINE
from platbook.base.ids import new_id
from platbook.base.settings import Settings
from platbook.bootstrap.system import System, open_system
from platbook.db import Query
from platbook.media.photo_urls import PhotoUrls
from platbook.media.pictures import SIZES, VariantSpec
from platbook.media.reports import count_by_store
from platbook.media.visibility import MediaVisibility
from platbook.storage import Access, Storage
from tests.fakes.photo_source import PhotoSource
from tests.media.conftest import MakePhotoRig, PhotoRig, ShiftedClock
from tests.storage.servers import S3Server, TestBucket

KEY = "33" * 32
GRACE = timedelta(hours=48)
PAUSE_SECONDS = 0.2
"""Between two readings: the server of the buckets runs in this process, too."""
WORKER = """
import asyncio
from platbook.base.log import configure_log
from platbook.base.settings import Settings
from platbook.bootstrap.system import open_system

async def main():
    configure_log("ERROR")
    async with open_system(Settings()) as system:
        while await system.store_move().run_batch():
            await system.media_visibility().process_checks()

asyncio.run(main())
"""
MOVED = Query("moved", "", "SELECT count(*) FROM media_blobs WHERE store_id = %(id)s")
DOCUMENTS = Query("documents", "", "SELECT internal_document FROM properties ORDER BY id")
NAMES = Query("names", "", "SELECT v.value ->> 'name' FROM media_blobs b, jsonb_each(b.variants) v")


class Stores:
    """The settings of each step, over one database and one home."""

    def __init__(self, database_url: str, home: Path) -> None:
        self.values: dict[str, object] = {
            "database_url": database_url, "platbook_secret_key": KEY, "platbook_home": home,
        }  # fmt: skip

    def folder(self) -> Settings:
        return Settings.model_validate(self.values)

    def bucket(self, bucket: TestBucket) -> Settings:
        return bucket.settings(**self.values)


async def _find_addresses(system: System) -> list[str]:
    """The address of every variant, as whoever reads the documents now gets it."""
    async with system.database.read() as connection:
        documents = await connection.column(str, DOCUMENTS)
    body = await PhotoUrls(system.storage).fill("".join(documents).encode(), datetime.now(UTC))
    return re.findall(r'"url":"([^"]+)"', body.decode())


async def _answers(system: System, client: httpx2.AsyncClient, address: str) -> bool:
    """Whether an address answers: at its bucket, or in the folder where it is our own route's."""
    if address.startswith("http"):
        return (await client.get(address)).status_code == 200
    access, _, name = address.removeprefix("/media/").partition("?")[0].partition("/")
    folder: Storage = await system.storage.at(1)
    return bool((await folder.head(name, Access(access))).size)


@asynccontextmanager
async def _reading(system: System) -> AsyncGenerator[list[str]]:
    """Read documents and their photos all the time; yields the addresses that did not answer."""
    silent: list[str] = []
    dice = random.Random(7)  # noqa: S311 - a sample

    async def read() -> None:
        async with httpx2.AsyncClient() as client:
            while True:
                addresses = dice.sample(await _find_addresses(system), 12)
                silent.extend([one for one in addresses if not await _answers(system, client, one)])
                await asyncio.sleep(PAUSE_SECONDS)

    reading = asyncio.create_task(read())
    try:
        yield silent
    finally:
        reading.cancel()
        results = await asyncio.gather(reading, return_exceptions=True)
        assert isinstance(results[0], asyncio.CancelledError), results


async def _kill_worker(system: System, settings: Settings, after: int) -> None:
    """Let a worker move some pictures, and kill it."""
    named = {"platbook_home", "database_url", "platbook_secret_key"} | {
        n for n in type(settings).model_fields if "aws" in n
    }
    values = {name: getattr(settings, name) for name in named}
    shown = {name.upper(): getattr(one, "get_secret_value", lambda one=one: str(one))() for name, one in values.items()}
    environment = {**os.environ, **{name: text for name, text in shown.items() if text != "None"}}
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", WORKER, env=environment)
    while True:
        async with system.database.read() as connection:
            if (await connection.value(int, MOVED, {"id": system.storage.store_id}) or 0) >= after:
                break
        await asyncio.sleep(0.02)
    process.kill()
    assert await process.wait() == -9, "in the middle"


async def _move(settings: Settings, photos: int, kills: int) -> None:
    """Change the settings and move, with workers killed on the way; what was given out before still answers."""
    async with open_system(settings) as system, httpx2.AsyncClient() as client:
        before = await _find_addresses(system)
        assert await request_move(system, system.storage, COMMAND_LINE) == photos
        async with _reading(system) as silent:
            for kill in range(1, kills + 1):
                await _kill_worker(system, settings, photos * kill // (kills + 1))
            while await system.store_move().run_batch():
                await system.media_visibility().process_checks()
            await system.media_visibility().process_checks()
        assert silent == []
        addresses = await _find_addresses(system)
        assert not set(before) & set(addresses)
        for address in random.Random(1).sample(before, 20) + random.Random(2).sample(addresses, 20):  # noqa: S311 - a sample, no secret
            assert await _answers(system, client, address), address
        async with system.database.read() as connection:
            held = {one.store: one.pictures for one in await count_by_store(connection)}
        assert max(held.values()) == sum(held.values()) == photos


async def _objects(storage: Storage) -> list[str]:
    return [one.name for access in Access async for one in storage.list(access)]


async def _fill_folder(rig: PhotoRig, settings: Settings, sizes: int) -> None:
    async with open_system(settings) as system:
        rig.use_storage(system.storage)
        spec = VariantSpec(SIZES[:sizes])
        rig.worker = replace(rig.worker, blobs=replace(rig.blobs, spec=spec))
        await rig.sync()
        await rig.work()


@pytest.mark.xdist_group("kill")
@dataclass(frozen=True)
class Scale:
    """How many listings of 25 photos, in how many sizes each, and how many workers are killed in each move."""

    listings: int
    sizes: int
    kills: tuple[int, int, int]


SMALL, LARGE = Scale(4, 1, (1, 1, 0)), Scale(80, 3, (4, 3, 3))


@pytest.mark.parametrize(
    ("server", "scale"),
    [
        pytest.param("moto", SMALL, id="moto, 100 photos"),
        pytest.param("moto", LARGE, id="moto, 2000 photos", marks=pytest.mark.soak),
        pytest.param("radosgw", LARGE, id="radosgw, 2000 photos", marks=pytest.mark.soak),
    ],
)
async def test_pictures_go_to_a_bucket_to_another_and_back_while_workers_are_killed(
    request: pytest.FixtureRequest,
    make_photo_rig: MakePhotoRig,
    database_url: str,
    tmp_path: Path,
    server: str,
    scale: Scale,
) -> None:
    source, listings = PhotoSource(), scale.listings
    for number in range(listings):
        source.add(f"L{number}", 25, permission=("Private",) if number == 0 else ("Public",))
        source.albums[f"L{number}"][-1].category = "Video"
    rig = await make_photo_rig(source, media={"videos": "store"})
    stores, photos = Stores(database_url, tmp_path), listings * 25
    s3: S3Server = request.getfixturevalue(server)
    first, second = (s3.make_bucket(f"moved-{new_id()}-{number}") for number in (1, 2))
    await _fill_folder(rig, stores.folder(), scale.sizes)
    for settings, deaths in zip(
        (stores.bucket(first), stores.bucket(second), stores.folder()), scale.kills, strict=True
    ):
        await _move(settings, photos, deaths)
    async with open_system(stores.folder()) as system:
        clock = ShiftedClock([GRACE + timedelta(hours=1)])
        await MediaVisibility(system.database, system.storage, clock).process_checks()
        async with system.database.read() as connection:
            names = await connection.column(str, NAMES)
        assert sorted(await _objects(system.storage)) == sorted(names)
        assert len(names) == scale.sizes * listings * 24 + listings, "each video is one object"
    assert first.etags() + second.etags() == [], "nothing is left in the buckets"
