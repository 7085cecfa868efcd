"""Importing related CSV files of people, notes, tasks and tags; and previewing what an import would do."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from types import MappingProxyType

from platbook import audit
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.base.errors import InvalidInput
from platbook.base.rights import Right, require
from platbook.crm.stages.stage import Stage, match_stage
from platbook.crm.stages.stages import find_stages
from platbook.crm.transfer.batches import batches, reject_bad_rows
from platbook.crm.transfer.cells import is_absent
from platbook.crm.transfer.consent_columns import FileConsent
from platbook.crm.transfer.csv_rows import BadRow, CsvRow, FileCheck, check_file, read_header, read_rows
from platbook.crm.transfer.date_formats import UNDECIDED
from platbook.crm.transfer.import_context import ImportContext, ImportSource, find_import_users
from platbook.crm.transfer.mapping import ColumnMapping, FileKind, MappedRow, apply_mapping, read_mapping
from platbook.crm.transfer.notes import import_notes
from platbook.crm.transfer.people import import_people
from platbook.crm.transfer.report import ImportReport
from platbook.crm.transfer.tags import import_tags
from platbook.crm.transfer.tasks import import_tasks
from platbook.db import Database, ReadConnection

_SAMPLES = 3

ImportRows = Callable[[Database, ImportContext, ImportSource, Sequence[CsvRow], ImportReport], Awaitable[None]]
OnBatch = Callable[[ImportReport, ImportReport], None]
"""Is called after each batch, with its result and that of the whole import so far."""

_IMPORTS: Mapping[FileKind, ImportRows] = MappingProxyType(
    {
        FileKind.PEOPLE: import_people,
        FileKind.TAGS: import_tags,
        FileKind.NOTES: import_notes,
        FileKind.TASKS: import_tasks,
    }
)
"""People first: all other rows refer to them."""


@dataclass(frozen=True, slots=True)
class ImportFiles:
    """The files of one import, by kind, and the mapping of their columns as the user wrote it.

    `consent`: what everybody of the file of people said.
    """

    paths: Mapping[FileKind, Path]
    mapping: Mapping[str, object]
    consent: FileConsent | None = None


@dataclass(frozen=True, slots=True)
class FilePreview:
    """The mapping of a file's columns, its first rows by it, how many rows it has, and those that cannot be read.

    `unknown_stages`: the values of the other system that are no stage here and have no translation; `questions`: what
    the mapping must decide before the import.
    """

    kind: FileKind
    mapping: ColumnMapping
    samples: list[MappedRow]
    rows: int
    bad: list[BadRow]
    unknown_stages: list[str]
    questions: list[str]


@dataclass(frozen=True, slots=True)
class _CheckedFile:
    """A file that was read whole, and what its columns mean."""

    path: Path
    mapping: ColumnMapping
    check: FileCheck
    questions: list[str]


def preview_files(files: ImportFiles, stages: Sequence[Stage]) -> list[FilePreview]:
    """How an import would read its files, where these are the stages. Nothing is stored. Errors: InvalidInput."""
    previews: list[FilePreview] = []
    for kind, path in files.paths.items():
        file = _check(files, kind, path)
        readable = (row for row in read_rows(path) if isinstance(row, CsvRow))
        samples = [apply_mapping(file.mapping, row.cells) for row in islice(readable, _SAMPLES)]
        unknown = _find_unknown_stages(file, stages)
        previews.append(
            FilePreview(kind, file.mapping, samples, file.check.rows, file.check.bad, unknown, file.questions)
        )
    return previews


def read_people(files: ImportFiles) -> Iterator[MappedRow]:
    """Every readable person of an import by field. Errors: InvalidInput."""
    if FileKind.PEOPLE in files.paths:
        path = files.paths[FileKind.PEOPLE]
        mapping = _check(files, FileKind.PEOPLE, path).mapping
        yield from (apply_mapping(mapping, row.cells) for row in read_rows(path) if isinstance(row, CsvRow))


async def import_files(
    database: Database,
    actor: Actor,
    files: ImportFiles,
    at: datetime,
    *,
    system: str,
    announce: bool = False,
    on_batch: OnBatch | None = None,
) -> ImportReport:
    """Import related files of a system. Idempotent: the same files again change nothing, so one cut short goes on.

    Silent by default; `announce` applies routing rules and writes events. InvalidInput for an unreadable file: every
    file is read whole before the first row is stored.
    """
    require(actor, Right.IMPORT_CRM)
    checked = {kind: _check(files, kind, path) for kind, path in files.paths.items()}
    if not checked:
        raise InvalidInput("there is nothing to import: name at least one file")
    if questions := [question for file in checked.values() for question in file.questions]:
        raise InvalidInput(f"{'; '.join(questions)} in the mapping, see --preview")
    async with database.read() as connection:
        context = await _read_context(connection, actor, files, at, system=system, announce=announce)
    report = ImportReport()
    for kind, import_rows in _IMPORTS.items():
        if kind not in checked:
            continue
        report.of(kind)
        source = ImportSource(checked[kind].mapping)
        for rows in batches(read_rows(checked[kind].path)):
            part = ImportReport()
            await import_rows(database, context, source, reject_bad_rows(kind, rows, part), part)
            report.add(part)
            if on_batch is not None:
                on_batch(part, report)
    async with database.transaction() as connection:
        details = {kind.value: counts.added for kind, counts in report.counts.items()}
        await audit.record(connection, actor, "leads imported", AuditSubject("import", system), at, details)
    return report


async def _read_context(
    connection: ReadConnection, actor: Actor, files: ImportFiles, at: datetime, *, system: str, announce: bool
) -> ImportContext:
    users, stages = await find_import_users(connection), await find_stages(connection)
    active = frozenset(user.id for user in users.values() if user.is_active)
    return ImportContext(actor, at, system, users, announce, active, files.consent, stages)


def _check(files: ImportFiles, kind: FileKind, path: Path) -> _CheckedFile:
    """Read a file whole, and guess the formats of its dates. Errors: InvalidInput."""
    mapping = read_mapping(kind, read_header(path), files.mapping.get(kind.value, {}))
    dates = [one for one in mapping.columns_of_dates() if one not in mapping.dates]
    check = check_file(path, dates, mapping.columns_named("status"))
    formats = {column: guess.format for column, guess in check.dates.items()}
    questions = [
        f"{kind}.dates.{column}: {guess.question}" for column, guess in check.dates.items() if guess.format == UNDECIDED
    ]
    return _CheckedFile(path, mapping.with_dates(formats), check, questions)


def _find_unknown_stages(file: _CheckedFile, stages: Sequence[Stage]) -> list[str]:
    usable = [one for one in stages if one.retired_at is None]
    translated = file.mapping.values.get("status", {}).keys()
    values = dict.fromkeys(value for column in file.check.choices.values() for value in column)
    unknown = [one for one in values if one.lower() not in translated and match_stage(usable, one) is None]
    return [one for one in unknown if not is_absent(one)]
