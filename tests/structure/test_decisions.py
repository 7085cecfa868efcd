"""Decision records: numbered without holes, in one form, all of them in their index."""

import re

import pytest

from tests.structure.sources import ROOT

FOLDER = ROOT / "docs/adr"
RECORDS = sorted(FOLDER.glob("[0-9]*.md"))


def test_they_are_numbered_without_holes() -> None:
    assert [int(file.name[:4]) for file in RECORDS] == list(range(1, len(RECORDS) + 1))


@pytest.mark.parametrize("name", [file.name for file in RECORDS])
def test_each_has_the_form_of_the_template(name: str) -> None:
    text = (FOLDER / name).read_text()
    assert re.match(
        rf"# {int(name[:4])}\. \S.*\n\nDate: \d{{4}}-\d\d-\d\d  \nStatus: (proposed|accepted|superseded)", text
    )
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequence"]


def test_each_is_in_the_index_under_its_own_title() -> None:
    rows = re.findall(r"^\| \[(\d+)\]\(([^)]+)\) \| (.+) \|$", (FOLDER / "README.md").read_text(), re.MULTILINE)
    titles = {file.name: file.read_text().splitlines()[0] for file in RECORDS}
    assert {file: f"# {number}. {title}" for number, file, title in rows} == titles
