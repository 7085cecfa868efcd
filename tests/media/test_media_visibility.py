"""A stored photo is public only while its listing and its own permission allow it; every other takes a signature."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from platbook.base.actor import COMMAND_LINE
from platbook.listings.rebuild import rebuild_documents
from platbook.media.reports import get_store_status
from platbook.providers.providers import get_provider
from platbook.storage import Access, Cdn
from platbook.storage.aws_signing import AwsCredentials
from platbook.sync.setup.providers import archive_provider
from platbook.sync.setup.purge import purge_provider
from platbook.transport import Transport
from tests.fakes.photo_source import PhotoSource
from tests.media.conftest import PROVIDER, Desk, MakeDesk
from tests.storage.servers import S3Server
from tests.transport.crafted_source import crafted_source, reply

LATER = "2026-01-02T00:00:00Z"


async def places(desk: Desk) -> tuple[int, int]:
    """How many pictures everybody may see, and how many take a signature."""
    objects = await desk.objects()
    return len(objects[Access.PUBLIC]) // 3, len(objects[Access.PRIVATE]) // 3


async def a_listing(make_desk: MakeDesk, **configuration: object) -> Desk:
    source = PhotoSource()
    source.add("L1", 2)
    desk = await make_desk(source, maxRemovalShare=1, **configuration)
    await desk.sync()
    await desk.work()
    return desk


@pytest.mark.parametrize(
    ("permission", "when_null", "public"),
    [
        (("Public",), False, True),
        (("IDX",), False, True),
        (("VOW", "IDX"), False, True),
        (("Private",), False, False),
        (("Office Only",), True, False),
        ((), True, False),
        (None, False, False),
        (None, True, True),
    ],
)
async def test_a_photos_permission_decides(
    make_desk: MakeDesk, permission: tuple[str, ...] | None, *, when_null: bool, public: bool
) -> None:
    source = PhotoSource()
    source.add("L1", 1, permission=permission)
    desk = await make_desk(source, display={"photoDisplayWhenNull": when_null})
    await desk.sync()
    await desk.work()
    assert await places(desk) == ((1, 0) if public else (0, 1))
    (photo,) = await desk.media("L1")
    assert str(photo["variants"]).count("/media/public/" if public else "/media/private/") == 3
    assert len(await desk.media("L1", "public")) == public


@pytest.mark.parametrize(
    "change",
    [
        {"InternetEntireListingDisplayYN": False},
        {"StandardStatus": "Withdrawn"},
        {"PropertyType": "Land"},  # out of the provider's scope
    ],
)
async def test_a_listing_no_longer_displayable_loses_its_public_photos_and_gets_them_back(
    make_desk: MakeDesk, change: dict[str, object]
) -> None:
    desk = await a_listing(make_desk, scope={"propertyTypes": ["Residential"]})
    assert await places(desk) == (2, 0)
    desk.source.listed["L1"] = {"ModificationTimestamp": LATER, **change}
    await desk.sync()
    await desk.exposure.settle()
    assert await places(desk) == (0, 2)
    assert "/media/private/" in str(await desk.media("L1"))
    desk.source.listed["L1"] = {"ModificationTimestamp": "2026-01-03T00:00:00Z"}
    await desk.sync()
    await desk.exposure.settle()
    assert await places(desk) == (2, 0)
    assert "/media/private/" not in str(await desk.media("L1"))
    assert len(desk.source.served) == 2, "nothing was fetched for it"


async def test_a_removed_listing_keeps_its_photos_in_private_and_shows_them_again_when_it_returns(
    make_desk: MakeDesk,
) -> None:
    desk = await a_listing(make_desk)
    album = desk.source.albums.pop("L1")
    await desk.sync()
    await desk.exposure.settle()
    assert await places(desk) == (0, 2)
    desk.source.albums["L1"] = album
    await desk.sync()
    await desk.work()
    assert await places(desk) == (2, 0)


async def test_under_erase_a_removed_listing_leaves_nothing_in_the_store(make_desk: MakeDesk) -> None:
    desk = await a_listing(make_desk, retention="erase")
    del desk.source.albums["L1"]
    await desk.sync()
    await desk.exposure.settle()
    assert await places(desk) == (0, 0)
    assert await desk.rows("SELECT FROM media_blobs") == []


async def test_an_archived_provider_hides_its_photos_and_a_purged_one_has_none(make_desk: MakeDesk) -> None:
    desk = await a_listing(make_desk)
    async with desk.database.transaction() as connection:
        await archive_provider(connection, PROVIDER, COMMAND_LINE, desk.clock.now())
    await desk.exposure.settle()
    assert await places(desk) == (0, 2)
    await purge_provider(desk.database, PROVIDER, COMMAND_LINE, desk.clock.now())
    await desk.exposure.settle()
    assert await places(desk) == (0, 0)


async def test_other_display_rules_move_what_they_change_once_the_documents_are_rebuilt(make_desk: MakeDesk) -> None:
    desk = await a_listing(make_desk)
    await desk.run_sql(
        'UPDATE mls_provider_configurations SET display = display || \'{"statuses": ["Closed"], "copyright": "x"}\''
    )
    await desk.run_sql("UPDATE properties SET public_document = NULL, document_version = 'withdrawn'")
    await desk.exposure.settle()
    assert await places(desk) == (2, 0), "what is being rebuilt is not known yet"
    async with desk.database.read() as connection:
        display = (await get_provider(connection, PROVIDER)).display_rules
    await rebuild_documents(desk.database, PROVIDER, display)
    await desk.exposure.settle()
    assert await places(desk) == (0, 2)


async def test_a_permission_withdrawn_from_one_photo_hides_that_one(make_desk: MakeDesk) -> None:
    desk = await a_listing(make_desk)
    photos = desk.source.albums["L1"]
    photos[1] = replace(photos[1], permission=("Private",))
    desk.source.listed["L1"] = {"ModificationTimestamp": LATER}
    await desk.sync()
    await desk.work()
    assert await places(desk) == (1, 1)
    assert len(desk.source.served) == 2


async def test_what_nobody_recorded_and_what_nobody_knows_is_cleared_in_two_steps(make_desk: MakeDesk) -> None:
    desk = await a_listing(make_desk)
    left_over = await desk.blobs.keep(desk.source.albums["L1"][0].content + b"\0", is_public=True)
    stray = "ab/cd/abcd" + "0" * 36 + "-large.webp"
    await desk.storage.put(stray, b"bytes", Access.PUBLIC)
    await desk.run_sql("INSERT INTO media_blobs (id, state, created_at) VALUES ('half', 'making', now())")
    desk.clock.ahead[0] = timedelta(hours=2)
    await desk.clear(search_store=True)
    ids = {row["id"] for row in await desk.rows("SELECT id FROM media_blobs WHERE unused_since IS NOT NULL")}
    assert ids == {left_over, "abcd" + "0" * 36, "half"}
    assert await places(desk) == (2, 1), "no longer public, not yet gone (the stray is a third of a picture)"
    desk.clock.ahead[0] = timedelta(hours=51)
    await desk.clear()
    assert await places(desk) == (2, 0)
    assert {access: len(names) for access, names in (await desk.objects()).items()} == {
        Access.PUBLIC: 6,
        Access.PRIVATE: 0,
    }
    assert len(await desk.rows("SELECT FROM media_blobs")) == 2


async def test_what_was_to_go_stays_when_somebody_shows_it_again(make_desk: MakeDesk) -> None:
    desk = await a_listing(make_desk)
    kept = desk.source.albums["L1"].pop()
    desk.source.listed["L1"] = {"ModificationTimestamp": LATER}
    await desk.sync()
    await desk.work()
    desk.clock.ahead[0] = timedelta(hours=40)
    desk.source.albums["L1"].append(replace(kept, modified=LATER))
    desk.source.listed["L1"] = {"ModificationTimestamp": "2026-01-03T00:00:00Z"}
    await desk.sync()
    await desk.work()
    desk.clock.ahead[0] = timedelta(hours=80)
    await desk.clear()
    assert await places(desk) == (2, 0)


@asynccontextmanager
async def cloudfront(desk: Desk, moto: S3Server, distribution: str) -> AsyncGenerator[None]:
    """Let a desk's exposure speak to moto's CloudFront."""
    async with Transport.open(desk.database, desk.clock) as transport:
        client = transport.for_service("cdn", max_attempts=1)
        cdn = Cdn(
            client, desk.clock, distribution=distribution, login=AwsCredentials("platbook", "secret"), endpoint=moto.url
        )
        desk.exposure = replace(desk.exposure, cdn=cdn)
        yield


@pytest.mark.parametrize("retention", ["keep", "erase"])
async def test_what_is_withdrawn_is_taken_back_from_the_cdn(
    make_desk: MakeDesk, moto: S3Server, retention: str
) -> None:
    desk = await a_listing(make_desk, retention=retention)
    public = sorted(f"/media/public/{name}" for name in (await desk.objects())[Access.PUBLIC])
    distribution = moto.make_distribution()
    async with cloudfront(desk, moto, distribution):
        del desk.source.albums["L1"]
        await desk.sync()
        await desk.exposure.settle()
    assert await places(desk) == ((0, 2) if retention == "keep" else (0, 0))
    assert moto.list_invalidated(distribution) == [public], "all at once, not picture by picture"


async def test_a_cdn_that_refuses_hides_no_photo_later_and_is_asked_again(make_desk: MakeDesk, moto: S3Server) -> None:
    desk = await a_listing(make_desk)
    async with cloudfront(desk, moto, "NOWHERE"):
        desk.source.listed["L1"] = {"ModificationTimestamp": LATER, "StandardStatus": "Withdrawn"}
        await desk.sync()
        with capture_logs() as logged:
            await desk.exposure.settle()
    assert await places(desk) == (0, 2)
    assert "check distribution" in str(logged)
    async with desk.database.read() as connection:
        assert (await get_store_status(connection)).recalls == 6
    distribution = moto.make_distribution()
    async with cloudfront(desk, moto, distribution):
        await desk.exposure.settle()
    assert [len(paths) for paths in moto.list_invalidated(distribution)] == [6]
    async with desk.database.read() as connection:
        assert (await get_store_status(connection)).recalls == 0


async def test_new_public_photos_are_asked_for_at_the_cdn_and_no_others(make_desk: MakeDesk, moto: S3Server) -> None:
    source = PhotoSource()
    source.add("L1", 2)
    source.albums["L1"][1].permission = ("Private",)
    desk = await make_desk(source)
    async with crafted_source(reply()) as edge, Transport.open(desk.database, desk.clock) as transport:
        desk.keep_in(moto.make_bucket("warmed").open(aws_cloudfront_url=edge.base))
        desk.batches = replace(desk.batches, cdn=Cdn(transport.for_service("cdn", max_attempts=1), desk.clock))
        await desk.sync()
        await desk.work()
    objects = await desk.objects()
    assert sorted(edge.targets) == sorted(f"/public/{name}" for name in objects[Access.PUBLIC])
    assert (len(objects[Access.PUBLIC]), len(objects[Access.PRIVATE])) == (3, 3)
