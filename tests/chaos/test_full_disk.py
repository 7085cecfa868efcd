"""Disks that are full for a while: the service says so, recovers by itself when there is room, and lost nothing."""

import time
from collections.abc import Callable
from typing import cast

import pytest

from tests.chaos.installation import RECOVERY_SECONDS, Installation, installed
from tests.chaos.small_disk import small_disk
from tests.cli.program import fresh_home

pytestmark = pytest.mark.soak

SIZE = 4000
FULL_SECONDS = 40
FLOOR = "8000000"  # bytes


@pytest.mark.parametrize("dies", [False, True], ids=["", "and PostgreSQL killed meanwhile"])
def test_a_run_goes_on_when_the_disk_of_the_database_has_room_again(
    record_property: Callable[[str, object], None], *, dies: bool
) -> None:
    with (
        fresh_home() as folder,
        small_disk(folder / "home", 600) as disk,
        installed(disk.folder, SIZE, PLATBOOK_MIN_FREE_BYTES=FLOOR) as installation,
    ):
        asked = installation.sync()
        installation.until(lambda: 0 < installation.count() < SIZE)
        disk.fill()
        if dies:
            installation.postmaster().kill()
        ends = time.monotonic() + FULL_SECONDS
        installation.until(lambda: "PLATBOOK_HOME" in (installation.find_unready_reason() or "") or dies)
        while time.monotonic() < ends:
            assert installation.find_unready_reason() is not None
            assert installation.served.process.poll() is None, installation.log()
            time.sleep(1)
        disk.empty()
        record_property("seconds", installation.check_run_goes_on(asked))


def test_photos_are_stored_when_their_disk_has_room_again(record_property: Callable[[str, object], None]) -> None:
    with (
        fresh_home() as home,
        small_disk(home / "media", 100) as disk,
        installed(
            home, 20, delay=0, PLATBOOK_PHOTO_BATCHES="1", PLATBOOK_PHOTO_FORMATS="jpeg", PLATBOOK_MIN_FREE_BYTES=FLOOR
        ) as installation,
    ):
        disk.fill()
        installation.until(lambda: "their folder" in (installation.find_unready_reason() or ""))
        installation.sync()
        installation.until(lambda: photos(installation)["putOff"] != 0)
        time.sleep(FULL_SECONDS)
        assert (photos(installation)["stored"], photos(installation)["failed"]) == (0, 0)
        disk.empty()
        seconds = installation.until(lambda: photos(installation)["stored"] > 0, within=RECOVERY_SECONDS)
        record_property("seconds", seconds)
        assert installation.find_unready_reason() is None
        installation.until(lambda: photos(installation)["listings"] == 0)
        assert (photos(installation)["waiting"], photos(installation)["failed"]) == (0, 0)
        variants = "SELECT DISTINCT jsonb_path_query(variants, '$.*.name') #>> '{}' AS name FROM media_blobs"
        names = {str(row["name"]) for row in installation.rows(variants)}
        stored = {path.name for path in disk.folder.rglob("*") if path.is_file()}
        assert stored == {name.rpartition("/")[2] for name in names}
        installation.check_replica()


def photos(installation: Installation) -> dict[str, int]:
    """The provider's photos by state."""
    return cast("dict[str, int]", installation.data("/api/v1/admin/mls/media/mock"))
