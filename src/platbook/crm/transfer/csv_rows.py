"""Reads CSV files of other systems, row by row: a row that cannot be read is reported, and the rest goes on.

A cell is quoted as RFC 4180 section 2 wants, or the row is refused. Reading then goes on at the next line that has as
many cells as the header, so that a line within a quoted cell is never taken for a row.
"""

import csv
import re
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from platbook.base.errors import InvalidInput
from platbook.crm.csv_files import to_plain
from platbook.crm.transfer.cells import to_text
from platbook.crm.transfer.date_formats import DateGuess

_DELIMITERS = (",", ";", "\t", "|")
_MAX_CELL_LENGTH = 1_000_000
_MAX_ROW_LENGTH = 4_000_000
_UNREADABLE = re.compile("[\udc80-\udcff]")
"""Bytes that are not UTF-8, as the error handler `surrogateescape` decodes them."""

_MOST_CHOICES = 200
_PROTECTED = ("'", "=")
_NUL = "\0"
_SEPARATOR = re.compile(r"(?i)^\ufeff?\"?sep=(.)\"?\s*$")
"""The first line that names a file's delimiter for Excel."""

csv.field_size_limit(_MAX_CELL_LENGTH)


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row: its first line, and its cells by column, stripped; empty ones are absent."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class BadRow:
    """Lines that cannot be read as a row, and why."""

    line: int
    reason: str


@dataclass(slots=True)
class FileCheck:
    """A whole file, read once before anything is stored: how many rows are readable, and those that are not.

    `dates`: the formats that the dates of a column may have; `choices`: the different values of a column.
    """

    rows: int = 0
    bad: list[BadRow] = field(default_factory=list[BadRow])
    dates: dict[str, DateGuess] = field(default_factory=dict[str, DateGuess])
    choices: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def see(self, row: CsvRow) -> None:
        """Take one more row into account."""
        self.rows += 1
        for column, guess in self.dates.items():
            if column in row.cells:
                guess.see(row.cells[column])
        for column, values in self.choices.items():
            if (value := row.cells.get(column)) and value not in values and len(values) < _MOST_CHOICES:
                values.append(value)


@dataclass(slots=True)
class _Lines:
    """The lines of a file, and those to be read again after a quotation mark that led too far."""

    file: TextIO
    number: int = 0
    again: list[str] = field(default_factory=list[str])

    def next(self) -> str:
        """The next line with its end; empty at the end of the file."""
        line = self.again.pop() if self.again else self.file.readline(_MAX_ROW_LENGTH)
        self.number += bool(line)
        return line

    def skip_to_end_of_line(self, line: str) -> None:
        """Skip what is left of a line that is longer than a row may be."""
        while len(line) == _MAX_ROW_LENGTH and not line.endswith(("\n", "\r")):
            line = self.file.readline(_MAX_ROW_LENGTH)


def read_header(path: Path) -> list[str]:
    """The column names of a file. Errors: InvalidInput."""
    with _open(path) as lines:
        return _read_columns(path, lines)[0]


def check_file(path: Path, dates: Iterable[str] = (), choices: Iterable[str] = ()) -> FileCheck:
    """Read a file whole. Errors: InvalidInput where its header cannot be read, or not one of its rows.

    `dates` and `choices`: the columns of dates, and those whose different values are wanted.
    """
    check = FileCheck(dates={one: DateGuess() for one in dates}, choices={one: [] for one in choices})
    for row in read_rows(path):
        if isinstance(row, BadRow):
            check.bad.append(row)
        else:
            check.see(row)
    if check.bad and not check.rows:
        raise InvalidInput(f"{path.name}: no row can be read; line {check.bad[0].line}: {check.bad[0].reason}")
    return check


def read_rows(path: Path) -> Iterator[CsvRow | BadRow]:
    """Every row that is not empty, in order. Errors: InvalidInput for a file or header that cannot be read."""
    with _open(path) as lines:
        columns, delimiter = _read_columns(path, lines)
        is_astray = False
        while text := lines.next():
            if not text.strip():
                continue
            first = lines.number
            values = _read_values(lines, text, delimiter)
            if isinstance(values, str):
                is_astray = True
                yield BadRow(first, values)
            elif is_astray and len(values) != len(columns):
                yield BadRow(first, "may be the rest of the row before, where a quotation mark is astray")
            elif len(values) > len(columns) and any(values[len(columns) :]):
                is_astray = False
                yield BadRow(first, f"has {len(values)} cells, the header has {len(columns)} columns")
            else:
                is_astray = False
                if cells := {
                    name: cell for name, value in zip(columns, values, strict=False) if (cell := _clean(value))
                }:
                    yield CsvRow(first, cells)


def _clean(value: str) -> str:
    """A cell as text, stripped, without what protects it in a spreadsheet."""
    cell = value.strip()
    return to_text(to_plain(cell)) if cell[:1] in _PROTECTED else cell


@contextmanager
def _open(path: Path) -> Generator[_Lines]:
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            yield _Lines(file)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read ({(error.strerror or 'unknown').lower()})") from None


def _read_columns(path: Path, lines: _Lines) -> tuple[list[str], str]:
    """The column names, and the delimiter."""
    text = lines.next()
    if not text:
        raise InvalidInput(f"{path.name} is empty")
    named = _SEPARATOR.match(text)
    if named:
        text = lines.next()
    delimiter = named[1] if named else max(_DELIMITERS, key=text.count)
    values = _read_values(lines, text, delimiter)
    if isinstance(values, str):
        raise InvalidInput(f"{path.name}, line {lines.number}: {values}")
    columns = [_clean(name) for name in values]
    while columns and not columns[-1]:
        columns.pop()
    if not columns or not all(columns) or len(set(columns)) != len(columns):
        raise InvalidInput(f"{path.name}: every column needs a unique name")
    return columns, delimiter


def _read_values(lines: _Lines, text: str, delimiter: str) -> list[str] | str:
    """The cells of the row that begins with a line, or why there are none; then the lines after it are read again."""
    if len(text) == _MAX_ROW_LENGTH:
        lines.skip_to_end_of_line(text)
        return f"is longer than {_MAX_ROW_LENGTH} characters"
    if (reason := _find_fault(text)) is not None:
        return reason
    if '"' not in text:
        values = text.rstrip("\r\n").split(delimiter)
        return values if max(map(len, values)) <= _MAX_CELL_LENGTH else _too_long()
    return _read_quoted(lines, text, delimiter)


def _read_quoted(lines: _Lines, text: str, delimiter: str) -> list[str] | str:
    """Read on to the line where the last quoted cell ends."""
    taken = [text]
    faults: list[str] = []

    def supply() -> Iterator[str]:
        yield text
        length = len(text)
        while line := lines.next():
            taken.append(line)
            length += len(line)
            if (fault := _find_fault(line)) is not None:
                faults.append(f"line {lines.number} of it {fault}")
                return
            if length > _MAX_ROW_LENGTH:
                return
            yield line

    try:
        return next(csv.reader(supply(), delimiter=delimiter, strict=True))
    except csv.Error as error:
        lines.again.extend(reversed(taken[1:]))
        lines.number -= len(taken) - 1
        if "larger than field limit" in str(error):
            return _too_long()
        if "unexpected end of data" in str(error):
            return faults[0] if faults else "a quotation mark opens a cell that does not end"
        return "a quotation mark within a quoted cell is not doubled"


def _find_fault(line: str) -> str | None:
    if line.isascii():
        return "has a NUL character" if _NUL in line else None
    if _UNREADABLE.search(line):
        return "is not UTF-8; save the file in that encoding"
    return "has a NUL character" if _NUL in line else None


def _too_long() -> str:
    return f"has a cell of more than {_MAX_CELL_LENGTH} characters"
