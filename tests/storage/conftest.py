"""Storages of every kind, on servers that live as long as the test session."""

import logging
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from platbook.base.clock import SetClock
from platbook.base.ids import new_id
from platbook.base.settings import Settings
from platbook.storage import Storage, open_memory_storage, open_storage
from tests.storage import ceph
from tests.storage.servers import S3Server, TestBucket

KEY = b"k" * 32


@pytest.fixture(scope="session")
def moto() -> Generator[S3Server]:
    """The moto server: always there, lenient about who asks."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield S3Server(f"http://{host}:{port}")
    server.stop()


@pytest.fixture(scope="session")
def radosgw(tmp_path_factory: pytest.TempPathFactory) -> Generator[S3Server]:
    """Ceph's gateway: a real S3."""
    lacking = ceph.missing()
    if lacking:
        pytest.skip(f"not on this machine: {', '.join(lacking)} (Debian: radosgw ceph-mon ceph-osd ceph-common)")
    with ceph.running(tmp_path_factory.mktemp("ceph")) as gateway:
        yield S3Server(gateway.url, gateway.key_id, gateway.secret, strict=True)


def _find_server(request: pytest.FixtureRequest, name: str) -> S3Server:
    server: object = request.getfixturevalue(name)
    assert isinstance(server, S3Server)
    return server


@pytest.fixture(params=["moto", pytest.param("radosgw", marks=pytest.mark.soak)])
def bucket(request: pytest.FixtureRequest) -> TestBucket:
    """A fresh bucket on each server."""
    return _find_server(request, request.param).make_bucket(f"photos-{new_id()}")


@pytest.fixture(params=["memory", "folder", "moto", pytest.param("radosgw", marks=pytest.mark.soak)])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """A fresh storage of each kind."""
    clock = SetClock(datetime(2026, 1, 2, 12, tzinfo=UTC))
    if request.param == "memory":
        return open_memory_storage(KEY, clock)
    if request.param == "folder":
        return open_storage(Settings(platbook_home=tmp_path), KEY, clock)
    return _find_server(request, request.param).make_bucket(f"photos-{new_id()}").open()
