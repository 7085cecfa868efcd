"""A process whose source sends without end, or a byte at a time: its memory is bounded, and its run ends with a reason.

The limits are those of the defaults where a reply reaches them within seconds, and lower ones elsewhere; `make soak`
runs each with the defaults, and 77 MB of rows to a search with a Limit of 1,000.
"""

import asyncio
import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from tests.fakes.endless_rets import (
    EndlessRets,
    alternating_photos,
    empty_cells_of_metadata,
    endless_markup,
    endless_metadata,
    endless_photos,
    endless_rows,
    endless_tables,
    photo_without_end,
    record_without_end,
    row_without_end,
    rows,
    serving_endless,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

MOST = 350 * 1024 * 1024
CHILD = Path(__file__).with_name("measured_run.py")
SHORT: dict[str, object] = {
    "maxPageBytes": 4_000_000, "maxRowBytes": 1_000_000, "maxReplyRows": 20_000, "maxPhotoBytes": 4_000_000,
    "maxListingPhotoBytes": 8_000_000,
    "maxMetadataBytes": 4_000_000, "maxMetadataValues": 200_000,
}  # fmt: skip
QUICK = {
    "PLATBOOK_HTTP_MAX_SECONDS": "20",
    "PLATBOOK_HTTP_MIN_RATE_SECONDS": "1",
    "PLATBOOK_HTTP_MAX_REPLY_BYTES": "50000000",
}


@dataclass(frozen=True)
class Case:
    """A script of the source, a part of the expected reason, and further settings."""

    script: EndlessRets
    reason: str
    settings: dict[str, object] = field(default_factory=dict[str, object])
    action: str = "sync"


@dataclass(frozen=True)
class Child:
    """Where the measured process finds its database, and what it is started with."""

    database_url: str
    home: Path

    async def run(self, case: Case, settings: dict[str, object], environment: dict[str, str]) -> dict[str, object]:
        """Serve the script, let a process work on it, and give what it prints."""
        async with serving_endless(case.script) as script:
            configuration = {
                "providerId": "board", "providerName": "Board", "providerType": "RETS", "loginUrl": script.login_url,
                "credentials": {"username": "demo", "password": "demo"}, "enabled": False,
                "settings": {"classes": ["RES"], **settings, **case.settings},
            }  # fmt: skip
            file = self.home / "board.json"
            file.write_text(json.dumps(configuration))
            process = await asyncio.create_subprocess_exec(
                sys.executable, str(CHILD), str(file), case.action,
                env={**os.environ, "DATABASE_URL": self.database_url, "PLATBOOK_SECRET_KEY": "33" * 32,
                     "PLATBOOK_HOME": str(self.home), **environment},
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
            printed, errors = await process.communicate()
            assert process.returncode == 0, errors.decode()[-2000:]
            return cast("dict[str, object]", json.loads(printed.splitlines()[-1]))


@pytest.fixture
def child(database_url: str, tmp_path: Path) -> Child:
    return Child(database_url, tmp_path)


CASES = {
    "rows": Case(EndlessRets(endless_rows), "settings.maxReplyRows"),
    "rows by time": Case(EndlessRets(endless_rows), "settings.maxReplyRows", {"paging": "time"}),
    "a row": Case(EndlessRets(row_without_end), "settings.maxRowBytes"),
    "a record": Case(EndlessRets(record_without_end), "settings.maxRowBytes", {"format": "STANDARD-XML"}),
    "markup": Case(EndlessRets(endless_markup), "names of elements"),
    "metadata": Case(EndlessRets(metadata=endless_metadata), "settings.maxMetadata", action="discover"),
    "empty metadata": Case(
        EndlessRets(metadata=empty_cells_of_metadata), "settings.maxMetadataValues", action="discover"
    ),
    "tables": Case(EndlessRets(metadata=endless_tables), "settings.maxMetadataValues", action="discover"),
    "photos": Case(EndlessRets(photos=endless_photos), "settings.maxListingPhoto"),
    "photos in turn": Case(EndlessRets(photos=alternating_photos), "settings.maxListingPhotos"),
    "a photo": Case(EndlessRets(photos=photo_without_end), "settings.maxPhotoBytes"),
    "compressed rows": Case(EndlessRets(endless_rows, compressed=True), "settings.maxReplyRows"),
    "a dribble": Case(
        EndlessRets(endless_rows, dribble_seconds=0.02), "PLATBOOK_HTTP_MIN_BYTES_PER_SECOND"
    ),
}  # fmt: skip
QUICK_CASES = {"rows", "a row", "metadata", "photos", "a photo", "compressed rows", "a dribble"}
"""One of each kind for every run of the tests."""


def check(outcome: dict[str, object], reason: str) -> None:
    said = json.dumps([outcome.get("error"), outcome.get("photos")])
    assert reason in said, outcome
    assert cast("int", outcome["peak"]) < MOST, f"{cast('int', outcome['peak']) / 2**20:.0f} MB"


@pytest.mark.parametrize(
    "name", [name if name in QUICK_CASES else pytest.param(name, marks=pytest.mark.soak) for name in CASES]
)
async def test_a_run_ends_with_its_reason_and_little_memory(child: Child, name: str) -> None:
    check(await child.run(CASES[name], SHORT, QUICK), CASES[name].reason)


@pytest.mark.soak
@pytest.mark.parametrize("name", [name for name in CASES if name != "a dribble"])
async def test_the_default_limits_keep_it_so(child: Child, name: str) -> None:
    outcome = await child.run(CASES[name], {}, {})
    print(name, f"{cast('int', outcome['peak']) / 2**20:.0f} MB", outcome)  # noqa: T201 - figures for the documents
    check(outcome, CASES[name].reason)


@pytest.mark.parametrize("total", [6_000, pytest.param(60_000, marks=pytest.mark.soak)])
async def test_more_rows_than_the_limit_asked_for_are_stored_page_by_page(child: Child, total: int) -> None:
    outcome = await child.run(Case(EndlessRets(rows(total)), ""), {}, {"PLATBOOK_PHOTO_BATCHES": "0"})
    assert outcome["listings"] == total, outcome
    assert "more rows than the Limit asks for" in str(outcome["remarks"])
    check(outcome, "")
