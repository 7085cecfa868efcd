"""Reading CSV files of other systems strictly, and writing CSV that is safe from formula injection in a spreadsheet."""

import csv
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from platbook.base.errors import InvalidInput
from platbook.crm.transfer.private_files import private_opener

_DELIMITERS = (",", ";", "\t", "|")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MAX_CELL_LENGTH = 1_000_000

csv.field_size_limit(_MAX_CELL_LENGTH)


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row: its last line, and its cells by column, stripped; empty ones are absent."""

    line: int
    cells: dict[str, str]


def read_header(path: Path) -> list[str]:
    """The column names of a file. Errors: InvalidInput."""
    return list(_columns(path, _read_lines(path)))


def read_rows(path: Path) -> Iterator[CsvRow]:
    """Every row that is not empty. Errors: InvalidInput for a row longer than the header, or a wrong encoding."""
    lines = _read_lines(path)
    columns = _columns(path, lines)
    for line, values in lines:
        if len(values) > len(columns):
            raise InvalidInput(
                f"{path.name}, line {line}: has {len(values)} cells, the header has {len(columns)} columns"
            )
        cells = {name: cell for name, value in zip(columns, values, strict=False) if (cell := to_plain(value.strip()))}
        if cells:
            yield CsvRow(line, cells)


@contextmanager
def open_csv_writer(path: Path, columns: Sequence[str]) -> Generator[Callable[[Iterable[object]], None]]:
    """Open a private file for writing with a header, row by row; formulas are escaped."""
    with open(path, "w", encoding="utf-8", newline="", opener=private_opener) as file:
        writer = csv.writer(file)
        writer.writerow(columns)

        def write(row: Iterable[object]) -> None:
            writer.writerow([to_safe(value) for value in row])

        yield write


def to_safe(value: object) -> object:
    """A cell that a spreadsheet does not run: an apostrophe precedes what may begin a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def to_plain(text: str) -> str:
    """A cell without the apostrophe of `to_safe`."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def _columns(path: Path, lines: Iterator[tuple[int, list[str]]]) -> list[str]:
    header = next(lines, None)
    if header is None:
        raise InvalidInput(f"{path.name} is empty")
    columns = [name.strip() for name in header[1]]
    if not all(columns) or len(set(columns)) != len(columns):
        raise InvalidInput(f"{path.name}: every column needs a unique name")
    return columns


def _read_lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            delimiter = max(_DELIMITERS, key=first.count)
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            for values in reader:
                yield reader.line_num, values
    except UnicodeDecodeError:
        raise InvalidInput(f"{path.name} is not UTF-8; save it in that encoding") from None
    except csv.Error as error:
        raise InvalidInput(f"{path.name} is not CSV: {error}") from None
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read ({(error.strerror or 'unknown').lower()})") from None
