"""The deployment guide, followed by the letter on a fresh Debian: every command and file as it stands there."""

import json
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.deployment import debian
from tests.deployment.debian import PATIENCE, Room
from tests.deployment.guide import GUIDE, Step, read_chapter

pytestmark = pytest.mark.soak

WAITING_CURL = "curl --silent --output /dev/null --fail --retry 60 --retry-all-errors --retry-delay 1"
SITE = "https://listings.example.com"
PROVIDER = {
    "providerId": "board",
    "providerName": "A board",
    "providerType": "MOCK",
    "settings": {"listings": 5, "at": "2026-03-01T00:00:00Z"},
    "media": {"fetch": True},
}
MAKE_BUCKET = """
import sys, boto3
s3 = boto3.client("s3", endpoint_url=sys.argv[1], region_name="us-east-1", verify=sys.argv[2],
                  aws_access_key_id="access-key-id", aws_secret_access_key="secret-access-key")
s3.create_bucket(Bucket="photos")
s3.put_bucket_policy(Bucket="photos", Policy=sys.argv[3])
"""


def as_platbook(room: Room, arguments: str, *, stdin: str = "") -> str:
    return room.run(f"cd /var/lib/platbook && runuser -u platbook -- platbook {arguments}", stdin=stdin)


def follow(root: Path, room: Room, steps: list[Step], **environment: str) -> None:
    for step in steps:
        if step.file is None:
            room.run(step.text, **environment)
        else:
            (root / step.file.relative_to("/")).write_text(step.text)


def copy_sources(root: Path) -> None:
    """This repository as it is committed and changed here, at /opt/platbook."""
    sources = root / "opt/platbook"
    sources.mkdir()
    repository = GUIDE.parents[1]
    listed = subprocess.run(
        [debian.find("git"), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=repository,
        capture_output=True,
        check=True,
        text=True,
    )
    for name in listed.stdout.split("\0")[:-1]:
        if (repository / name).exists():
            (sources / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(repository / name, sources / name)


def make_s3_certificate(root: Path) -> tuple[Path, Path]:
    """A certificate of the S3 service that the Debian trusts, and its key."""
    certificate, key = root / "usr/local/share/ca-certificates/s3.crt", root / "opt/s3.key"
    certificate.parent.mkdir(parents=True, exist_ok=True)
    names = ["-subj", "/CN=s3.example.com", "-addext", "subjectAltName=DNS:s3.example.com,IP:127.0.0.1"]
    names += ["-addext", "basicConstraints=critical,CA:FALSE"]  # an authority's own is no server's
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(
        [debian.find("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", *names, *files],
        check=True,
        capture_output=True,
    )
    return certificate, key


@contextmanager
def s3_with_the_bucket(root: Path, room: Room) -> Generator[None]:
    """Moto's server in the Debian's network, with the guide's bucket and policy."""
    certificate, key = make_s3_certificate(root)
    (policy,) = (step.text for step in read_chapter("Where photos are kept") if step.language == "json")
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "9000"]
    files = ["-c", str(certificate), "-k", str(key)]
    # Otherwise it takes the first part of its own name for a bucket.
    server = room.start_beside(*command, *files, S3_IGNORE_SUBDOMAIN_BUCKETNAME="true")
    try:
        room.run(f"update-ca-certificates && {WAITING_CURL} https://s3.example.com:9000/moto-api/")
        room.run_beside(sys.executable, "-c", MAKE_BUCKET, "https://127.0.0.1:9000", str(certificate), policy)
        yield
    finally:
        server.kill()
        server.wait()


def log_in(room: Room) -> str:
    """A token of the administrator that the guide adds."""
    body = '{\\"email\\":\\"me@example.com\\",\\"password\\":\\"$(cat ~/platbook-admin)\\"}'
    answer = room.run(f'curl -s -H "Content-Type: application/json" -d "{body}" {SITE}/api/v1/auth/login')
    return json.loads(answer)["data"]["token"]


def read(room: Room, token: str, path: str) -> Any:  # noqa: ANN401 - JSON
    """What a route answers, through nginx and its certificate."""
    return json.loads(room.run(f'curl -s --fail -H "Authorization: Bearer {token}" {SITE}/api/v1{path}'))["data"]


def wait_for_photos(room: Room, token: str) -> list[Any]:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        (provider,) = read(room, token, "/admin/mls/status")["providers"]
        if provider["photos"]["listingsWaiting"] == 0:
            return read(room, token, "/properties?limit=100")["properties"]
        time.sleep(1)
    raise TimeoutError("photos are still waiting")


@pytest.fixture(scope="module")
def root() -> Generator[Path]:
    """A fresh Debian."""
    reason = debian.lacking()
    if reason is not None:
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="platbook-debian-"))
    folder.chmod(0o755)
    try:
        debian.bootstrap(folder)
        yield folder
    finally:
        shutil.rmtree(folder)


def test_a_stranger_gets_from_a_fresh_debian_to_a_service_and_back_from_a_backup(root: Path) -> None:
    steps = read_chapter("A fresh Debian, step by step")
    copy_sources(root)
    with debian.entered(root, own_network=False) as room:
        follow(root, room, steps[:2], **debian.registry_access(root))
    debian.replace_systemd(root)
    with debian.entered(root, own_network=True) as room, s3_with_the_bucket(root, room):
        follow(root, room, steps[2:])
        check_two_servers_and_two_workers(room)
        as_platbook(room, "provider add -", stdin=json.dumps(PROVIDER))
        stored = check_that_listings_and_photos_come_through(room)
        backup, restore = read_chapter("Backup and restore")
        room.run(backup.text)
        as_platbook(
            room,
            "user add later@example.com --first-name Lee --last-name Later --role agent --password-stdin",
            stdin="a-password-of-theirs\n",
        )
        room.run(restore.text)
        assert "later@example.com" not in as_platbook(room, "user list")
        assert "me@example.com" in as_platbook(room, "user list")
        assert check_that_listings_and_photos_come_through(room) == stored


def check_two_servers_and_two_workers(room: Room) -> None:
    for port in ("4001", "4002"):
        room.run(f"{WAITING_CURL} http://127.0.0.1:{port}/health/ready")
    ours = room.run("for of in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$of || true; echo; done")  # there is no ps
    assert [ours.count(command) for command in ("platbook serve --port 4001", "platbook serve --port 4002")] == [
        1,
        1,
    ], ours
    assert ours.count("platbook work") == 2, ours
    room.run("systemctl stop platbook-server@4001")
    for _ in range(4):
        room.run(f"curl -sS --fail {SITE}/health/ready")
    room.run(f"systemctl start platbook-server@4001 && {WAITING_CURL} http://127.0.0.1:4001/health/ready")


def check_that_listings_and_photos_come_through(room: Room) -> set[str]:
    """Sync an MLS by a worker; returns the addresses of the photos, all of which answer."""
    as_platbook(room, "sync board --full")
    listings = wait_for_photos(room, log_in(room))
    assert len(listings) == 5
    addresses = {photo["variants"]["large"]["url"] for listing in listings for photo in listing["media"]}
    assert len(addresses) >= 5
    for address in addresses:
        assert address.startswith("https://s3.example.com:9000/photos/")
        assert room.run(f"curl -s --fail --output photo {shlex.quote(address)} && head -c 4 photo") == "RIFF"
    return {address.split("?")[0] for address in addresses}
