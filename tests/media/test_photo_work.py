"""Photos from a source to the store: fetched within its rules, once, and recorded with the listing's documents."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest
from pydantic import BaseModel
from structlog.testing import capture_logs

from platbook.base.actor import COMMAND_LINE
from platbook.connectors.contract import MediaSource
from platbook.connectors.testing import Case, check_all
from platbook.media.photo_worker import BatchLimits
from platbook.providers.configuration import Configuration
from platbook.storage import Access
from platbook.sync.runs.lifecycle import request_run
from platbook.sync.runs.run import RunRequest, SyncType
from platbook.sync.setup.providers import replace_provider
from tests.fakes.photo_source import TOKEN, PhotoConnector, PhotoSource, draw
from tests.media.conftest import PROVIDER, MakePhotoRig, PhotoRig


def source_of(*counts: int, **facts: object) -> PhotoSource:
    source = PhotoSource(**facts)  # pyright: ignore[reportArgumentType] - by name
    for at, count in enumerate(counts, 1):
        source.add(f"L{at}", count)
    return source


async def test_the_source_of_these_tests_keeps_the_contract() -> None:
    await check_all(Case(PhotoConnector(source_of(2, 3, 1))))


@pytest.mark.parametrize(
    ("counts", "life"),
    [
        ((5, 4, 3), 60.0),
        ((14,), 6.0),  # more photos than can be fetched before the URLs of one request expire
        pytest.param((150, 20, 20, 5), 60.0, marks=pytest.mark.soak),
    ],
)
async def test_a_source_with_every_rule_gives_all_photos_and_has_no_complaints(
    make_photo_rig: MakePhotoRig, counts: tuple[int, ...], life: float
) -> None:
    source = source_of(
        *counts, required_headers={"User-Agent": TOKEN}, per_second=2, failing=0.05, url_lifetime=life, single_use=True
    )
    rig = await make_photo_rig(
        source,
        credentials={"token": TOKEN},
        media={
            "headers": {"User-Agent": "{token}"},
            "headerHosts": ["127.0.0.1"],
            "requestsPerSecond": 2,
            "addressSeconds": int(life * 5 / 6),
        },
    )
    await rig.sync()
    while (await rig.states()).get("waiting"):
        await asyncio.gather(rig.work(), rig.work())
        await rig.skip_delays()
    assert await rig.states() == {"stored": sum(counts)}
    assert source.violations == []
    assert source.failed > 0
    assert sorted(source.served) == sorted(
        f"L{at}-{photo}" for at, count in enumerate(counts, 1) for photo in range(1, count + 1)
    )


async def test_first_photos_come_first_and_new_listings_before_old(make_photo_rig: MakePhotoRig) -> None:
    source = source_of(3, 3, 3)
    for at in (1, 2, 3):
        source.listed[f"L{at}"] = {"OnMarketDate": f"2026-01-0{at}"}
    rig = await make_photo_rig(source, media={"concurrency": 1})
    await rig.sync()
    await rig.work()
    assert source.served[:3] == ["L3-1", "L2-1", "L1-1"]
    assert source.served[3:5] == ["L3-2", "L3-3"]
    assert await rig.states() == {"stored": 9}


async def test_a_reordering_downloads_nothing(make_photo_rig: MakePhotoRig) -> None:
    source = source_of(3)
    rig = await make_photo_rig(source)
    await rig.sync()
    await rig.work()
    before = {one["mediaKey"]: one["variants"] for one in await rig.media("L1")}
    source.served.clear()
    source.albums["L1"].reverse()
    source.listed["L1"] = {"ModificationTimestamp": "2026-01-02T00:00:00Z"}
    await rig.sync()
    await rig.work()
    after = await rig.media("L1")
    assert [one["mediaKey"] for one in after] == ["L1-3", "L1-2", "L1-1"]
    assert {one["mediaKey"]: one["variants"] for one in after} == before
    assert source.served == []


async def test_a_changed_photo_gets_a_new_url_and_the_old_one_is_deleted_after_the_grace_period(
    make_photo_rig: MakePhotoRig,
) -> None:
    source = source_of(2)
    rig = await make_photo_rig(source)
    await rig.sync()
    await rig.work()
    old = to_urls(await rig.media("L1"))
    source.albums["L1"][1] = replace(source.albums["L1"][1], content=draw(99), modified="2026-01-02T00:00:00Z")
    source.listed["L1"] = {"ModificationTimestamp": "2026-01-02T00:00:00Z"}
    await rig.sync()
    assert to_urls(await rig.media("L1")) == old, "until the new one is there, the old one is shown"
    await rig.work()
    new = to_urls(await rig.media("L1"))
    assert new[0] == old[0]
    assert new[1] != old[1]
    name = old[1].removeprefix("/media/public/")
    objects = await rig.objects()
    assert name in objects[Access.PRIVATE], "no photo uses it, so it is private"
    assert name not in objects[Access.PUBLIC]
    await rig.clean_up()
    assert name in (await rig.objects())[Access.PRIVATE]
    rig.clock.ahead[0] = timedelta(hours=49)
    await rig.clean_up()
    objects = await rig.objects()
    assert name not in objects[Access.PRIVATE]
    assert len(objects[Access.PUBLIC]) == 6


async def test_photos_the_source_no_longer_lists_are_gone_from_the_listing_and_later_from_the_store(
    make_photo_rig: MakePhotoRig,
) -> None:
    source = source_of(3)
    rig = await make_photo_rig(source)
    await rig.sync()
    await rig.work()
    source.albums["L1"].pop()
    source.listed["L1"] = {"ModificationTimestamp": "2026-01-02T00:00:00Z"}
    await rig.sync()
    await rig.work()
    assert len(await rig.media("L1", "public")) == 2
    assert {access: len(names) for access, names in (await rig.objects()).items()} == {
        Access.PUBLIC: 6,
        Access.PRIVATE: 3,
    }
    rig.clock.ahead[0] = timedelta(hours=49)
    await rig.clean_up()
    assert not (await rig.objects())[Access.PRIVATE]


async def test_one_picture_shown_twice_is_stored_once_and_goes_with_its_last_listing(
    make_photo_rig: MakePhotoRig,
) -> None:
    source = source_of(1, 1)
    source.albums["L2"][0] = replace(source.albums["L2"][0], content=source.albums["L1"][0].content)
    rig = await make_photo_rig(source, retention="erase", maxRemovalShare=1)
    await rig.sync()
    await rig.work()
    assert len((await rig.objects())[Access.PUBLIC]) == 3
    del source.albums["L2"]
    await rig.sync()
    await rig.work()
    assert len((await rig.objects())[Access.PUBLIC]) == 3
    source.albums["L1"].clear()
    source.listed["L1"] = {"ModificationTimestamp": "2026-01-02T00:00:00Z"}
    await rig.sync()
    await rig.work()
    assert not any((await rig.objects()).values()), "under retention erase nothing is left"


async def test_a_failed_photo_is_retried_later_then_given_up_with_its_reason(make_photo_rig: MakePhotoRig) -> None:
    source = source_of(2, etags=True)
    source.albums["L1"][1].status = 404
    rig = await make_photo_rig(source)
    sync_id = await rig.sync()
    await rig.work()
    assert await rig.states() == {"stored": 1, "waiting": 1}
    assert len(source.asked) == 3, "once for the first photo, then for the rest, and once more for the one that failed"
    for _ in range(5):
        await rig.skip_delays()
        await rig.work()
    assert await rig.states() == {"stored": 1, "failed": 1}
    assert await rig.rows("SELECT * FROM media_work") == []
    (_, failed) = await rig.media("L1")
    assert failed["state"] == "failed"
    assert "404" in str(failed["reason"])
    assert failed["variants"] == {}
    assert "reason" not in (await rig.media("L1", "public"))[1]
    (run,) = await rig.rows(
        "SELECT count(*) FILTER (WHERE state = 'stored') AS stored, count(*) FILTER (WHERE state = 'failed') AS failed "
        "FROM property_media WHERE sync_id = %(id)s",
        id=sync_id,
    )
    assert run == {"stored": 1, "failed": 1}


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"<html>sign in</html>", "not a picture"), (b"", "is empty"), (draw(1)[:1500], "")],
    ids=["a page named as a photo", "nothing", "cut short"],
)
async def test_bytes_that_are_no_image_get_one_more_attempt(
    make_photo_rig: MakePhotoRig, content: bytes, reason: str
) -> None:
    source = source_of(2)
    source.albums["L1"][0] = replace(source.albums["L1"][0], content=content)
    rig = await make_photo_rig(source)
    await rig.sync()
    await rig.work()
    await rig.skip_delays()
    await rig.work()
    assert await rig.states() == {"stored": 1, "failed": 1}
    assert reason in str((await rig.media("L1"))[0]["reason"])
    assert source.served.count("L1-1") == 2


async def test_unchanged_bytes_are_not_sent_twice(make_photo_rig: MakePhotoRig) -> None:
    source = source_of(2, etags=True)
    rig = await make_photo_rig(source)
    await rig.sync()
    await rig.work()
    source.served.clear()
    for photo in source.albums["L1"]:
        photo.modified = "2026-01-02T00:00:00Z"
    source.listed["L1"] = {"ModificationTimestamp": "2026-01-02T00:00:00Z"}
    await rig.sync()
    await rig.work()
    assert (source.served, source.not_modified) == ([], 2)
    assert await rig.states() == {"stored": 2}


async def test_photos_that_only_the_source_lists_are_stored_as_it_lists_them(make_photo_rig: MakePhotoRig) -> None:
    source = source_of(3, 2, kind=MediaSource.OBJECT, sends_bytes=True)
    for photos in source.albums.values():
        for photo in photos:
            photo.modified = None
    for key in source.albums:
        source.listed[key] = {"PhotosChangeTimestamp": "2026-01-01T00:00:00Z"}
    rig = await make_photo_rig(source)
    await rig.sync()
    assert await rig.states() == {}
    await rig.work()
    assert await rig.states() == {"stored": 5}
    assert len(await rig.media("L1", "public")) == 3
    urls = to_urls(await rig.media("L1"))
    source.albums["L1"].pop(0)
    source.listed["L1"] = {
        "ModificationTimestamp": "2026-01-02T00:00:00Z", "PhotosChangeTimestamp": "2026-01-02T00:00:00Z",
    }  # fmt: skip
    await rig.sync()
    await rig.work()
    assert to_urls(await rig.media("L1")) == urls[1:]
    assert await rig.states() == {"stored": 4}
    assert source.asked[-1] == ["L1"]


async def test_a_listing_whose_photos_are_cut_short_does_not_hide_the_others(make_photo_rig: MakePhotoRig) -> None:
    source = source_of(3, 3, kind=MediaSource.OBJECT, sends_bytes=True, broken_listings={"L1"})
    rig = await make_photo_rig(source)
    await rig.sync()
    await rig.work()
    assert len(await rig.media("L2", "public")) == 3
    assert [one["state"] for one in await rig.media("L1")] == ["stored"]
    source.broken_listings.clear()
    await rig.skip_delays()
    await rig.work()
    assert [one["state"] for one in await rig.media("L1")] == ["stored"] * 3


async def test_an_empty_list_of_a_source_that_counts_photos_removes_none(make_photo_rig: MakePhotoRig) -> None:
    source = source_of(2, kind=MediaSource.OBJECT, sends_bytes=True)
    rig = await make_photo_rig(source)
    await rig.sync()
    await rig.work()
    source.listed["L1"] = {
        "ModificationTimestamp": "2026-01-02T00:00:00Z", "PhotosChangeTimestamp": "2026-01-02T00:00:00Z",
        "PhotosCount": 2,
    }  # fmt: skip
    source.albums["L1"].clear()
    await rig.sync()
    await rig.work()
    assert len(await rig.media("L1")) == 2
    source.listed["L1"] |= {"PhotosCount": 0, "ModificationTimestamp": "2026-01-03T00:00:00Z"}
    await rig.sync()
    await rig.skip_delays()
    await rig.work()
    assert await rig.media("L1") == []


async def test_with_one_seat_a_run_shares_its_session_and_batches_wait_for_it(
    make_photo_rig: MakePhotoRig,
) -> None:
    source = source_of(2, 2, seats=1)
    rig = await make_photo_rig(source)
    await rig.sync()
    assert await rig.states() == {"stored": 4}
    assert source.most_sessions == 1
    source.add("L3", 1)
    await rig.sync(SyncType.INCREMENTAL)
    source.albums["L3"][0].modified = "2026-01-03T00:00:00Z"
    await rig.run_sql("UPDATE property_media SET state = 'waiting'")
    await rig.run_sql(
        "INSERT INTO media_work (property_id, provider_id, rank, newest, due_at) "
        "SELECT id, provider_id, 1, now(), now() FROM properties"
    )
    async with rig.database.transaction() as connection:
        await request_run(connection, RunRequest(PROVIDER, SyncType.FULL), COMMAND_LINE, rig.clock.now())
    assert await rig.worker.run_next(PROVIDER) == 0, "a run waits for the seat"


async def test_two_workers_share_the_work_and_fetch_nothing_twice(make_photo_rig: MakePhotoRig) -> None:
    source = source_of(*([2] * 12), seats=4)
    rig = await make_photo_rig(source, limits=BatchLimits(listings=2))
    await rig.sync()
    while await rig.worker.find_due():
        await asyncio.gather(rig.worker.run_next(PROVIDER), rig.worker.run_next(PROVIDER))
    assert await rig.states() == {"stored": 24}
    assert len(source.served) == len(set(source.served)) == 24
    assert source.violations == []


def to_urls(media: list[dict[str, object]]) -> list[str]:
    return [str(cast("dict[str, dict[str, object]]", one["variants"])["large"]["url"]) for one in media]


async def test_credentials_that_do_not_fit_the_connector_need_an_operator(
    make_photo_rig: MakePhotoRig,
) -> None:
    rig = await make_photo_rig(source_of(2), credentials={"token": TOKEN})
    await rig.sync()
    rig.worker.find_connector(PROVIDER).credentials_model = _Login
    with capture_logs() as logged:
        assert await rig.worker.run_next(PROVIDER) == 0
    assert "credentials.password" in str(logged)
    assert TOKEN not in str(logged)
    assert await rig.worker.find_due() == [], "the work is deferred"


class _Login(BaseModel):
    password: str


async def test_what_is_fetched_is_recorded_while_a_slow_photo_still_comes(make_photo_rig: MakePhotoRig) -> None:
    source = source_of(3, 2)
    released = source.held["L1-2"] = asyncio.Event()
    limits = BatchLimits(record_seconds=0.05, listings=1, seconds=0.1)
    rig = await make_photo_rig(source, limits=limits, media={"concurrency": 4})
    await rig.sync()
    await rig.run_sql("UPDATE media_work SET rank = 1")
    working = asyncio.create_task(rig.worker.run_next(PROVIDER))
    async with asyncio.timeout(10):
        while (await rig.states()).get("stored", 0) < 2:
            await asyncio.sleep(0.02)
    assert not working.done(), "the third photo is still coming"
    assert len([photo for photo in await rig.media("L1") if photo["variants"]]) == 2
    released.set()
    await working
    await rig.work()
    assert await rig.states() == {"stored": 5}
    assert sorted(source.served) == ["L1-1", "L1-2", "L1-3", "L2-1", "L2-2"], "each once"


async def test_a_304_to_an_unconditional_request_is_a_failed_attempt(make_photo_rig: MakePhotoRig) -> None:
    source = source_of(2)
    source.albums["L1"][0].status = 304
    rig = await make_photo_rig(source)
    await rig.sync()
    await rig.work()
    assert await rig.states() == {"stored": 1, "waiting": 1}
    (reason,) = {photo["reason"] for photo in await rig.media("L1") if photo["state"] == "waiting"}
    assert "304 (not modified) to a request without conditions" in str(reason)


async def test_photos_that_are_not_fetched_are_linked_and_queue_no_work(make_photo_rig: MakePhotoRig) -> None:
    source = source_of(2, 1)
    rig = await make_photo_rig(source, media={"fetch": False})
    await rig.sync()
    assert await rig.states() == {"linked": 3}
    assert await rig.rows("SELECT FROM media_work") == []
    assert {photo["state"] for photo in await rig.media("L1")} == {"linked"}
    await _set_fetching(rig, fetch=True)
    assert await rig.states() == {"waiting": 3}
    await rig.work()
    assert await rig.states() == {"stored": 3}
    source.add("L3", 1)
    await rig.sync()
    await _set_fetching(rig, fetch=False)
    assert (await rig.states(), await rig.rows("SELECT FROM media_work")) == ({"stored": 3, "linked": 1}, [])
    await rig.visibility.process_checks()
    assert {photo["state"] for photo in await rig.media("L3")} == {"linked"}


async def _set_fetching(rig: PhotoRig, *, fetch: bool) -> None:
    values = {"providerId": PROVIDER, "providerName": "The Board", "providerType": "PHOTOS"}
    media = {"privateAddresses": True, "fetch": fetch}
    configuration = Configuration.model_validate({**values, "media": media})
    async with rig.database.transaction() as connection:
        await replace_provider(connection, rig.worker.box, configuration, COMMAND_LINE, rig.clock.now())


async def test_videos_and_tours_are_links_in_the_documents(make_photo_rig: MakePhotoRig) -> None:
    source = source_of(1)
    source.add("L2", 1, category="Video")
    source.add("L3", 1, category="Branded Virtual Tour")
    rig = await make_photo_rig(source)
    await rig.sync()
    await rig.work()
    shown = {
        key: [(one["state"], bool(one["sourceUrl"])) for one in await rig.media(key, kind)]
        for kind, key in (("internal", "L1"), ("internal", "L2"), ("internal", "L3"))
    }
    assert shown == {"L1": [("stored", False)], "L2": [("linked", True)], "L3": [("linked", True)]}
    (video,), (tour,) = await rig.media("L2", "public"), await rig.media("L3", "public")
    assert str(video["sourceUrl"]).startswith(source.base)
    assert tour["sourceUrl"] is None
