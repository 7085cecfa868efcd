"""A stored photo is public only while its listing and its own permission allow it; all others need a signed URL."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from platbook.base.actor import COMMAND_LINE
from platbook.listings.rebuild import rebuild_documents
from platbook.listings.rebuild.expiry import withdraw_expired
from platbook.media.reports import get_store_status
from platbook.storage import Access, Cdn
from platbook.storage.aws_signing import AwsCredentials
from platbook.sync.setup.providers import archive_provider
from platbook.sync.setup.purge import purge_provider
from platbook.transport import Transport
from tests.fakes.photo_source import PhotoSource
from tests.media.conftest import PROVIDER, MakePhotoRig, PhotoRig
from tests.storage.servers import S3Server
from tests.transport.crafted_source import crafted_source, reply

LATER = "2026-01-02T00:00:00Z"


async def count_pictures(rig: PhotoRig) -> tuple[int, int]:
    """How many pictures are public, and how many are private."""
    objects = await rig.objects()
    return len(objects[Access.PUBLIC]) // 3, len(objects[Access.PRIVATE]) // 3


async def store_listing(make_photo_rig: MakePhotoRig, **configuration: object) -> PhotoRig:
    source = PhotoSource()
    source.add("L1", 2)
    rig = await make_photo_rig(source, maxRemovalShare=1, **configuration)
    await rig.sync()
    await rig.work()
    return rig


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
    make_photo_rig: MakePhotoRig, permission: tuple[str, ...] | None, *, when_null: bool, public: bool
) -> None:
    source = PhotoSource()
    source.add("L1", 1, permission=permission)
    rig = await make_photo_rig(source, display={"photoDisplayWhenNull": when_null})
    await rig.sync()
    await rig.work()
    assert await count_pictures(rig) == ((1, 0) if public else (0, 1))
    (photo,) = await rig.media("L1")
    assert str(photo["variants"]).count("/media/public/" if public else "/media/private/") == 3
    assert len(await rig.media("L1", "public")) == public


@pytest.mark.parametrize(
    "change",
    [
        {"InternetEntireListingDisplayYN": False},
        {"StandardStatus": "Withdrawn"},
        {"PropertyType": "Land"},  # out of the provider's scope
    ],
)
async def test_a_listing_no_longer_displayable_loses_its_public_photos_and_gets_them_back(
    make_photo_rig: MakePhotoRig, change: dict[str, object]
) -> None:
    rig = await store_listing(make_photo_rig, scope={"propertyTypes": ["Residential"]})
    assert await count_pictures(rig) == (2, 0)
    rig.source.listed["L1"] = {"ModificationTimestamp": LATER, **change}
    await rig.sync()
    await rig.visibility.process_checks()
    assert await count_pictures(rig) == (0, 2)
    assert "/media/private/" in str(await rig.media("L1"))
    rig.source.listed["L1"] = {"ModificationTimestamp": "2026-01-03T00:00:00Z"}
    await rig.sync()
    await rig.visibility.process_checks()
    assert await count_pictures(rig) == (2, 0)
    assert "/media/private/" not in str(await rig.media("L1"))
    assert len(rig.source.served) == 2, "nothing was fetched for it"


async def test_a_removed_listing_keeps_its_photos_in_private_and_shows_them_again_when_it_returns(
    make_photo_rig: MakePhotoRig,
) -> None:
    rig = await store_listing(make_photo_rig)
    photos = rig.source.albums.pop("L1")
    await rig.sync()
    await rig.visibility.process_checks()
    assert await count_pictures(rig) == (0, 2)
    rig.source.albums["L1"] = photos
    await rig.sync()
    await rig.work()
    assert await count_pictures(rig) == (2, 0)


async def test_under_retention_erase_a_removed_listing_leaves_nothing_in_the_store(
    make_photo_rig: MakePhotoRig,
) -> None:
    rig = await store_listing(make_photo_rig, retention="erase")
    del rig.source.albums["L1"]
    await rig.sync()
    await rig.visibility.process_checks()
    assert await count_pictures(rig) == (0, 0)
    assert await rig.rows("SELECT FROM media_blobs") == []


async def test_a_check_queued_after_an_erasure_does_not_delay_it(make_photo_rig: MakePhotoRig) -> None:
    rig = await store_listing(make_photo_rig, retention="erase")
    (blob, *_) = await rig.rows("SELECT id FROM media_blobs")
    del rig.source.albums["L1"]
    await rig.sync()
    await rig.run_sql("INSERT INTO media_checks (blob_id) VALUES (%(id)s)", id=blob["id"])
    await rig.visibility.process_checks()
    assert await rig.rows("SELECT FROM media_blobs") == []


async def test_an_archived_provider_hides_its_photos_and_a_purged_one_has_none(make_photo_rig: MakePhotoRig) -> None:
    rig = await store_listing(make_photo_rig)
    async with rig.database.transaction() as connection:
        await archive_provider(connection, PROVIDER, COMMAND_LINE, rig.clock.now())
    await rig.visibility.process_checks()
    assert await count_pictures(rig) == (0, 2)
    await purge_provider(rig.database, PROVIDER, COMMAND_LINE, rig.clock.now())
    await rig.visibility.process_checks()
    assert await count_pictures(rig) == (0, 0)


async def test_other_display_rules_move_what_they_change_once_the_documents_are_rebuilt(
    make_photo_rig: MakePhotoRig,
) -> None:
    rig = await store_listing(make_photo_rig)
    await rig.run_sql('UPDATE display_rules SET settings = settings || \'{"statuses": ["Closed"], "copyright": "x"}\'')
    await rig.run_sql("UPDATE properties SET public_document = NULL, document_version = 'withdrawn'")
    await rig.visibility.process_checks()
    assert await count_pictures(rig) == (2, 0), "undecided while documents are being rebuilt"
    await rebuild_documents(rig.database, rig.clock, PROVIDER)
    await rig.visibility.process_checks()
    assert await count_pictures(rig) == (0, 2)


async def test_a_permission_withdrawn_from_one_photo_hides_that_one(make_photo_rig: MakePhotoRig) -> None:
    rig = await store_listing(make_photo_rig)
    photos = rig.source.albums["L1"]
    photos[1] = replace(photos[1], permission=("Private",))
    rig.source.listed["L1"] = {"ModificationTimestamp": LATER}
    await rig.sync()
    await rig.work()
    assert await count_pictures(rig) == (1, 1)
    assert len(rig.source.served) == 2


async def test_unrecorded_pictures_and_orphaned_objects_are_deleted_in_two_steps(make_photo_rig: MakePhotoRig) -> None:
    rig = await store_listing(make_photo_rig)
    left_over = await rig.blobs.store(rig.source.albums["L1"][0].content + b"\0", is_public=True)
    orphan = "ab/cd/abcd" + "0" * 36 + "-large.webp"
    await rig.storage.put(orphan, b"bytes", Access.PUBLIC)
    await rig.run_sql("INSERT INTO media_blobs (id, state, created_at) VALUES ('half', 'making', now())")
    rig.clock.ahead[0] = timedelta(hours=2)
    await rig.clean_up(scan_store=True)
    ids = {row["id"] for row in await rig.rows("SELECT id FROM media_blobs WHERE unused_since IS NOT NULL")}
    assert ids == {left_over, "abcd" + "0" * 36, "half"}
    assert await count_pictures(rig) == (2, 1), "no longer public, not yet gone (the orphan is a third of a picture)"
    rig.clock.ahead[0] = timedelta(hours=51)
    await rig.clean_up()
    assert await count_pictures(rig) == (2, 0)
    assert {access: len(names) for access, names in (await rig.objects()).items()} == {
        Access.PUBLIC: 6,
        Access.PRIVATE: 0,
    }
    assert len(await rig.rows("SELECT FROM media_blobs")) == 2


async def test_an_unused_picture_that_is_used_again_is_not_deleted(make_photo_rig: MakePhotoRig) -> None:
    rig = await store_listing(make_photo_rig)
    kept = rig.source.albums["L1"].pop()
    rig.source.listed["L1"] = {"ModificationTimestamp": LATER}
    await rig.sync()
    await rig.work()
    rig.clock.ahead[0] = timedelta(hours=40)
    rig.source.albums["L1"].append(replace(kept, modified=LATER))
    rig.source.listed["L1"] = {"ModificationTimestamp": "2026-01-03T00:00:00Z"}
    await rig.sync()
    await rig.work()
    rig.clock.ahead[0] = timedelta(hours=80)
    await rig.clean_up()
    assert await count_pictures(rig) == (2, 0)


@asynccontextmanager
async def cloudfront(rig: PhotoRig, moto: S3Server, distribution: str) -> AsyncGenerator[None]:
    """Let the rig invalidate at moto's CloudFront."""
    async with Transport.open(rig.database, rig.clock) as transport:
        client = transport.for_service("cdn", max_attempts=1)
        cdn = Cdn(
            client,
            rig.clock,
            distribution=distribution,
            credentials=AwsCredentials("platbook", "secret"),
            endpoint=moto.url,
        )
        rig.visibility = replace(rig.visibility, cdn=cdn)
        yield


@pytest.mark.parametrize("retention", ["keep", "erase"])
async def test_withdrawn_photos_are_invalidated_at_the_cdn(
    make_photo_rig: MakePhotoRig, moto: S3Server, retention: str
) -> None:
    rig = await store_listing(make_photo_rig, retention=retention)
    public = sorted(f"/media/public/{name}" for name in (await rig.objects())[Access.PUBLIC])
    distribution = moto.make_distribution()
    async with cloudfront(rig, moto, distribution):
        del rig.source.albums["L1"]
        await rig.sync()
        await rig.visibility.process_checks()
    assert await count_pictures(rig) == ((0, 2) if retention == "keep" else (0, 0))
    assert moto.list_invalidated(distribution) == [public], "all at once, not picture by picture"


async def test_a_cdn_that_refuses_delays_no_withdrawal_and_is_retried(
    make_photo_rig: MakePhotoRig, moto: S3Server
) -> None:
    rig = await store_listing(make_photo_rig)
    async with cloudfront(rig, moto, "NOWHERE"):
        rig.source.listed["L1"] = {"ModificationTimestamp": LATER, "StandardStatus": "Withdrawn"}
        await rig.sync()
        with capture_logs() as logged:
            await rig.visibility.process_checks()
    assert await count_pictures(rig) == (0, 2)
    assert "check AWS_CLOUDFRONT_DISTRIBUTION_ID" in str(logged)
    async with rig.database.read() as connection:
        assert (await get_store_status(connection)).recalls == 6
    distribution = moto.make_distribution()
    async with cloudfront(rig, moto, distribution):
        await rig.visibility.process_checks()
    assert [len(paths) for paths in moto.list_invalidated(distribution)] == [6]
    async with rig.database.read() as connection:
        assert (await get_store_status(connection)).recalls == 0


async def test_the_cdn_is_warmed_with_new_public_photos_and_no_others(
    make_photo_rig: MakePhotoRig, moto: S3Server
) -> None:
    source = PhotoSource()
    source.add("L1", 2)
    source.albums["L1"][1].permission = ("Private",)
    rig = await make_photo_rig(source)
    async with crafted_source(reply()) as edge, Transport.open(rig.database, rig.clock) as transport:
        rig.use_storage(moto.make_bucket("warmed").open(aws_cloudfront_url=edge.base))
        rig.worker = replace(rig.worker, cdn=Cdn(transport.for_service("cdn", max_attempts=1), rig.clock))
        await rig.sync()
        await rig.work()
    objects = await rig.objects()
    assert sorted(edge.targets) == sorted(f"/public/{name}" for name in objects[Access.PUBLIC])
    assert (len(objects[Access.PUBLIC]), len(objects[Access.PRIVATE])) == (3, 3)


async def test_photos_of_a_sold_listing_are_public_until_its_time_is_over(make_photo_rig: MakePhotoRig) -> None:
    source = PhotoSource()
    source.add("L1", 2)
    source.listed["L1"] = {"StandardStatus": "Closed", "CloseDate": f"{datetime.now(UTC):%Y-%m-%d}"}
    rig = await make_photo_rig(source, display={"soldWithin": "P3D"})
    await rig.sync()
    await rig.work()
    assert await count_pictures(rig) == (2, 0)
    assert await withdraw_expired(rig.database, rig.clock) == 0

    rig.clock.ahead[0] = timedelta(days=3)
    assert await withdraw_expired(rig.database, rig.clock) == 1
    await rig.visibility.process_checks()
    assert await count_pictures(rig) == (0, 2)
    assert await rig.document("L1", "public") is None
