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
from platbook.storage import Access
from platbook.sync.runs.lifecycle import RunRequest, SyncType, request_run
from tests.fakes.photo_source import TOKEN, PhotoConnector, PhotoSource, draw
from tests.media.conftest import PROVIDER, MakeDesk


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
        ((14,), 6.0),  # more photos than can be fetched while the addresses of one asking are good
        pytest.param((150, 20, 20, 5), 60.0, marks=pytest.mark.soak),
    ],
)
async def test_a_source_with_every_rule_gives_all_photos_and_no_reason_to_complain(
    make_desk: MakeDesk, counts: tuple[int, ...], life: float
) -> None:
    source = source_of(
        *counts, required_headers={"User-Agent": TOKEN}, per_second=2, failing=0.05, url_lifetime=life, single_use=True
    )
    desk = await make_desk(
        source,
        credentials={"token": TOKEN},
        media={"headers": {"User-Agent": "{token}"}, "requestsPerSecond": 2, "addressSeconds": int(life * 5 / 6)},
    )
    await desk.sync()
    while (await desk.states()).get("waiting"):
        await asyncio.gather(desk.work(), desk.work())
        await desk.hurry()
    assert await desk.states() == {"stored": sum(counts)}
    assert source.violations == []
    assert source.failed > 0
    assert sorted(source.served) == sorted(
        f"L{at}-{photo}" for at, count in enumerate(counts, 1) for photo in range(1, count + 1)
    )


async def test_first_photos_come_first_and_new_listings_before_old(make_desk: MakeDesk) -> None:
    source = source_of(3, 3, 3)
    for at in (1, 2, 3):
        source.listed[f"L{at}"] = {"OnMarketDate": f"2026-01-0{at}"}
    desk = await make_desk(source, media={"concurrency": 1})
    await desk.sync()
    await desk.work()
    assert source.served[:3] == ["L3-1", "L2-1", "L1-1"]
    assert source.served[3:5] == ["L3-2", "L3-3"]
    assert await desk.states() == {"stored": 9}


async def test_a_reordering_downloads_nothing(make_desk: MakeDesk) -> None:
    source = source_of(3)
    desk = await make_desk(source)
    await desk.sync()
    await desk.work()
    before = {one["mediaKey"]: one["variants"] for one in await desk.media("L1")}
    source.served.clear()
    source.albums["L1"].reverse()
    source.listed["L1"] = {"ModificationTimestamp": "2026-01-02T00:00:00Z"}
    await desk.sync()
    await desk.work()
    after = await desk.media("L1")
    assert [one["mediaKey"] for one in after] == ["L1-3", "L1-2", "L1-1"]
    assert {one["mediaKey"]: one["variants"] for one in after} == before
    assert source.served == []


async def test_a_changed_photo_gets_a_new_address_and_the_old_one_goes_after_its_grace(make_desk: MakeDesk) -> None:
    source = source_of(2)
    desk = await make_desk(source)
    await desk.sync()
    await desk.work()
    old = to_urls(await desk.media("L1"))
    source.albums["L1"][1] = replace(source.albums["L1"][1], content=draw(99), modified="2026-01-02T00:00:00Z")
    source.listed["L1"] = {"ModificationTimestamp": "2026-01-02T00:00:00Z"}
    await desk.sync()
    assert to_urls(await desk.media("L1")) == old, "until the new one is there, the old one is shown"
    await desk.work()
    new = to_urls(await desk.media("L1"))
    assert new[0] == old[0]
    assert new[1] != old[1]
    name = old[1].removeprefix("/media/public/")
    objects = await desk.objects()
    assert name in objects[Access.PRIVATE], "nobody shows it, so nobody may see it"
    assert name not in objects[Access.PUBLIC]
    await desk.clear()
    assert name in (await desk.objects())[Access.PRIVATE]
    desk.clock.ahead[0] = timedelta(hours=49)
    await desk.clear()
    objects = await desk.objects()
    assert name not in objects[Access.PRIVATE]
    assert len(objects[Access.PUBLIC]) == 6


async def test_photos_the_source_lists_no_more_are_gone_from_the_listing_and_later_from_the_store(
    make_desk: MakeDesk,
) -> None:
    source = source_of(3)
    desk = await make_desk(source)
    await desk.sync()
    await desk.work()
    source.albums["L1"].pop()
    source.listed["L1"] = {"ModificationTimestamp": "2026-01-02T00:00:00Z"}
    await desk.sync()
    await desk.work()
    assert len(await desk.media("L1", "public")) == 2
    assert {access: len(names) for access, names in (await desk.objects()).items()} == {
        Access.PUBLIC: 6,
        Access.PRIVATE: 3,
    }
    desk.clock.ahead[0] = timedelta(hours=49)
    await desk.clear()
    assert not (await desk.objects())[Access.PRIVATE]


async def test_one_picture_shown_twice_is_stored_once_and_goes_with_its_last_listing(make_desk: MakeDesk) -> None:
    source = source_of(1, 1)
    source.albums["L2"][0] = replace(source.albums["L2"][0], content=source.albums["L1"][0].content)
    desk = await make_desk(source, retention="erase", maxRemovalShare=1)
    await desk.sync()
    await desk.work()
    assert len((await desk.objects())[Access.PUBLIC]) == 3
    del source.albums["L2"]
    await desk.sync()
    await desk.work()
    assert len((await desk.objects())[Access.PUBLIC]) == 3
    source.albums["L1"].clear()
    source.listed["L1"] = {"ModificationTimestamp": "2026-01-02T00:00:00Z"}
    await desk.sync()
    await desk.work()
    assert not any((await desk.objects()).values()), "under erase nothing is kept"


async def test_what_fails_is_tried_again_later_then_given_up_with_its_reason(make_desk: MakeDesk) -> None:
    source = source_of(2, etags=True)
    source.albums["L1"][1].status = 404
    desk = await make_desk(source)
    sync_id = await desk.sync()
    await desk.work()
    assert await desk.states() == {"stored": 1, "waiting": 1}
    assert len(source.asked) == 3, "once for the first photo, then for the rest, and once more for the one that failed"
    for _ in range(5):
        await desk.hurry()
        await desk.work()
    assert await desk.states() == {"stored": 1, "failed": 1}
    assert await desk.rows("SELECT * FROM media_work") == []
    (_, failed) = await desk.media("L1")
    assert failed["state"] == "failed"
    assert "404" in str(failed["reason"])
    assert failed["variants"] == {}
    assert "reason" not in (await desk.media("L1", "public"))[1]
    (run,) = await desk.rows(
        "SELECT count(*) FILTER (WHERE state = 'stored') AS stored, count(*) FILTER (WHERE state = 'failed') AS failed "
        "FROM property_media WHERE sync_id = %(id)s",
        id=sync_id,
    )
    assert run == {"stored": 1, "failed": 1}


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"<html>sign in</html>", "not a picture"), (b"", "no bytes"), (draw(1)[:1500], "")],
    ids=["a page named as a photo", "nothing", "cut short"],
)
async def test_bytes_that_are_no_picture_get_one_more_chance(make_desk: MakeDesk, content: bytes, words: str) -> None:
    source = source_of(2)
    source.albums["L1"][0] = replace(source.albums["L1"][0], content=content)
    desk = await make_desk(source)
    await desk.sync()
    await desk.work()
    await desk.hurry()
    await desk.work()
    assert await desk.states() == {"stored": 1, "failed": 1}
    assert words in str((await desk.media("L1"))[0]["reason"])
    assert source.served.count("L1-1") == 2


async def test_unchanged_bytes_are_not_sent_twice(make_desk: MakeDesk) -> None:
    source = source_of(2, etags=True)
    desk = await make_desk(source)
    await desk.sync()
    await desk.work()
    source.served.clear()
    for photo in source.albums["L1"]:
        photo.modified = "2026-01-02T00:00:00Z"
    source.listed["L1"] = {"ModificationTimestamp": "2026-01-02T00:00:00Z"}
    await desk.sync()
    await desk.work()
    assert (source.served, source.not_modified) == ([], 2)
    assert await desk.states() == {"stored": 2}


async def test_a_source_that_keeps_photos_elsewhere_is_believed_when_it_is_asked(make_desk: MakeDesk) -> None:
    source = source_of(3, 2, kind=MediaSource.OBJECT, sends_bytes=True)
    for photos in source.albums.values():
        for photo in photos:
            photo.modified = None
    for key in source.albums:
        source.listed[key] = {"PhotosChangeTimestamp": "2026-01-01T00:00:00Z"}
    desk = await make_desk(source)
    await desk.sync()
    assert await desk.states() == {}
    await desk.work()
    assert await desk.states() == {"stored": 5}
    assert len(await desk.media("L1", "public")) == 3
    urls = to_urls(await desk.media("L1"))
    source.albums["L1"].pop(0)
    source.listed["L1"] = {
        "ModificationTimestamp": "2026-01-02T00:00:00Z", "PhotosChangeTimestamp": "2026-01-02T00:00:00Z",
    }  # fmt: skip
    await desk.sync()
    await desk.work()
    assert to_urls(await desk.media("L1")) == urls[1:]
    assert await desk.states() == {"stored": 4}
    assert source.asked[-1] == ["L1"]


async def test_a_listing_whose_photos_break_off_does_not_hide_the_others(make_desk: MakeDesk) -> None:
    source = source_of(3, 3, kind=MediaSource.OBJECT, sends_bytes=True, broken_listings={"L1"})
    desk = await make_desk(source)
    await desk.sync()
    await desk.work()
    assert len(await desk.media("L2", "public")) == 3
    assert [one["state"] for one in await desk.media("L1")] == ["stored"]
    source.broken_listings.clear()
    await desk.hurry()
    await desk.work()
    assert [one["state"] for one in await desk.media("L1")] == ["stored"] * 3


async def test_silence_of_a_source_that_counts_photos_removes_none(make_desk: MakeDesk) -> None:
    source = source_of(2, kind=MediaSource.OBJECT, sends_bytes=True)
    desk = await make_desk(source)
    await desk.sync()
    await desk.work()
    source.listed["L1"] = {
        "ModificationTimestamp": "2026-01-02T00:00:00Z", "PhotosChangeTimestamp": "2026-01-02T00:00:00Z",
        "PhotosCount": 2,
    }  # fmt: skip
    source.albums["L1"].clear()
    await desk.sync()
    await desk.work()
    assert len(await desk.media("L1")) == 2
    source.listed["L1"] |= {"PhotosCount": 0, "ModificationTimestamp": "2026-01-03T00:00:00Z"}
    await desk.sync()
    await desk.hurry()
    await desk.work()
    assert await desk.media("L1") == []


async def test_with_one_seat_a_run_lends_its_session_and_batches_stay_out_of_its_way(make_desk: MakeDesk) -> None:
    source = source_of(2, 2, seats=1)
    desk = await make_desk(source)
    await desk.sync()
    assert await desk.states() == {"stored": 4}
    assert source.most_sessions == 1
    source.add("L3", 1)
    await desk.sync(SyncType.INCREMENTAL)
    source.albums["L3"][0].modified = "2026-01-03T00:00:00Z"
    await desk.run_sql("UPDATE property_media SET state = 'waiting'")
    await desk.run_sql(
        "INSERT INTO media_work (property_id, provider_id, rank, newest, due_at) "
        "SELECT id, provider_id, 1, now(), now() FROM properties"
    )
    async with desk.database.transaction() as connection:
        await request_run(connection, RunRequest(PROVIDER, SyncType.FULL), COMMAND_LINE, desk.clock.now())
    assert await desk.batches.run_next(PROVIDER) == 0, "a run waits for the seat"


async def test_two_workers_share_the_work_and_do_none_of_it_twice(make_desk: MakeDesk) -> None:
    source = source_of(*([2] * 12), seats=4)
    desk = await make_desk(source, pace=BatchLimits(listings=2))
    await desk.sync()
    while await desk.batches.find_due():
        await asyncio.gather(desk.batches.run_next(PROVIDER), desk.batches.run_next(PROVIDER))
    assert await desk.states() == {"stored": 24}
    assert len(source.served) == len(set(source.served)) == 24
    assert source.violations == []


def to_urls(media: list[dict[str, object]]) -> list[str]:
    return [str(cast("dict[str, dict[str, object]]", one["variants"])["large"]["url"]) for one in media]


async def test_credentials_without_the_form_a_connector_asks_for_wait_for_a_person(make_desk: MakeDesk) -> None:
    desk = await make_desk(source_of(2), credentials={"token": TOKEN})
    await desk.sync()
    desk.batches.find_connector(PROVIDER).credentials_model = _Login
    with capture_logs() as logged:
        assert await desk.batches.run_next(PROVIDER) == 0
    assert "credentials.password" in str(logged)
    assert TOKEN not in str(logged)
    assert await desk.batches.find_due() == [], "nobody knocks again soon"


class _Login(BaseModel):
    password: str
