"""Videos, documents and tours: linked to, or stored as they came, shown and withdrawn by the rules of their kind."""

import asyncio
import io
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import httpx2
import pytest
from PIL import Image

from platbook.base.actor import COMMAND_LINE
from platbook.base.errors import MediaRejected
from platbook.base.settings import Settings
from platbook.db import SecretBox
from platbook.listings.photos import to_photo_version
from platbook.media.file_kinds import NotAFile, find_file_kind
from platbook.media.moving import StoreMove
from platbook.media.photo_urls import PhotoUrls
from platbook.media.reports import get_store_status
from platbook.media.reprocessing import reprocess_photos
from platbook.providers.configuration import Configuration
from platbook.storage import FILE_TYPES, Access, StoreRegistry, leave_other_stores, open_storage
from platbook.sync.setup.providers import replace_provider
from tests.fakes.photo_source import PhotoSource, SourcePhoto, draw
from tests.media.conftest import PROVIDER, MakePhotoRig, PhotoRig
from tests.media.pictures import SAMPLES
from tests.storage.servers import S3Server

VIDEO = (SAMPLES / "tour.mp4").read_bytes()
PAGE = b"<!doctype html><title>A player</title>"
LATER, LATEST = "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"
STORED = {"videos": "store"}


def to_pdf() -> bytes:
    """A document of one page."""
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "white").save(out, "PDF")
    return out.getvalue()


def source_of(*files: tuple[str, bytes]) -> PhotoSource:
    """A listing with a photo, and then files by category."""
    source = PhotoSource()
    source.albums["L1"] = [SourcePhoto("photo", draw(1))]
    for at, (category, content) in enumerate(files):
        one = SourcePhoto(f"file-{at}", content, category=category)
        source.albums["L1"].append(one)
    return source


async def store(make_photo_rig: MakePhotoRig, source: PhotoSource, **configuration: object) -> PhotoRig:
    media = {**STORED, **cast("dict[str, object]", configuration.pop("media", {}))}
    rig = await make_photo_rig(source, media=media, maxRemovalShare=1, **configuration)
    await rig.sync()
    await rig.work()
    return rig


async def file_of(rig: PhotoRig, kind: str = "internal", at: int = 1) -> dict[str, object]:
    """A stored file as in a listing's document."""
    return cast("dict[str, object]", (await rig.media("L1", kind))[at]["file"])


async def files(rig: PhotoRig) -> dict[Access, int]:
    """How many files are public and private."""
    return {access: sum("-file." in name for name in names) for access, names in (await rig.objects()).items()}


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (VIDEO, "mp4"),
        ((SAMPLES / "tour.mov").read_bytes(), "mov"),
        ((SAMPLES / "tour.webm").read_bytes(), "webm"),
        ((SAMPLES / "phone.heic").read_bytes(), "heic"),
        (to_pdf(), "pdf"),
        (draw(1), "jpeg"),
        (b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml" + bytes(40) + b"word/document.xml", "docx"),
        (b"PK\x03\x04" + bytes(26) + b"floor.txt", "zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(9), "doc"),
        (b"{\\rtf1 a}", "rtf"),
        ("Année".encode()[:4], "txt"),
        (b"\x00\x01\x02", "bin"),
    ],
)
def test_a_file_is_known_by_its_bytes(content: bytes, kind: str) -> None:
    assert find_file_kind(content[:4096]) == kind
    assert kind in FILE_TYPES


@pytest.mark.parametrize(
    "content", [PAGE, b"\n<html>", b"<svg xmlns='x'/>", b"<?xml version='1.0'?><a/>", b'{"error": 1}']
)
def test_a_page_is_no_file(content: bytes) -> None:
    with pytest.raises(NotAFile):
        find_file_kind(content)


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(MediaRejected, match="the file is empty"):
        find_file_kind(b"")


async def test_videos_and_documents_are_stored_as_they_came_and_pages_are_linked_to(
    make_photo_rig: MakePhotoRig,
) -> None:
    pdf = to_pdf()
    source = source_of(
        ("Video", VIDEO), ("Document", pdf), ("Unbranded Virtual Tour", PAGE), ("BrandedVirtualTour", PAGE)
    )
    rig = await store(make_photo_rig, source)
    assert await rig.states() == {"stored": 3, "linked": 2}
    internal, public = await rig.media("L1"), await rig.media("L1", "public")
    assert all(str(one["sourceUrl"]).startswith(source.base) for one in internal[1:]), "staff have every address"
    assert internal[3]["reason"] == "an HTML page is no file that can be stored"
    assert [bool(one["sourceUrl"]) for one in public] == [False, False, False, True, False]
    assert [one.get("file") for one in public] == [one.get("file") for one in internal]
    video, document = await file_of(rig), await file_of(rig, at=2)
    for one, content, kind in ((video, VIDEO, "video/mp4"), (document, pdf, "application/pdf")):
        stored = await rig.storage.get(str(one["url"]).removeprefix("/media/public/"), Access.PUBLIC)
        assert (stored.content, stored.info.attributes.content_type) == (content, kind)
        assert (one["contentType"], one["bytes"]) == (kind, len(content))
    disposition = stored.info.attributes.content_disposition
    assert disposition == f'attachment; filename="{str(document["url"]).rpartition("/")[2]}"'
    async with rig.database.read() as connection:
        status = await get_store_status(connection)
    assert (status.pictures, status.files, status.public) == (1, 2, 3)
    assert await rig.rows("SELECT FROM findings") == []


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"InternetAddressDisplayYN": False}, {"document": True, "file": False, "sourceUrl": False}),
        ({"InternetEntireListingDisplayYN": False}, {"document": False, "file": False, "sourceUrl": False}),
    ],
    ids=["the address is hidden", "the listing is hidden"],
)
async def test_a_stored_video_is_withdrawn_with_what_it_shows(
    make_photo_rig: MakePhotoRig, change: dict[str, object], shown: dict[str, bool]
) -> None:
    source = source_of(("Video", VIDEO))
    rig = await store(make_photo_rig, source)
    assert await files(rig) == {Access.PUBLIC: 1, Access.PRIVATE: 0}
    source.listed["L1"] = {"ModificationTimestamp": LATER, **change}
    await rig.sync()
    await rig.visibility.process_checks()
    assert await files(rig) == {Access.PUBLIC: 0, Access.PRIVATE: 1}
    public = await rig.media("L1", "public")
    assert bool(public) is shown["document"]
    assert all("file" not in one and one["sourceUrl"] is None for one in public)
    assert str((await file_of(rig))["url"]).startswith("/media/private/")
    source.listed["L1"] = {"ModificationTimestamp": LATEST}
    await rig.sync()
    await rig.visibility.process_checks()
    assert await files(rig) == {Access.PUBLIC: 1, Access.PRIVATE: 0}
    assert await file_of(rig, "public") == await file_of(rig)


@pytest.mark.parametrize("category", ["Branded Virtual Tour", "Virtual Tour"])
async def test_a_tour_that_is_not_called_unbranded_is_stored_for_staff(
    make_photo_rig: MakePhotoRig, category: str
) -> None:
    rig = await store(make_photo_rig, source_of((category, VIDEO)))
    assert await files(rig) == {Access.PUBLIC: 0, Access.PRIVATE: 1}
    assert "file" not in (await rig.media("L1", "public"))[1]
    assert str((await file_of(rig))["url"]).startswith("/media/private/")


async def test_a_file_goes_with_its_listing(make_photo_rig: MakePhotoRig) -> None:
    source = source_of(("Video", VIDEO))
    rig = await store(make_photo_rig, source, retention="erase")
    source.albums.clear()
    source.add("L2", 1)
    await rig.sync()
    await rig.work()
    assert await files(rig) == {Access.PUBLIC: 0, Access.PRIVATE: 0}


@pytest.mark.parametrize(
    ("media", "content", "state", "reason"),
    [
        ({"maxBytes": 2048}, VIDEO, "linked", "is larger than 2048 bytes"),
        ({"privateAddresses": False}, VIDEO, "waiting", "refused unless media.privateAddresses is set"),
        ({}, b"", "waiting", "the file is empty"),
    ],
    ids=["too large", "an address of this machine", "empty"],
)
async def test_a_file_is_fetched_within_the_limits_of_photos(
    make_photo_rig: MakePhotoRig, media: dict[str, object], content: bytes, state: str, reason: str
) -> None:
    rig = await store(make_photo_rig, source_of(("Video", content)), media=media)
    video = (await rig.media("L1"))[1]
    assert (video["state"], "file" in video) == (state, False)
    assert reason in str(video["reason"])
    assert await files(rig) == {Access.PUBLIC: 0, Access.PRIVATE: 0}


async def test_the_setting_may_change(make_photo_rig: MakePhotoRig) -> None:
    source = source_of(("Video", VIDEO))
    rig = await make_photo_rig(source)
    await rig.sync()
    await rig.work()
    assert await rig.states() == {"stored": 1, "linked": 1}
    await set_media(rig, videos="store")
    assert await rig.states() == {"stored": 1, "waiting": 1}
    await rig.visibility.process_checks()
    assert (await rig.media("L1", "public"))[1]["sourceUrl"] is None, "it is to be shown from here"
    await rig.work()
    assert await rig.states() == {"stored": 2}
    await set_media(rig, videos="link")
    assert await rig.states() == {"stored": 2}, "what is stored stays until there is another version"
    source.albums["L1"][1] = replace(source.albums["L1"][1], modified=LATER)
    source.listed["L1"] = {"ModificationTimestamp": LATER}
    await rig.sync()
    await rig.visibility.process_checks()
    assert await rig.states() == {"stored": 1, "linked": 1}
    (_, video) = await rig.media("L1", "public")
    assert (str(video["sourceUrl"]).startswith(source.base), "file" in video) == (True, False)
    assert await files(rig) == {Access.PUBLIC: 0, Access.PRIVATE: 1}, "no photo uses it any more"


async def set_media(rig: PhotoRig, **media: object) -> None:
    values = {"providerId": PROVIDER, "providerName": "The Board", "providerType": "PHOTOS", "maxRemovalShare": 1}
    configuration = Configuration.model_validate({**values, "media": {"privateAddresses": True, **media}})
    async with rig.database.transaction() as connection:
        await replace_provider(connection, rig.worker.box, configuration, COMMAND_LINE, rig.clock.now())


async def test_what_was_too_large_is_fetched_once_the_maximum_is_greater(make_photo_rig: MakePhotoRig) -> None:
    rig = await store(make_photo_rig, source_of(("Video", VIDEO)), media={"maxBytes": 2048})
    assert (await rig.media("L1"))[1]["state"] == "linked"
    await set_media(rig, videos="store", maxBytes=4096)
    await rig.work()
    assert (await rig.media("L1"))[1]["state"] == "stored"


async def test_a_photo_that_becomes_a_video_is_fetched_anew(make_photo_rig: MakePhotoRig) -> None:
    source = source_of()
    source.etags = True
    rig = await store(make_photo_rig, source)
    source.albums["L1"][0] = replace(source.albums["L1"][0], category="Video")
    source.listed["L1"] = {"ModificationTimestamp": LATER}
    await rig.sync()
    await rig.work()
    assert (await file_of(rig, at=0))["contentType"] == "image/jpeg"


async def test_the_address_of_a_link_follows_the_source(make_photo_rig: MakePhotoRig) -> None:
    source = source_of(("Video", VIDEO))
    source.addresses["file-0"] = "https://player.example.com/watch?v=1"
    rig = await make_photo_rig(source)
    await rig.sync()
    source.addresses["file-0"] = "https://player.example.com/watch?v=2"
    await rig.sync()
    (_, video) = await rig.media("L1", "public")
    assert video["sourceUrl"] == "https://player.example.com/watch?v=2"
    ref = source.refs("L1", fresh=False)[1]
    assert to_photo_version(replace(ref, modified=None), None) == "https://player.example.com/watch?v=2"


async def test_a_file_moves_to_a_bucket_and_is_served_there_in_parts(
    make_photo_rig: MakePhotoRig, moto: S3Server, tmp_path: Path
) -> None:
    content = VIDEO + bytes(range(256)) * (8 * 4096)  # larger than one part of an upload
    rig = await store(make_photo_rig, source_of(("Video", content), ("Document", to_pdf())))
    bucket = moto.make_bucket("files")
    registry = StoreRegistry(rig.database, SecretBox(b"k" * 32), tmp_path, b"k" * 32, rig.clock)
    folder = await registry.register(bucket.settings(platbook_home=tmp_path, aws_s3_enabled=False))
    for name in (await rig.objects())[Access.PUBLIC]:
        await folder.put(name, (await rig.storage.get(name, Access.PUBLIC)).content, Access.PUBLIC)
    storage = await registry.register(bucket.settings(platbook_home=tmp_path))
    async with rig.database.transaction() as connection:
        await leave_other_stores(connection, storage.store_id)
    assert await StoreMove(rig.database, storage, rig.clock, timedelta(hours=48)).run_batch() == 3
    rig.use_storage(storage)
    await rig.visibility.process_checks()
    document = (await rig.rows("SELECT public_document FROM properties"))[0]["public_document"]
    urls = await PhotoUrls(storage).fill(str(document).encode(), rig.clock.now())
    async with httpx2.AsyncClient() as client:
        for kind, disposition in (("mp4", None), ("pdf", "attachment; filename=")):
            (url,) = [text for text in urls.decode().split('"') if text.endswith(f"-file.{kind}")]
            whole = await client.get(url)
            part = await client.get(url, headers={"Range": "bytes=4-7"})
            assert whole.headers["content-type"] == FILE_TYPES[kind]
            assert str(whole.headers.get("content-disposition")).startswith(str(disposition))
            assert (part.status_code, part.content) == (206, whole.content[4:8])
            assert kind != "mp4" or whole.content == content


async def test_a_change_of_formats_leaves_files_alone(make_photo_rig: MakePhotoRig) -> None:
    rig = await store(make_photo_rig, source_of(("Video", VIDEO)))
    blobs = replace(rig.blobs, spec=replace(rig.blobs.spec, quality=80))
    done = await reprocess_photos(blobs, PROVIDER, COMMAND_LINE, rig.clock.now())
    assert (done.remade, done.refetching) == (0, 1), "the photo alone, whose original is not kept"
    assert await rig.rows("SELECT media_key FROM property_media WHERE state = 'waiting'") == [{"media_key": "photo"}]


SIZE, PIECE = 160 * 1024 * 1024, 1024 * 1024
CLEAR_PEAK = "5"


@pytest.mark.soak
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_a_large_video_is_never_in_memory_as_a_whole(make_photo_rig: MakePhotoRig, tmp_path: Path) -> None:
    source = source_of(("Video", b""))
    async with sending(VIDEO, SIZE) as source.addresses["file-0"]:
        rig = await make_photo_rig(source, media={**STORED, "maxBytes": 200 * 1024 * 1024})
        rig.use_storage(open_storage(Settings(platbook_home=tmp_path), b"k" * 32, rig.clock))
        await rig.sync()
        before = reset_peak()
        await rig.work()
        assert (await file_of(rig))["bytes"] == SIZE
        assert read_peak() - before < 64 * 1024 * 1024


@asynccontextmanager
async def sending(start: bytes, size: int) -> AsyncGenerator[str]:
    """A server that sends one video piece by piece; its address."""

    async def send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (size, start))
        for at in range(len(start), size, PIECE):
            writer.write(bytes(min(PIECE, size - at)))
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(send, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/tour.mp4"
    finally:
        server.close()


def reset_peak() -> int:
    """Let the peak of this process's memory start from what it takes now; that, in bytes."""
    Path("/proc/self/clear_refs").write_text(CLEAR_PEAK)
    return read_peak()


def read_peak() -> int:
    """The peak of this process's memory in bytes."""
    (line,) = [one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmHWM")]
    return int(line.split()[1]) * 1024
