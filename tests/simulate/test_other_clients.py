"""Third-party clients accept our server: they log in, read metadata, search all pages and fetch photos.

`make clients` installs them, isolated from each other, below the virtual environment. If they are not installed, the
tests are skipped, except in CI.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from platbook.market import Market, draw_photo
from platbook.simulate.rets.fields import RESIDENTIAL
from platbook.simulate.rets.lookups import LOOKUPS
from platbook.simulate.rets.source import STARTED
from tests.cli.program import PATIENCE, Program, Served, fresh_home, start_serving
from tests.simulate.served import AT

HERE = Path(__file__).parent / "clients"
INSTALLED = Path(sys.prefix) / "clients"
SIZE = 300
LISTINGS = {
    one.key: one for one in Market(1, SIZE, STARTED).listings(AT) if one.record["PropertyType"] == "Residential"
}


@pytest.fixture(scope="module")
def served() -> Generator[Served]:
    """The server as a process, with capped replies so that there are several pages."""
    with fresh_home() as home:
        options = ["--listings", str(SIZE), "--at", AT.isoformat(), "--quirk", "row-cap", "--cap", "100"]
        served = start_serving(Program(home), "simulate", "rets", "--port", "0", *options)
        try:
            yield served
        finally:
            assert served.interrupt() == 0


@dataclass
class ClientReport:
    """What a client reports of its run."""

    system: str
    resources: list[str]
    classes: list[str]
    fields: list[str]
    lookup: list[str]
    objects: list[str]
    rows: list[dict[str, str | None]]
    key: str
    photos: list[str]
    addresses: list[str]
    typed: dict[str, str] = field(default_factory=dict[str, str])


def run_client(name: str, program: str, script: str, url: str, *more: str) -> ClientReport:
    """Run a client against the server."""
    installed = INSTALLED / name
    if not installed.is_dir():
        reason = f"{name} is not installed; `make clients` does it"
        assert not os.environ.get("CI"), reason
        pytest.skip(reason)
    done = subprocess.run(
        [program, str(HERE / script), url, "demo", "demo", *more],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(installed), "NODE_PATH": str(installed / "node_modules")},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return ClientReport(**json.loads(done.stdout))


def check(report: ClientReport) -> None:
    """Check what every client must report."""
    assert report.system == "PLATBOOK"
    assert report.resources == ["Property", "Agent", "Office", "Media"]
    assert report.classes == ["Residential", "Commercial", "Land"]
    assert report.fields == [field.name for field in RESIDENTIAL.fields]
    assert report.lookup == list(LOOKUPS["View"])
    assert report.objects == ["Photo"]
    rows_by_key = {row["ListingKey"]: row for row in report.rows}
    assert rows_by_key.keys() == LISTINGS.keys()
    for key, listing in LISTINGS.items():
        for name in ("PublicRemarks", "StandardStatus", "ModificationTimestamp", "ListPrice"):
            assert rows_by_key[key][name] == str(listing.record[name])
    images = [draw_photo(LISTINGS[report.key], photo.order) for photo in LISTINGS[report.key].photos]
    hashes = [hashlib.sha256(image).hexdigest() for image in images]
    assert report.photos == [hashes[0], *hashes]
    assert len(report.addresses) == len(images)


def test_rets_continued(served: Served) -> None:
    check(run_client("rets-continued", sys.executable, "rets_continued.py", served.url, "digest"))


def test_rets_python(served: Served) -> None:
    report = run_client("rets-python", sys.executable, "rets_python.py", served.url, "digest")
    check(report)
    assert len(report.rows) == len(LISTINGS)
    typed = report.typed
    assert (typed["ListPrice"], typed["ModificationTimestamp"], typed["View"]) == ("int", "datetime", "list")


def test_rets_client(served: Served) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no Node on this machine")
    report = run_client("rets-client", node, "rets_client.js", served.url)
    check(report)
    assert len(report.rows) == len(LISTINGS)
