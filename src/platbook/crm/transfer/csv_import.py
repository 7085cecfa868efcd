"""An import as a whole: related files of people, notes, tasks and tags, looked at first or taken in."""

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
from platbook.crm.transfer.import_context import Ground, Source, find_owners
from platbook.crm.transfer.mapping import ColumnMapping, Kind, apply_mapping, read_mapping
from platbook.crm.transfer.notes import import_notes
from platbook.crm.transfer.people import import_people
from platbook.crm.transfer.report import Report
from platbook.crm.transfer.table import read_header, read_rows
from platbook.crm.transfer.tags import import_tags
from platbook.crm.transfer.tasks import import_tasks
from platbook.db import Database

_SAMPLES = 3

_IMPORTS: Mapping[Kind, Callable[[Database, Ground, Source, Report], Awaitable[None]]] = MappingProxyType(
    {Kind.PEOPLE: import_people, Kind.TAGS: import_tags, Kind.NOTES: import_notes, Kind.TASKS: import_tasks}
)
"""In this order: everything else is about people."""


@dataclass(frozen=True, slots=True)
class Files:
    """The files of one import, and what was said of their columns, by kind."""

    paths: Mapping[Kind, Path]
    mapping: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file's columns mean, and its first rows by that meaning."""

    kind: Kind
    mapping: ColumnMapping
    samples: list[dict[str, object]]


def preview_files(files: Files) -> list[Preview]:
    """What an import would make of its files. Nothing is stored. InvalidInput."""
    previews: list[Preview] = []
    for kind, path in files.paths.items():
        mapping = _to_mapping(files, kind, path)
        samples = [apply_mapping(mapping, row.cells) for row in islice(read_rows(path), _SAMPLES)]
        previews.append(Preview(kind, mapping, samples))
    return previews


async def import_files(
    database: Database, actor: Actor, files: Files, at: datetime, *, system: str, announce: bool = False
) -> Report:
    """Import related files from a system. Done again, it changes nothing.

    Silent: no rule, event, mail or task follows, unless it is to be announced. InvalidInput for a file that is none.
    """
    require(actor, Right.IMPORT_CRM)
    mappings = {kind: _to_mapping(files, kind, path) for kind, path in files.paths.items()}
    if not mappings:
        raise InvalidInput("there is nothing to import")
    async with database.read() as connection:
        ground = Ground(actor, at, system, await find_owners(connection), announce)
    report = Report()
    for kind, take_in in _IMPORTS.items():
        if kind in mappings:
            report.of(kind)
            await take_in(database, ground, Source(read_rows(files.paths[kind]), mappings[kind]), report)
    async with database.transaction() as connection:
        details = {kind.value: counts.added for kind, counts in report.counts.items()}
        await audit.record(connection, actor, "leads imported", AuditSubject("import", system), at, details)
    return report


def _to_mapping(files: Files, kind: Kind, path: Path) -> ColumnMapping:
    return read_mapping(kind, read_header(path), files.mapping.get(kind.value, {}))
