"""Clients of other people accept our server: they log in, read metadata, search all pages and fetch photos.

`make clients` installs them, each apart from the other, below the virtual environment. Where they are not, the tests
are skipped, but not in CI.
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
    """The server as a process, which caps its replies so that there are pages."""
    with fresh_home() as home:
        options = ["--listings", str(SIZE), "--at", AT.isoformat(), "--quirk", "row-cap", "--cap", "100"]
        served = start_serving(Program(home), "simulate", "rets", "--port", "0", *options)
        try:
            yield served
        finally:
            assert served.interrupt() == 0


@dataclass
class Told:
    """What a client tells of its way."""

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


def walk(name: str, program: str, script: str, url: str, *more: str) -> Told:
    """Let a client walk through the server."""
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
    return Told(**json.loads(done.stdout))


def check(told: Told) -> None:
    """What any client must have seen."""
    assert told.system == "PLATBOOK"
    assert told.resources == ["Property", "Agent", "Office", "Media"]
    assert told.classes == ["Residential", "Commercial", "Land"]
    assert told.fields == [field.name for field in RESIDENTIAL.fields]
    assert told.lookup == list(LOOKUPS["View"])
    assert told.objects == ["Photo"]
    found = {row["ListingKey"]: row for row in told.rows}
    assert found.keys() == LISTINGS.keys()
    for key, listing in LISTINGS.items():
        for name in ("PublicRemarks", "StandardStatus", "ModificationTimestamp", "ListPrice"):
            assert found[key][name] == str(listing.record[name])
    images = [draw_photo(LISTINGS[told.key], photo.order) for photo in LISTINGS[told.key].photos]
    hashes = [hashlib.sha256(image).hexdigest() for image in images]
    assert told.photos == [hashes[0], *hashes]
    assert len(told.addresses) == len(images)


def test_rets_continued(served: Served) -> None:
    check(walk("rets-continued", sys.executable, "rets_continued.py", served.url, "digest"))


def test_rets_python(served: Served) -> None:
    told = walk("rets-python", sys.executable, "rets_python.py", served.url, "digest")
    check(told)
    assert len(told.rows) == len(LISTINGS)
    typed = told.typed
    assert (typed["ListPrice"], typed["ModificationTimestamp"], typed["View"]) == ("int", "datetime", "list")


def test_rets_client(served: Served) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no Node on this machine")
    told = walk("rets-client", node, "rets_client.js", served.url)
    check(told)
    assert len(told.rows) == len(LISTINGS)
