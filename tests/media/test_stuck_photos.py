"""Photos that are given up: a finding for as long as they are missing."""

from dataclasses import replace

import pytest

from platbook.base.actor import COMMAND_LINE
from platbook.connectors.contract import MediaSource
from platbook.listings import store
from platbook.listings.listing import Origin
from platbook.media.reprocessing import retry_photos
from tests.fakes.photo_source import draw
from tests.media.conftest import PROVIDER, MakePhotoRig, PhotoRig
from tests.media.test_photo_work import source_of

FAILED = "every attempt failed"
NO_PICTURE = "not a picture"


async def _try_until_given_up(rig: PhotoRig, attempts: int = 7) -> None:
    for _ in range(attempts):
        await rig.work()
        await rig.skip_delays()


async def _open(rig: PhotoRig) -> dict[str, int]:
    """The open findings of stuck photos: how many photos, by reason."""
    rows = await rig.rows(
        "SELECT reason, count FROM findings WHERE kind = 'object_stuck' AND resource = 'Property' AND field = 'Media' "
        "AND sample IS NULL AND closed_at IS NULL"
    )
    return {str(row["reason"]): int(str(row["count"])) for row in rows}


async def _make_stuck(make_photo_rig: MakePhotoRig, **configuration: object) -> PhotoRig:
    """Two photos that are refused and one that is no picture, of two listings."""
    source = source_of(3, 2)
    source.albums["L1"][1].status = 403
    source.albums["L2"][0].status = 404
    source.albums["L1"][2] = replace(source.albums["L1"][2], content=b"<html>sign in</html>")
    rig = await make_photo_rig(source, **configuration)
    await rig.sync()
    await _try_until_given_up(rig)
    assert await rig.states() == {"stored": 2, "failed": 3}
    return rig


async def _change(rig: PhotoRig, key: str, day: int) -> None:
    rig.source.listed[key] = {"ModificationTimestamp": f"2026-01-{day:02}T00:00:00Z"}
    await rig.sync()


async def _remove(rig: PhotoRig, key: str) -> None:
    async with rig.database.transaction() as connection:
        assert await store.mark_removed(connection, [key], Origin(PROVIDER, "test", rig.clock.now()))


async def test_a_photo_that_is_given_up_is_a_finding_until_it_is_fetched(make_photo_rig: MakePhotoRig) -> None:
    source = source_of(2)
    source.albums["L1"][1].status = 404
    rig = await make_photo_rig(source)
    await rig.sync()
    await rig.work()
    assert await _open(rig) == {}, "it is tried again"
    await _try_until_given_up(rig)
    assert await _open(rig) == {FAILED: 1}
    async with rig.database.transaction() as connection:
        assert await retry_photos(connection, PROVIDER, COMMAND_LINE, rig.clock.now()) == 1
    assert await _open(rig) == {FAILED: 1}, "it is still missing"
    source.albums["L1"][1] = replace(source.albums["L1"][1], content=b"no picture", status=200)
    await _try_until_given_up(rig, 3)
    assert await _open(rig) == {NO_PICTURE: 1}
    source.albums["L1"][1] = replace(source.albums["L1"][1], content=draw(7), modified="2026-01-03T00:00:00Z")
    await _change(rig, "L1", 3)
    assert await _open(rig) == {NO_PICTURE: 1}, "another version waits and has not come"
    await rig.work()
    assert await _open(rig) == {}
    assert await rig.states() == {"stored": 2}


async def test_the_count_follows_photos_and_listings(make_photo_rig: MakePhotoRig) -> None:
    rig = await _make_stuck(make_photo_rig)
    everything = {FAILED: 2, NO_PICTURE: 1}
    assert await _open(rig) == everything
    await _change(rig, "L1", 2)
    assert await _open(rig) == everything
    album = rig.source.albums["L1"]
    await _remove(rig, "L1")
    assert await _open(rig) == {FAILED: 1}, "the listing is gone"
    await rig.sync()
    assert await _open(rig) == everything, "it is there again, unchanged"
    await _remove(rig, "L1")
    rig.source.albums["L1"] = album[:2]
    await _change(rig, "L1", 3)
    assert await _open(rig) == {FAILED: 2}, "it is there again, without one of its photos"
    rig.source.albums["L1"] = album[:1]
    await _change(rig, "L1", 4)
    assert await _open(rig) == {FAILED: 1}
    origin = Origin(PROVIDER, "test", rig.clock.now())
    async with rig.database.transaction() as connection:
        assert await store.mark_out_of_scope(connection, ["L2"], origin)
    assert await _open(rig) == {}
    await _remove(rig, "L2")
    assert await _open(rig) == {}
    await rig.sync()
    assert await _open(rig) == {FAILED: 1}
    rig.source.albums["L2"][0] = replace(rig.source.albums["L2"][0], modified="2026-01-05T00:00:00Z")
    rig.source.albums["L2"][0].status = 200
    await _change(rig, "L2", 5)
    await rig.work()
    assert await _open(rig) == {}


async def test_erasing_listings_closes_the_findings_of_their_photos(make_photo_rig: MakePhotoRig) -> None:
    rig = await _make_stuck(make_photo_rig)
    ids = [row["id"] for row in await rig.rows("SELECT id FROM properties")]
    async with rig.database.transaction() as connection:
        await store.erase_listings(connection, ids, Origin(PROVIDER, "test", rig.clock.now()))  # pyright: ignore[reportArgumentType] - ids
    assert await _open(rig) == {}
    assert [row["count"] for row in await rig.rows("SELECT count FROM findings")] == [0, 0]


@pytest.mark.parametrize("is_empty", [True, False], ids=["an empty list", "a broken reply"])
async def test_photos_that_a_source_counts_and_never_sends_are_given_up(
    make_photo_rig: MakePhotoRig, *, is_empty: bool
) -> None:
    source = source_of(2, kind=MediaSource.OBJECT, sends_bytes=True)
    rig = await make_photo_rig(source)
    await rig.sync()
    await rig.work()
    later = "2026-01-02T00:00:00Z"
    source.listed["L1"] = {"ModificationTimestamp": later, "PhotosChangeTimestamp": later, "PhotosCount": 2}
    await rig.sync()
    await rig.run_sql("UPDATE property_media SET state = 'waiting'")
    if is_empty:
        source.albums["L1"].clear()
    else:
        source.broken_listings.add("L1")
    await _try_until_given_up(rig)
    assert (await rig.states()).get("failed", 0) == sum((await _open(rig)).values()) > 0
    assert await rig.rows("SELECT * FROM media_work") == []
