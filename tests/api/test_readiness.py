"""Readiness: what makes a server unready is named, and the answer comes in time whatever hangs."""

import asyncio
import tempfile
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from platbook.api.system.folder_check import find_folder_problem
from platbook.api.system.readiness import Readiness
from platbook.base.errors import TryLater
from platbook.db import Database, SessionLimits
from platbook.db.errors import OperationalError, is_database_away
from tests.api.conftest import Api


@pytest.fixture
def folder() -> Generator[Path]:
    """An empty folder."""
    with tempfile.TemporaryDirectory() as path:
        yield Path(path)


def ready_with(api: Api, **settings: object) -> Readiness:
    changed = api.services.settings.model_copy(update=settings)
    return Readiness(replace(api.services, settings=changed), timeout_seconds=0.2)


async def test_a_full_disk_is_not_ready(api: Api, folder: Path) -> None:
    with pytest.raises(TryLater, match=r"PLATBOOK_HOME is on a disk with \d+ MiB free"):
        await ready_with(api, platbook_home=folder, platbook_min_free_bytes=2**62).check()
    await ready_with(api, platbook_home=folder, platbook_min_free_bytes=0).check()


async def test_a_folder_of_photos_that_cannot_be_written_to_is_not_ready(api: Api, folder: Path) -> None:
    readiness = ready_with(api, platbook_home=folder, platbook_min_free_bytes=0)
    await readiness.check()
    (folder / "media").touch()
    with pytest.raises(TryLater, match="photos cannot be stored: their folder cannot be written to"):
        await readiness.check()


async def test_a_folder_that_is_not_used_is_not_looked_at(api: Api, folder: Path) -> None:
    elsewhere = {"database_url": "postgresql://h/d", "aws_s3_enabled": True}
    await ready_with(api, platbook_home=folder, platbook_min_free_bytes=2**62, **elsewhere).check()


def test_a_folder_that_cannot_be_written_to_is_a_problem(folder: Path) -> None:
    (folder / "file").touch()
    (folder / "loop").symlink_to(folder / "loop")
    assert find_folder_problem(folder / "new" / "deep", min_free_bytes=0) is None
    assert str(find_folder_problem(Path("/proc/1"), min_free_bytes=0)).startswith("cannot be written to (")
    assert find_folder_problem(folder, min_free_bytes=0) is None
    assert {entry.name for entry in folder.iterdir()} == {"file", "loop"}, "nothing is left of the check"


async def test_a_database_that_hangs_is_not_ready_in_time_and_is_asked_once(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0
    thawed = asyncio.Event()

    async def hang(*_: object) -> object:
        nonlocal asked
        asked += 1
        await thawed.wait()
        return True

    monkeypatch.setattr("platbook.db.ReadConnection.value", hang)
    readiness = ready_with(api, aws_s3_enabled=True, database_url="postgresql://h/d")
    for _ in range(3):
        with pytest.raises(TryLater, match="does not answer"):
            await readiness.check()
    assert asked == 1
    thawed.set()
    monkeypatch.undo()
    await asyncio.wait_for(readiness.check(), 30)


async def test_a_connection_that_does_not_come_is_a_database_that_is_away(database_url: str) -> None:
    nobody = make_conninfo(database_url, **{**conninfo_to_dict(database_url), "dbname": "not_there"})
    async with Database.open(nobody, limits=SessionLimits(pool=0.2)) as database:
        with pytest.raises(OperationalError) as caught:
            async with database.read():
                pass
    assert is_database_away(caught.value)
    assert "0.20 sec" in str(caught.value)
