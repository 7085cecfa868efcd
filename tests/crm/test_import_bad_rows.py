"""A bad row of a file is refused with its line and reason, the rest is imported, and the report is always written."""

import csv
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import pytest

from platbook.base.actor import COMMAND_LINE
from platbook.base.errors import InvalidInput
from platbook.crm.transfer.batches import BATCH
from platbook.crm.transfer.csv_import import ImportFiles, import_files, preview_files
from platbook.crm.transfer.csv_rows import BadRow, CsvRow, read_rows
from platbook.crm.transfer.mapping import FileKind
from platbook.crm.transfer.report import ImportReport
from platbook.crm.transfer.report_files import ReportFiles
from platbook.db import Database, Query
from tests.crm.conftest import NOW, STAGES

HEADER = "id,first name,last name,email,notes\n"
GOOD = '{0},F{0},L{0},p{0}@example.com,"a note, quoted ""twice"""\n'
BAD_ROWS: list[tuple[bytes, str]] = [
    (b"7,F,L,p7@example.com,note,surplus\n", "has 6 cells, the header has 5 columns"),
    (b'7,F,L,p7@example.com,"he said "hi" there"\n', "is not doubled"),
    (b'7,F,L,p7@example.com,"never closed\n', "is not doubled"),
    (b"7,F,L,p7@example.com,caf\xe9\n", "is not UTF-8"),
    (b"7,F,L,p7@example.com,no\0te\n", "has a NUL character"),
    (b'7,F,L,p7@example.com,"first line\nno\0te"\n', "line 9 of it has a NUL character"),
    (b"7,F,L,p7@example.com," + b"x" * 1_000_001 + b"\n", "more than 1000000 characters"),
    (b'7,F,L,p7@example.com,"' + b"x" * 1_000_001 + b'"\n', "more than 1000000 characters"),
    (b"7,F,L,p7@example.com," + b"x" * 9_000_000 + b"\n", "longer than 4000000 characters"),
]


def write_people(path: Path, bad: bytes, rows: int = 12, at: int = 7) -> Path:
    texts = [bad if number == at else GOOD.format(number).encode() for number in range(1, rows + 1)]
    path.write_bytes(HEADER.encode() + b"".join(texts))
    return path


async def import_people(database: Database, path: Path) -> ImportReport:
    return await import_files(database, COMMAND_LINE, ImportFiles({FileKind.PEOPLE: path}, {}), NOW, system="old")


async def count_leads(database: Database) -> int | None:
    async with database.read() as connection:
        return await connection.value(int, Query("count", "How many leads.", "SELECT count(*) FROM leads"))


@pytest.mark.parametrize(("bad", "reason"), BAD_ROWS)
def test_a_row_that_cannot_be_read_is_told_and_the_next_is_read(tmp_path: Path, bad: bytes, reason: str) -> None:
    rows = list(read_rows(write_people(tmp_path / "people.csv", bad)))
    refused = [one for one in rows if isinstance(one, BadRow)]
    assert refused[0].line == 8
    assert reason in refused[0].reason
    read = [one for one in rows if isinstance(one, CsvRow)]
    assert [one.cells["id"] for one in read] == [str(one) for one in range(1, 13) if one != 7]
    assert {one.cells["notes"] for one in read} == {'a note, quoted "twice"'}
    assert read[-1].line == 13 + bad.count(b"\n") - 1


def test_the_rest_of_a_cell_with_a_stray_quotation_mark_is_no_row(tmp_path: Path) -> None:
    bad = b'7,F,L,p7@example.com,"one\nhe said "hi" there\n\nend"\n'
    rows = list(read_rows(write_people(tmp_path / "people.csv", bad)))
    assert [one.line for one in rows if isinstance(one, BadRow)] == [8, 9, 11]
    assert len([one for one in rows if isinstance(one, CsvRow)]) == 11


def test_rows_may_have_lines_and_fewer_or_empty_cells(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(b'id,name,,\r\n1,"two\r\nlines",,\r\n\r\n2\r\n3,c,,,,,\r\n')
    assert list(read_rows(path)) == [
        CsvRow(2, {"id": "1", "name": "two\r\nlines"}),
        CsvRow(5, {"id": "2"}),
        CsvRow(6, {"id": "3", "name": "c"}),
    ]


@pytest.mark.parametrize("bad", [BAD_ROWS[0][0], BAD_ROWS[1][0], BAD_ROWS[3][0], BAD_ROWS[4][0]])
async def test_the_rest_of_the_file_is_imported(database: Database, tmp_path: Path, bad: bytes) -> None:
    path = write_people(tmp_path / "people.csv", bad, rows=BATCH + 20, at=BATCH + 7)
    report = await import_people(database, path)
    assert [one.line for one in report.refused] == [BATCH + 8]
    assert (report.of(FileKind.PEOPLE).added, await count_leads(database)) == (BATCH + 19, BATCH + 19)


async def test_a_value_that_the_database_cannot_hold_costs_no_other_row(database: Database, tmp_path: Path) -> None:
    source = "".join(hashlib.sha256(bytes([number])).hexdigest() for number in range(200))
    path = tmp_path / "people.csv"
    path.write_text(
        "id,name,source\n" + "".join(f"{number},N{number},{source if number == 5 else ''}\n" for number in range(9))
    )
    report = await import_people(database, path)
    assert [(one.line, one.reason) for one in report.refused] == [(7, "has a value that is too large for the database")]
    assert await count_leads(database) == 8


def test_a_file_without_a_readable_row_is_refused_before_anything_is_stored(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(HEADER.encode() + BAD_ROWS[3][0])
    with pytest.raises(InvalidInput, match="no row can be read; line 2: is not UTF-8"):
        preview_files(ImportFiles({FileKind.PEOPLE: path}, {}), STAGES)
    path.write_text(HEADER, encoding="utf-16")
    with pytest.raises(InvalidInput, match=r"line 1: .*is not UTF-8"):
        preview_files(ImportFiles({FileKind.PEOPLE: path}, {}), STAGES)


def test_a_preview_names_the_rows_that_cannot_be_read(tmp_path: Path) -> None:
    path = write_people(tmp_path / "people.csv", BAD_ROWS[1][0])
    (preview,) = preview_files(ImportFiles({FileKind.PEOPLE: path}, {}), STAGES)
    assert (preview.rows, [one.line for one in preview.bad]) == (11, [8])


async def test_an_import_that_was_cut_short_has_its_report_and_goes_on(
    database: Database, agents: Mapping[str, UUID], tmp_path: Path
) -> None:
    assert agents
    path = write_people(tmp_path / "people.csv", BAD_ROWS[0][0], rows=2 * BATCH + 5)
    written = ReportFiles(tmp_path / "home" / "imports", "an old/system", NOW, tmp_path / "refused.csv")

    def die_after_the_second_batch(part: ImportReport, total: ImportReport) -> None:
        written.add(part, total)
        if total.of(FileKind.PEOPLE).added > BATCH:
            raise KeyboardInterrupt

    files = ImportFiles({FileKind.PEOPLE: path}, {})
    with pytest.raises(KeyboardInterrupt):
        await import_files(database, COMMAND_LINE, files, NOW, system="old", on_batch=die_after_the_second_batch)
    document = json.loads(written.report.read_bytes())
    assert (document["state"], document["counts"]["people"]) == (
        "running",
        {"added": 2 * BATCH - 1, "changed": 0, "unchanged": 0, "refused": 1},
    )
    assert list(csv.reader(written.refused.open(newline=""))) == [
        ["file", "line", "reason", "outcome"],
        ["people", "8", "has 6 cells, the header has 5 columns", "refused"],
    ]
    assert written.report.stat().st_mode & 0o077 == 0
    again = (await import_people(database, path)).of(FileKind.PEOPLE)
    assert (again.added, again.unchanged, again.refused) == (5, 2 * BATCH - 1, 1)
