"""Stored photos by their address, over memory and, in a process of its own, over a folder."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from obstore.store import MemoryStore

from platbook.api.app import create_api
from platbook.base.clock import SystemClock
from platbook.base.settings import Settings
from platbook.db import SecretBox
from platbook.storage import Access, Storage, open_storage, to_content_name
from platbook.storage.bucket import Bucket
from platbook.storage.urls import OwnRouteUrls
from tests.api.conftest import Api
from tests.storage.servers import S3Server, TestBucket

PHOTO = b"RIFF0123WEBP" * 10
NAME = to_content_name(PHOTO, "webp")
PUBLIC = f"/media/public/{NAME}"
HOUR = timedelta(hours=1)
SECRET_KEY = "55" * 32


@pytest.fixture
async def storage(api: Api) -> Storage:
    """The API's storage, with one public photo and one private."""
    await api.services.storage.put(NAME, PHOTO, Access.PUBLIC)
    await api.services.storage.put("b/c.webp", b"private", Access.PRIVATE)
    return api.services.storage


async def test_a_public_photo_needs_no_login_and_is_kept_for_ever(api: Api, storage: Storage) -> None:
    assert storage.public_url(NAME) == PUBLIC
    answer = await api.call("GET", PUBLIC, who=None)
    assert (answer.status_code, answer.content) == (200, PHOTO)
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable, s-maxage=86400"
    assert answer.headers["etag"] == f'"{NAME.rpartition("/")[2]}"'
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"


class Moved:
    """The other stores of a storage: one bucket."""

    def __init__(self, bucket: Storage) -> None:
        self.bucket = bucket

    async def open(self, store_id: int) -> Storage:
        """The bucket."""
        assert store_id == 2
        return self.bucket


async def test_the_url_of_a_photo_that_was_moved_leads_to_where_it_is(api: Api) -> None:
    bucket = TestBucket(S3Server("https://s3.example.com"), "photos").open()
    here = Storage(Bucket(MemoryStore()), OwnRouteUrls(b"k" * 32, api.clock), others=Moved(bucket))
    asgi = httpx2.ASGITransport(create_api(replace(api.services, storage=here)))
    blob_id = "ab" * 20
    name = f"ab/ab/{blob_id}-large.webp"
    await api.run_sql(
        "INSERT INTO media_blobs (id, state, is_public, created_at, store_id) "
        "VALUES (%(id)s, 'stored', true, now(), 2)",
        id=blob_id,
    )
    (private,) = await here.sign_urls([name], HOUR)
    async with httpx2.AsyncClient(transport=asgi, base_url="http://platbook.test") as client:
        moved = await client.get(f"/media/public/{name}")
        assert (moved.status_code, moved.headers["location"]) == (302, f"https://s3.example.com/photos/public/{name}")
        assert moved.headers["cache-control"] == "no-store"
        assert (await client.get(private)).status_code == 404, "it is public, and was private when it was signed"
        await api.run_sql("UPDATE media_blobs SET is_public = false")
        assert (await client.get(f"/media/public/{name}")).status_code == 404
        signed = await client.get(private)
    assert signed.status_code == 302
    assert signed.headers["location"].startswith(f"https://s3.example.com/photos/private/{name}?X-Amz-Algorithm")


@pytest.mark.usefixtures("storage")
async def test_head_tells_what_get_would_without_the_bytes(api: Api) -> None:
    got, looked = await api.call("GET", PUBLIC, who=None), await api.call("HEAD", PUBLIC, who=None)
    assert (looked.status_code, looked.content) == (200, b"")
    kept = {"content-length", "content-type", "etag", "cache-control", "last-modified", "accept-ranges"}
    assert {name: looked.headers[name] for name in kept} == {name: got.headers[name] for name in kept}
    assert looked.headers["content-length"] == str(len(PHOTO))


@pytest.mark.usefixtures("storage")
async def test_who_has_the_photo_is_not_sent_it_again(api: Api) -> None:
    etag = (await api.call("HEAD", PUBLIC, who=None)).headers["etag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = await api.call("GET", PUBLIC, who=None, headers={"If-None-Match": known})
        assert (answer.status_code, answer.content) == (304, b""), known
        assert answer.headers["etag"] == etag
    other = await api.call("GET", PUBLIC, who=None, headers={"If-None-Match": '"other"'})
    assert other.status_code == 200


@pytest.mark.usefixtures("storage")
async def test_a_part_is_sent_where_one_is_asked_for(api: Api) -> None:
    for asked, status, part, told in (
        ("bytes=0-9", 206, slice(0, 10), "bytes 0-9/120"),
        ("bytes=100-", 206, slice(100, 120), "bytes 100-119/120"),
        ("bytes=100-999", 206, slice(100, 120), "bytes 100-119/120"),
        ("bytes=-20", 206, slice(100, 120), "bytes 100-119/120"),
        ("bytes=-999", 206, slice(0, 120), "bytes 0-119/120"),
        ("bytes=120-", 416, slice(0, 0), "bytes */120"),
        ("bytes=-0", 416, slice(0, 0), "bytes */120"),
        ("bytes=9-3", 200, slice(0, 120), None),
        ("bytes=0-1,4-5", 200, slice(0, 120), None),
        ("pixels=0-1", 200, slice(0, 120), None),
        ("bytes=-", 200, slice(0, 120), None),
    ):
        answer = await api.call("GET", PUBLIC, who=None, headers={"Range": asked})
        assert (answer.status_code, answer.content) == (status, PHOTO[part]), asked
        assert answer.headers.get("content-range") == told, asked


@pytest.mark.usefixtures("storage")
async def test_a_part_of_another_version_is_not_mixed_in(api: Api) -> None:
    headers = {"Range": "bytes=0-9", "If-Range": '"other"'}
    assert (await api.call("GET", PUBLIC, who=None, headers=headers)).content == PHOTO


async def test_a_private_photo_is_for_who_holds_a_signed_address_that_is_still_good(api: Api, storage: Storage) -> None:
    (signed,) = await storage.sign_urls(["b/c.webp"], HOUR)
    for method in ("GET", "HEAD"):
        answer = await api.call(method, signed, who=None)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert (await api.call("GET", signed, who=None)).content == b"private"
    api.clock.advance(HOUR - timedelta(seconds=1))
    assert (await api.call("GET", signed, who=None)).status_code == 200
    api.clock.advance(timedelta(seconds=1))
    assert (await api.call("GET", signed, who=None)).status_code == 403


async def test_a_private_photo_without_its_signature_is_refused_to_anybody(api: Api, storage: Storage) -> None:
    await storage.put("b/d.webp", b"another", Access.PRIVATE)
    (signed,) = await storage.sign_urls(["b/c.webp"], HOUR)
    plain, _, query = signed.partition("?")
    expires, signature = (part.partition("=")[2] for part in query.split("&"))
    later = int(expires) + 1
    for address in (
        plain,
        "/media/private/never/was.webp",
        f"/media/private/b/d.webp?{query}",
        f"{plain}?expires={later}&signature={signature}",
        f"{plain}?expires={expires}&signature={'0' * len(signature)}",
        f"{plain}?expires={expires}&signature=ü",
        f"{plain}?expires={expires}",
        f"{plain}?signature={signature}",
        f"/media/private/../private/b/c.webp%00?{query}",
    ):
        for who in (None, "admin@example.com"):
            answer = await api.call("GET", address, who=who)
            assert answer.status_code in {400, 403}, address
            assert not answer.content.startswith(b"private")
    assert (await api.call("GET", "/media/public/b/c.webp", who=None)).status_code == 404


OUTSIDE = [
    "/media/public/../secret.key",
    "/media/public/../../secret.key",
    "/media/public/%2e%2e/%2e%2e/secret.key",
    "/media/public/..%2f..%2fsecret.key",
    "/media/public/..%5c..%5csecret.key",
    "/media/public//etc/hostname",
    "/media/public/%2fetc%2fhostname",
    "/media/notes/public/x.json",
    "/media/public/../notes/public/x.json",
    "/media/public/../private/b/c.webp",
    "/media/public/%2e%2e/private/b/c.webp",
    "/media/private/../../secret.key",
    "/media/public/",
    "/media/public/a%00b",
    "/media/public/" + "a" * 300,
    "/media/",
    "/media",
]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a folder of photos, and a secret beside it."""
    (tmp_path / "secret.key").write_text("secret")
    (tmp_path / "media/notes/public").mkdir(parents=True)
    (tmp_path / "media/notes/public/x.json").write_text('{"secret": 1}')
    return tmp_path


@pytest.fixture
def server(database_url: str, home: Path) -> Generator[http.client.HTTPConnection]:
    """The product as a process, and a client that sends a path as it stands."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    told = {"DATABASE_URL": database_url, "PLATBOOK_SECRET_KEY": SECRET_KEY, "PLATBOOK_HOME": str(home)}
    serve = [Path(sys.executable).with_name("platbook"), "serve", "--port", str(port)]
    with subprocess.Popen(serve, env={**os.environ, **told}, stdout=subprocess.DEVNULL) as process:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while not _answers(port) and process.poll() is None:
            time.sleep(0.05)
        yield client
        process.terminate()


async def test_a_folder_is_served_and_nothing_outside_it_is_reached(
    server: http.client.HTTPConnection, home: Path
) -> None:
    key = SecretBox.from_text(SECRET_KEY).derive("media-addresses")
    storage = open_storage(Settings(platbook_home=home), key, SystemClock())
    await storage.put(NAME, PHOTO, Access.PUBLIC)
    await storage.put("b/c.webp", b"private", Access.PRIVATE)
    (signed,) = await storage.sign_urls(["b/c.webp"], HOUR)
    assert _ask(server, storage.public_url(NAME)) == (200, PHOTO)
    assert _ask(server, signed) == (200, b"private")
    video = os.urandom(2 * 1024 * 1024 + 1)  # more than is sent from memory
    await storage.put("b/tour-file.mp4", video, Access.PUBLIC)
    await storage.put("b/plan-file.pdf", b"%PDF-", Access.PUBLIC)
    for part, expected in ((None, video), ("bytes=2000000-", video[2000000:]), ("bytes=5-1500000", video[5:1500001])):
        answer = _answer(server, "/media/public/b/tour-file.mp4", {} if part is None else {"Range": part})
        assert answer.status == (200 if part is None else 206)
        assert (answer.read(), answer.headers["content-type"]) == (expected, "video/mp4")
        assert answer.headers["content-disposition"] is None, "a video is shown in its page"
    document = _answer(server, "/media/public/b/plan-file.pdf", {})
    assert (document.read(), document.headers["content-type"]) == (b"%PDF-", "application/pdf")
    assert document.headers["content-disposition"] == 'attachment; filename="plan-file.pdf"'
    assert document.headers["x-content-type-options"] == "nosniff"
    for address in OUTSIDE:
        status, content = _ask(server, address)
        assert status in {400, 403, 404}, address
        assert b"secret" not in content, address
        assert not content.startswith(b"private"), address


def _ask(server: http.client.HTTPConnection, address: str) -> tuple[int, bytes]:
    answer = _answer(server, address, {})
    return answer.status, answer.read()


def _answer(server: http.client.HTTPConnection, address: str, headers: Mapping[str, str]) -> http.client.HTTPResponse:
    server.request("GET", address, headers=dict(headers))
    return server.getresponse()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
