"""Objects that the store does not delete: each is a matter of its own, noted, told and tried again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from platbook.base.errors import StorageUnavailable
from platbook.media.blobs import to_blob_id
from platbook.media.pictures import VariantSpec
from platbook.media.reports import find_photo_statuses
from platbook.storage import Access
from tests.fakes.photo_source import PhotoSource
from tests.fakes.stubborn_storage import StubbornStorage
from tests.media.conftest import MakePhotoRig, PhotoRig

LATER = "2026-01-02T00:00:00Z"


async def _start(make_photo_rig: MakePhotoRig, listings: int = 2, **configuration: object) -> PhotoRig:
    source = PhotoSource()
    for number in range(1, listings + 1):
        source.add(f"L{number}", 1)
    rig = await make_photo_rig(source, maxRemovalShare=1, **configuration)
    rig.use_storage(StubbornStorage(rig.clock))
    await rig.sync()
    await rig.work()
    return rig


def _store(rig: PhotoRig) -> StubbornStorage:
    assert isinstance(rig.storage, StubbornStorage)
    return rig.storage


def _blob(rig: PhotoRig, key: str) -> str:
    return to_blob_id(rig.source.albums[key][0].content, VariantSpec())


async def _withdraw(rig: PhotoRig, *keys: str) -> None:
    for key in keys:
        rig.source.listed[key] = {"ModificationTimestamp": LATER, "StandardStatus": "Withdrawn"}
    await rig.sync()
    await rig.visibility.process_checks()


async def _open_findings(rig: PhotoRig) -> int:
    rows = await rig.rows("SELECT count FROM findings WHERE kind = 'object_stuck' AND closed_at IS NULL")
    return sum(int(str(row["count"])) for row in rows)


async def test_an_object_that_cannot_be_deleted_delays_no_other_and_is_told(make_photo_rig: MakePhotoRig) -> None:
    rig = await _start(make_photo_rig, 3)
    _store(rig).locked = {_blob(rig, "L1")}
    await _withdraw(rig, "L1", "L2")
    objects = await rig.objects()
    assert not any(_blob(rig, "L2") in name for name in objects[Access.PUBLIC]), "the other is withdrawn"
    assert "/media/private/" in str(await rig.media("L1")), "and the stuck one is shown from where staff may read it"
    async with rig.database.read() as connection:
        status = await find_photo_statuses(connection)
    (stuck,) = status.stuck_objects
    assert (status.store.stuck, stuck.picture, stuck.listing_key, stuck.attempts) == (1, _blob(rig, "L1"), "L1", 1)
    assert "a lock on the object" in stuck.reason
    assert await _open_findings(rig) == 1
    rig.source.add("L4", 1)
    await rig.sync()
    await rig.work()
    assert "/media/public/" in str(await rig.media("L4", "public")), "publishing goes on"


async def test_a_stuck_object_is_tried_again_with_backoff_until_it_goes(make_photo_rig: MakePhotoRig) -> None:
    rig = await _start(make_photo_rig)
    store = _store(rig)
    store.locked = {_blob(rig, "L1")}
    await _withdraw(rig, "L1")
    tried = store.deletions
    await rig.visibility.process_checks()
    assert store.deletions == tried, "not before its time"
    rig.clock.ahead[0] = timedelta(minutes=2)
    await rig.visibility.process_checks()
    (row,) = await rig.rows("SELECT attempts, retry_at FROM media_blobs WHERE reason IS NOT NULL")
    assert row["attempts"] == 2
    store.locked.clear()
    rig.clock.ahead[0] = timedelta(minutes=20)
    await rig.visibility.process_checks()
    assert not any(_blob(rig, "L1") in name for name in (await rig.objects())[Access.PUBLIC])
    assert await rig.rows("SELECT FROM media_blobs WHERE retry_at IS NOT NULL OR leftovers <> '{}'") == []
    assert await _open_findings(rig) == 0


async def test_a_photo_shown_again_keeps_the_copy_that_was_to_be_deleted(make_photo_rig: MakePhotoRig) -> None:
    rig = await _start(make_photo_rig)
    _store(rig).locked = {_blob(rig, "L1")}
    await _withdraw(rig, "L1")
    _store(rig).locked.clear()
    rig.source.listed["L1"] = {"ModificationTimestamp": "2026-01-03T00:00:00Z"}
    await rig.sync()
    rig.clock.ahead[0] = timedelta(days=2)
    await rig.visibility.process_checks()
    objects = await rig.objects()
    assert [len([name for name in objects[access] if _blob(rig, "L1") in name]) for access in Access] == [3, 0]
    assert "/media/public/" in str(await rig.media("L1", "public"))


async def test_a_store_that_does_not_respond_is_asked_for_three_objects_not_for_all(
    make_photo_rig: MakePhotoRig,
) -> None:
    rig = await _start(make_photo_rig, 6)
    store = _store(rig)
    store.is_down = True
    before = store.deletions
    with pytest.raises(StorageUnavailable, match="does not respond"):
        await _withdraw(rig, *(f"L{number}" for number in range(1, 7)))
    assert store.deletions == before + 3
    assert await _open_findings(rig) == 0, "an outage is no finding of an object"
    store.is_down = False
    rig.clock.ahead[0] = timedelta(minutes=2)
    await rig.visibility.process_checks()
    assert (await rig.objects())[Access.PUBLIC] == set()


async def test_a_picture_that_could_not_be_deleted_may_be_stored_again(make_photo_rig: MakePhotoRig) -> None:
    rig = await _start(make_photo_rig, retention="erase")
    content, blob_id = rig.source.albums["L1"][0].content, _blob(rig, "L1")
    _store(rig).locked = {blob_id}
    del rig.source.albums["L1"]
    await rig.sync()
    await rig.visibility.process_checks()
    assert await rig.rows("SELECT FROM media_blobs WHERE state = 'deleting'") == [{}]
    assert await rig.blobs.store(content, is_public=True) == blob_id
    rig.source.add("L1", 1)
    rig.source.albums["L1"][0] = replace(rig.source.albums["L1"][0], content=content)
    await rig.sync()
    await rig.work()
    _store(rig).locked.clear()
    rig.clock.ahead[0] = timedelta(days=2)
    await rig.visibility.process_checks()
    assert "/media/public/" in str(await rig.media("L1", "public"))
    assert len([name for name in (await rig.objects())[Access.PUBLIC] if blob_id in name]) == 3


async def test_garbage_collection_goes_on_past_a_stuck_object(make_photo_rig: MakePhotoRig) -> None:
    rig = await _start(make_photo_rig, 3)
    kept = _blob(rig, "L1")
    _store(rig).locked = {kept}
    for key in ("L1", "L2"):
        rig.source.albums[key].clear()
        rig.source.listed[key] = {"ModificationTimestamp": LATER}
    await rig.sync()
    await rig.work()
    rig.clock.ahead[0] = timedelta(hours=80)
    await rig.clean_up()
    assert {str(row["id"]) for row in await rig.rows("SELECT id FROM media_blobs")} == {kept, _blob(rig, "L3")}
