"""Photos end to end: as GetObject bytes from a simulated RETS server, and into a bucket of an S3 server program."""

import os
from collections import Counter
from contextlib import AsyncExitStack

import httpx2
import orjson
import pytest

from platbook.base.actor import COMMAND_LINE
from platbook.base.clock import SetClock
from platbook.db import Database, Query, SecretBox
from platbook.market import Market
from platbook.media.blobs import Blobs
from platbook.media.photo_urls import PhotoUrls
from platbook.media.photo_worker import PhotoWorker
from platbook.media.pictures import DEFAULT_SPEC, ImagePool
from platbook.providers.configuration import parse_configuration
from platbook.providers.providers import add_provider
from platbook.simulate.rets.application import SimulatorSettings
from platbook.simulate.rets.fields import RESOURCES
from platbook.simulate.rets.source import STARTED
from platbook.storage import Access, open_memory_storage
from platbook.sync.engine import SyncEngine
from platbook.sync.runs.lifecycle import request_run
from platbook.sync.runs.run import RunRequest, SyncType
from platbook.transport import Transport
from tests.fakes.photo_source import PhotoSource
from tests.media.conftest import MakePhotoRig
from tests.simulate.served import AT, served_rets
from tests.storage.servers import TestBucket

LISTINGS, SEED = 4, 4


async def test_rets_photos_come_as_bytes_in_the_one_session_that_a_run_shares(database: Database) -> None:
    clock, box = SetClock(AT), SecretBox(os.urandom(32))
    market = Market(SEED, LISTINGS, STARTED)
    async with AsyncExitStack() as stack:
        served = stack.enter_context(served_rets(SimulatorSettings(listings=LISTINGS, seed=SEED, at=AT)))
        served.apply_quirks("one-session")
        transport = await stack.enter_async_context(Transport.open(database, clock))
        image_pool = stack.enter_context(ImagePool.open())
        storage = open_memory_storage(b"k" * 32, clock)
        batches = PhotoWorker(
            database, transport, box, clock, Blobs(database, storage, image_pool, clock, DEFAULT_SPEC)
        )
        values = {
            "providerId": "board", "providerName": "Board", "providerType": "RETS", "loginUrl": served.login_url,
            "credentials": {"username": "demo", "password": "demo", "userAgent": "Platbook/1.0"},
            "settings": {"classes": [one.name for one in RESOURCES[0].classes]},
            "display": {"listingDisplayWhenNull": True, "photoDisplayWhenNull": True},
        }  # fmt: skip
        async with database.transaction() as connection:
            await add_provider(connection, box, parse_configuration(values), clock.now())
            await request_run(connection, RunRequest("board", SyncType.FULL), COMMAND_LINE, clock.now())
        await SyncEngine(database, transport, box, clock, photos=batches).run_next("board")
        async with database.read() as connection:
            photos = await connection.dicts(Query("p", "", "SELECT state, reason FROM property_media"))
            runs = await connection.dicts(Query("r", "", "SELECT status, error FROM mls_sync_history"))
            documents = await connection.column(str, Query("d", "", "SELECT public_document FROM properties"))
        expected = [photo for key in market.keys(AT) for photo in getattr(market.listing(key, AT), "photos", ())]
        assert [run["status"] for run in runs] == ["success", "success"], runs
        assert [photo["state"] for photo in photos] == ["stored"] * len(expected), photos
        assert sum(text.count('"thumbnail"') for text in documents if text) == len(expected)
        assert sum([1 async for _ in storage.list(Access.PUBLIC)]) == 3 * len(expected)


@pytest.mark.parametrize(
    ("videos", "states"), [("link", {"stored": 1, "linked": 4}), ("store", {"stored": 3, "linked": 2})]
)
async def test_videos_documents_and_tours_of_a_market_are_linked_to_or_stored(
    database: Database, videos: str, states: dict[str, int]
) -> None:
    clock, box = SetClock(AT), SecretBox(os.urandom(32))
    async with AsyncExitStack() as stack:
        transport = await stack.enter_async_context(Transport.open(database, clock))
        image_pool = stack.enter_context(ImagePool.open())
        storage = open_memory_storage(b"k" * 32, clock)
        blobs = Blobs(database, storage, image_pool, clock, DEFAULT_SPEC)
        worker = PhotoWorker(database, transport, box, clock, blobs)
        values = {
            "providerId": "board", "providerName": "Board", "providerType": "MOCK", "media": {"videos": videos},
            "settings": {"listings": 1, "at": AT.isoformat(), "started": STARTED.isoformat(), "videos": True},
            "display": {"listingDisplayWhenNull": True, "addressDisplayWhenNull": True},
        }  # fmt: skip
        async with database.transaction() as connection:
            await add_provider(connection, box, parse_configuration(values), clock.now())
            await request_run(connection, RunRequest("board", SyncType.FULL), COMMAND_LINE, clock.now())
        await SyncEngine(database, transport, box, clock, photos=worker).run_next("board")
        while await worker.find_due() and await worker.run_next("board"):
            pass
        async with database.read() as connection:
            documents = await connection.column(str, Query("d", "", "SELECT internal_document FROM properties"))
            public = await connection.column(str, Query("p", "", "SELECT public_document FROM properties"))
    media = [one for text in documents for one in orjson.loads(text)["media"]]
    counted = Counter(one["state"] for one in media)
    photos = sum(one["category"] == "Photo" for one in media)
    assert photos
    assert counted == {**states, "stored": states["stored"] - 1 + photos}
    links = {one["category"]: one for text in public for one in orjson.loads(text)["media"]}
    assert links["Branded Virtual Tour"]["sourceUrl"] is None
    assert str(links["Unbranded Virtual Tour"]["sourceUrl"]).startswith("https://tours.example.com/")
    kinds = {one["category"]: one["file"]["contentType"] for one in media if "file" in one}
    expected = {"Video": "video/mp4", "Document": "application/pdf"}
    assert kinds == (expected if videos == "store" else {})


async def test_photos_reach_a_bucket_and_leave_it_again(make_photo_rig: MakePhotoRig, bucket: TestBucket) -> None:
    source = PhotoSource()
    source.add("L1", 2)
    source.albums["L1"][1].permission = ("Private",)
    rig = await make_photo_rig(source, maxRemovalShare=1)
    storage = bucket.open(aws_cloudfront_url="https://cdn.example.com")
    rig.use_storage(storage)
    await rig.sync()
    await rig.work()
    document = (await rig.rows("SELECT internal_document FROM properties"))[0]["internal_document"]
    body = (await PhotoUrls(storage).fill(str(document).encode(), rig.clock.now())).decode()
    assert body.count('"url":"https://cdn.example.com/public/') == 3
    assert body.count(f'"url":"{bucket.server.url}/{bucket.name}/private/') == 3
    private = body.partition(f'"url":"{bucket.server.url}')[2].partition('"')[0]
    name = min((await rig.objects())[Access.PUBLIC])
    public = f"/{bucket.name}/public/{name}"
    async with httpx2.AsyncClient(base_url=bucket.server.url) as client:
        for url, status in ((private, 200), (private.partition("?")[0], 403), (public, 200)):
            answer = await client.get(url)
            assert (answer.status_code, url) == (status, url)
            assert status != 200 or answer.headers["content-type"] == "image/webp"
    info = await storage.head(name, Access.PUBLIC)
    assert "immutable" in info.attributes.cache_control
    del source.albums["L1"]
    await rig.sync()
    await rig.visibility.process_checks()
    assert {access: len(names) for access, names in (await rig.objects()).items()} == {
        Access.PUBLIC: 0,
        Access.PRIVATE: 6,
    }
    async with httpx2.AsyncClient(base_url=bucket.server.url) as client:
        assert (await client.get(public)).status_code in {403, 404}
    await rig.run_sql("UPDATE properties SET erased_at = now()")
    await rig.run_sql("DELETE FROM property_media")
    await rig.visibility.process_checks()
    assert not any((await rig.objects()).values())
