"""What a writer that was killed in the middle of a put leaves in a folder, and how it goes."""

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from platbook.base.clock import SetClock, SystemClock
from platbook.base.errors import StorageRefused
from platbook.base.settings import Settings
from platbook.storage import Access, open_storage
from tests.storage.servers import TestBucket

WRITER = """
import asyncio, sys
from platbook.base.clock import SystemClock
from platbook.base.settings import Settings
from platbook.storage import Access, open_storage

async def main():
    storage = open_storage(Settings(platbook_home=sys.argv[1]), b"k" * 32, SystemClock())
    content = bytes(32 * 1024 * 1024)
    while True:
        await storage.put("ab/cd/photo.webp", content, Access.PUBLIC)

asyncio.run(main())
"""
HOUR = timedelta(hours=1)


def leave_unfinished(home: Path) -> list[Path]:
    """Kill writers until one of them leaves a half-written file."""
    for _ in range(20):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(home)]) as writer:
            while writer.poll() is None and not list(home.rglob("*#*")):
                time.sleep(0.001)
            writer.kill()
        left = list(home.rglob("*#*"))
        if left:
            return left
    raise AssertionError("every writer was done before it could be killed")


async def test_partially_written_files_are_deleted_after_the_grace_period_and_nothing_else(tmp_path: Path) -> None:
    (left,) = leave_unfinished(tmp_path)
    storage = open_storage(Settings(platbook_home=tmp_path), b"k" * 32, SystemClock())
    await storage.put("ab/cd/photo.webp", b"whole", Access.PUBLIC)
    await storage.put("ab/cd/other.webp", b"other", Access.PRIVATE, metadata={"listing": "7"})
    assert [one.name async for one in storage.list(Access.PUBLIC)] == ["ab/cd/photo.webp"]
    now = datetime.now(UTC)
    assert await storage.clear_unfinished(now - HOUR) == 0
    assert left.exists(), "it may still be being written"
    assert await storage.clear_unfinished(now + HOUR) == 1
    assert not left.exists()
    assert (await storage.get("ab/cd/photo.webp", Access.PUBLIC)).content == b"whole"
    assert (await storage.head("ab/cd/other.webp", Access.PRIVATE)).attributes.metadata == {"listing": "7"}


async def test_in_a_bucket_a_large_object_is_put_in_one_request_so_nothing_partial_is_left(bucket: TestBucket) -> None:
    storage = bucket.open()
    content = bytes(12 * 1024 * 1024)
    await storage.put("ab/cd/large.webp", content, Access.PUBLIC)
    assert (await storage.get("ab/cd/large.webp", Access.PUBLIC)).content == content
    (etag,) = bucket.etags()
    assert "-" not in etag, "an object of parts has their number behind a dash"
    assert await storage.clear_unfinished(datetime.now(UTC) + HOUR) == 0


async def test_a_folder_that_cannot_be_written_is_refused_with_the_reason(tmp_path: Path) -> None:
    clock = SetClock(datetime(2026, 1, 2, tzinfo=UTC))
    await open_storage(Settings(platbook_home=tmp_path), b"k" * 32, clock).check()
    assert [one.name for one in (tmp_path / "media").iterdir()] == []
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "media").write_text("a file where the folder should be")
    with pytest.raises(StorageRefused, match=r"photos cannot be stored in .*media: "):
        await open_storage(Settings(platbook_home=tmp_path / "other"), b"k" * 32, clock).check()
