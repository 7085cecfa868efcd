"""Trying failed photos again, and making all pictures anew under another recipe."""

from dataclasses import replace

import pytest

from platbook.base.actor import COMMAND_LINE
from platbook.base.errors import NotFound
from platbook.media.pending_photos import count_pending_photos
from platbook.media.pictures import Format, VariantSpec
from platbook.media.reports import get_photo_status, get_store_status
from platbook.media.reprocessing import ReprocessResult, reprocess_photos, retry_photos
from platbook.storage import Access
from tests.fakes.photo_source import PhotoSource
from tests.media.conftest import PROVIDER, Desk, MakeDesk

BOTH = VariantSpec(formats=(Format.WEBP, Format.JPEG))


async def a_listing(make_desk: MakeDesk, *, keeps_originals: bool = False) -> Desk:
    source = PhotoSource(etags=True)
    source.add("L1", 2)
    desk = await make_desk(source)
    desk.batches = replace(desk.batches, blobs=replace(desk.blobs, keeps_originals=keeps_originals))
    await desk.sync()
    await desk.work()
    return desk


async def test_failed_photos_are_told_with_their_reasons_and_tried_again_when_asked(make_desk: MakeDesk) -> None:
    source = PhotoSource()
    source.add("L1", 2)
    source.albums["L1"][1].status = 500
    desk = await make_desk(source)
    await desk.sync()
    for _ in range(6):
        await desk.work()
        await desk.hurry()
    async with desk.database.read() as connection:
        status = await get_photo_status(connection, PROVIDER, limit=10, can_invalidate=False)
        pending = await count_pending_photos(connection, PROVIDER)
    (failure,) = status.failures
    assert (status.stored, status.failed, status.listings, pending.failed) == (1, 1, 0, 1)
    assert status.copies_live_seconds == 86400
    assert (failure.media_key, failure.attempts, failure.retry_at) == ("L1-2", 6, None)
    assert "500" in failure.reason
    source.albums["L1"][1].status = 200
    async with desk.database.transaction() as connection:
        assert await retry_photos(connection, PROVIDER, COMMAND_LINE, desk.clock.now()) == 1
        with pytest.raises(NotFound):
            await retry_photos(connection, "nobody", COMMAND_LINE, desk.clock.now())
    await desk.work()
    assert await desk.states() == {"stored": 2}


async def test_from_kept_originals_pictures_are_made_anew_without_a_download(make_desk: MakeDesk) -> None:
    desk = await a_listing(make_desk, keeps_originals=True)
    assert len((await desk.objects())[Access.PRIVATE]) == 2, "originals are never public"
    desk.source.served.clear()
    blobs = replace(desk.blobs, recipe=BOTH)
    done = await reprocess_photos(blobs, PROVIDER, COMMAND_LINE, desk.clock.now())
    assert (done, desk.source.served) == (ReprocessResult(2, 0), [])
    (first, _) = await desk.media("L1")
    assert set(first["variants"]) == {  # pyright: ignore[reportArgumentType] - a mapping
        "thumbnail", "medium", "large", "thumbnailJpeg", "mediumJpeg", "largeJpeg",
    }  # fmt: skip
    assert await reprocess_photos(blobs, PROVIDER, COMMAND_LINE, desk.clock.now()) == ReprocessResult(0, 0)


async def test_without_originals_they_are_fetched_anew(make_desk: MakeDesk) -> None:
    desk = await a_listing(make_desk)
    desk.source.served.clear()
    desk.batches = replace(desk.batches, blobs=replace(desk.blobs, recipe=BOTH))
    assert await reprocess_photos(desk.blobs, None, COMMAND_LINE, desk.clock.now()) == ReprocessResult(0, 2)
    assert len(await desk.media("L1", "public")) == 2
    await desk.work()
    assert sorted(desk.source.served) == ["L1-1", "L1-2"]
    assert "largeJpeg" in str(await desk.media("L1"))
    async with desk.database.read() as connection:
        store = await get_store_status(connection)
    assert (store.pictures, store.unused) == (4, 2)
