"""Importing related CSV files of people, notes, tasks and tags; and previewing what an import would do."""

from collections.abc import Awaitable, Callable, Mapping
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
from platbook.crm.transfer.csv_files import read_header, read_rows
from platbook.crm.transfer.import_context import ImportContext, ImportSource, find_import_users
from platbook.crm.transfer.mapping import ColumnMapping, FileKind, MappedRow, apply_mapping, read_mapping
from platbook.crm.transfer.notes import import_notes
from platbook.crm.transfer.people import import_people
from platbook.crm.transfer.report import ImportReport
from platbook.crm.transfer.tags import import_tags
from platbook.crm.transfer.tasks import import_tasks
from platbook.db import Database

_SAMPLES = 3

_IMPORTS: Mapping[FileKind, Callable[[Database, ImportContext, ImportSource, ImportReport], Awaitable[None]]] = (
    MappingProxyType(
        {
            FileKind.PEOPLE: import_people,
            FileKind.TAGS: import_tags,
            FileKind.NOTES: import_notes,
            FileKind.TASKS: import_tasks,
        }
    )
)
"""People first: all other rows refer to them."""


@dataclass(frozen=True, slots=True)
class ImportFiles:
    """The files of one import, by kind, and the mapping of their columns as the user wrote it."""

    paths: Mapping[FileKind, Path]
    mapping: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class FilePreview:
    """The mapping of a file's columns, and its first rows by it."""

    kind: FileKind
    mapping: ColumnMapping
    samples: list[MappedRow]


def preview_files(files: ImportFiles) -> list[FilePreview]:
    """How an import would read its files. Nothing is stored. Errors: InvalidInput."""
    previews: list[FilePreview] = []
    for kind, path in files.paths.items():
        mapping = _to_mapping(files, kind, path)
        samples = [apply_mapping(mapping, row.cells) for row in islice(read_rows(path), _SAMPLES)]
        previews.append(FilePreview(kind, mapping, samples))
    return previews


async def import_files(
    database: Database, actor: Actor, files: ImportFiles, at: datetime, *, system: str, announce: bool = False
) -> ImportReport:
    """Import related files of a system. Idempotent: the same files again change nothing.

    Silent by default; `announce` applies routing rules and writes events. InvalidInput for an unreadable file.
    """
    require(actor, Right.IMPORT_CRM)
    mappings = {kind: _to_mapping(files, kind, path) for kind, path in files.paths.items()}
    if not mappings:
        raise InvalidInput("there is nothing to import: name at least one file")
    async with database.read() as connection:
        users = await find_import_users(connection)
        active = frozenset(user.id for user in users.values() if user.is_active)
        context = ImportContext(actor, at, system, users, announce, active)
    report = ImportReport()
    for kind, import_kind in _IMPORTS.items():
        if kind in mappings:
            report.of(kind)
            await import_kind(database, context, ImportSource(read_rows(files.paths[kind]), mappings[kind]), report)
    async with database.transaction() as connection:
        details = {kind.value: counts.added for kind, counts in report.counts.items()}
        await audit.record(connection, actor, "leads imported", AuditSubject("import", system), at, details)
    return report


def _to_mapping(files: ImportFiles, kind: FileKind, path: Path) -> ColumnMapping:
    return read_mapping(kind, read_header(path), files.mapping.get(kind.value, {}))
