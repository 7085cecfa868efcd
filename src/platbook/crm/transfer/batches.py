"""Storing the rows of a file in transactions of a thousand, so that one bad row costs no other."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Protocol, TypeVar

from platbook.base.errors import TryLater
from platbook.crm.transfer.csv_rows import BadRow, CsvRow
from platbook.crm.transfer.mapping import FileKind
from platbook.crm.transfer.report import ImportReport
from platbook.db import Database, WriteConnection
from platbook.db.errors import is_bad_value

T = TypeVar("T")


class Row(Protocol):
    """A row that knows its line."""

    @property
    def line(self) -> int:
        """Its first line."""
        ...


R = TypeVar("R", bound=Row)
Store = Callable[[WriteConnection, Sequence[R], ImportReport], Awaitable[None]]

BATCH = 1000
"""Rows per transaction."""

_MAX_TRIES = 3


class PeopleChanged(TryLater):
    """Another transaction created one of these people meanwhile: look them up again."""


def batches(rows: Iterable[T]) -> Iterator[list[T]]:
    """Rows in batches of `BATCH`."""
    source = iter(rows)
    while batch := list(islice(source, BATCH)):
        yield batch


def reject_bad_rows(kind: FileKind, rows: Iterable[CsvRow | BadRow], report: ImportReport) -> list[CsvRow]:
    """The readable rows; the others are rejected."""
    readable: list[CsvRow] = []
    for row in rows:
        if isinstance(row, BadRow):
            report.reject(kind, row.line, row.reason)
        else:
            readable.append(row)
    return readable


async def store_rows(database: Database, kind: FileKind, rows: Sequence[R], store: Store[R]) -> ImportReport:
    """Store rows in one transaction; with a value that the database cannot hold in halves, until it stands alone."""
    for _ in range(_MAX_TRIES):
        report = ImportReport()
        try:
            async with database.transaction() as connection:
                await store(connection, rows, report)
        except PeopleChanged:
            continue
        except Exception as error:
            if not is_bad_value(error):
                raise
            return await _store_halves(database, kind, rows, store)
        return report
    raise TryLater("people of this file were created by another request meanwhile; import the file again")


async def _store_halves(database: Database, kind: FileKind, rows: Sequence[R], store: Store[R]) -> ImportReport:
    report = ImportReport()
    if len(rows) == 1:
        report.reject(kind, rows[0].line, "has a value that is too large for the database")
        return report
    middle = len(rows) // 2
    report.add(await store_rows(database, kind, rows[:middle], store))
    report.add(await store_rows(database, kind, rows[middle:], store))
    return report
