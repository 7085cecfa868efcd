"""Photos end to end: as GetObject bytes from a simulated RETS server, and into a bucket of an S3 server program."""

import os
from contextlib import AsyncExitStack

import httpx2

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
