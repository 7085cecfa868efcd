"""Retries of failed photos, and reprocessing of all pictures under another spec."""

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
from tests.media.conftest import PROVIDER, MakePhotoRig, PhotoRig

BOTH = VariantSpec(formats=(Format.WEBP, Format.JPEG))


async def store_listing(make_photo_rig: MakePhotoRig, *, keep_originals: bool = False) -> PhotoRig:
    source = PhotoSource(etags=True)
    source.add("L1", 2)
    rig = await make_photo_rig(source)
    rig.worker = replace(rig.worker, blobs=replace(rig.blobs, keep_originals=keep_originals))
    await rig.sync()
    await rig.work()
    return rig


async def test_failed_photos_are_reported_with_their_reasons_and_retried_on_request(
    make_photo_rig: MakePhotoRig,
) -> None:
    source = PhotoSource()
    source.add("L1", 2)
    source.albums["L1"][1].status = 500
    rig = await make_photo_rig(source)
    await rig.sync()
    for _ in range(6):
        await rig.work()
        await rig.skip_delays()
    async with rig.database.read() as connection:
        status = await get_photo_status(connection, PROVIDER, limit=10, can_invalidate=False)
        pending = await count_pending_photos(connection, PROVIDER)
    (failure,) = status.failures
    assert (status.stored, status.failed, status.listings, pending.failed) == (1, 1, 0, 1)
    assert status.copies_live_seconds == 86400
    assert (failure.media_key, failure.attempts, failure.retry_at) == ("L1-2", 6, None)
    assert "500" in failure.reason
    source.albums["L1"][1].status = 200
    async with rig.database.transaction() as connection:
        assert await retry_photos(connection, PROVIDER, COMMAND_LINE, rig.clock.now()) == 1
        with pytest.raises(NotFound):
            await retry_photos(connection, "nobody", COMMAND_LINE, rig.clock.now())
    await rig.work()
    assert await rig.states() == {"stored": 2}


async def test_pictures_are_reprocessed_from_stored_originals_without_a_download(make_photo_rig: MakePhotoRig) -> None:
    rig = await store_listing(make_photo_rig, keep_originals=True)
    assert len((await rig.objects())[Access.PRIVATE]) == 2, "originals are never public"
    rig.source.served.clear()
    blobs = replace(rig.blobs, spec=BOTH)
    done = await reprocess_photos(blobs, PROVIDER, COMMAND_LINE, rig.clock.now())
    assert (done, rig.source.served) == (ReprocessResult(2, 0), [])
    (first, _) = await rig.media("L1")
    assert set(first["variants"]) == {  # pyright: ignore[reportArgumentType] - a mapping
        "thumbnail", "medium", "large", "thumbnailJpeg", "mediumJpeg", "largeJpeg",
    }  # fmt: skip
    assert await reprocess_photos(blobs, PROVIDER, COMMAND_LINE, rig.clock.now()) == ReprocessResult(0, 0)


async def test_without_originals_they_are_fetched_again(make_photo_rig: MakePhotoRig) -> None:
    rig = await store_listing(make_photo_rig)
    rig.source.served.clear()
    rig.worker = replace(rig.worker, blobs=replace(rig.blobs, spec=BOTH))
    assert await reprocess_photos(rig.blobs, None, COMMAND_LINE, rig.clock.now()) == ReprocessResult(0, 2)
    assert len(await rig.media("L1", "public")) == 2
    await rig.work()
    assert sorted(rig.source.served) == ["L1-1", "L1-2"]
    assert "largeJpeg" in str(await rig.media("L1"))
    async with rig.database.read() as connection:
        store = await get_store_status(connection)
    assert (store.pictures, store.unused) == (4, 2)
