"""Writing CSV that is safe from formula injection in a spreadsheet, and reading such cells back."""

import csv
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path

from platbook.crm.private_files import private_opener

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


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
