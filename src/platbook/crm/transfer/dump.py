"""Backup of the whole CRM as files: JSON Lines that `restore` reads, and CSV for people.

One row of a table is one line, its keys the columns' names in camel case. Users are named by their e-mail address, so
that a backup can be restored where their ids differ; all other rows keep their ids. This is the one place that reads
the CRM's tables by name: a backup is generic over them, with the columns that their owners declare.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import cast
from uuid import UUID

import orjson
from pydantic.alias_generators import to_camel

from platbook import audit
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.base.errors import InvalidInput
from platbook.base.rights import Right, require
from platbook.base.times import as_utc, to_iso_z
from platbook.crm.csv_files import open_csv_writer
from platbook.crm.duplicates.rows import COLUMNS as DUPLICATE_COLUMNS
from platbook.crm.external_ids.rows import COLUMNS as EXTERNAL_ID_COLUMNS
from platbook.crm.intake.inbox import EVENT_COLUMNS
from platbook.crm.intake.rules import MEMBER_COLUMNS, RULE_COLUMNS
from platbook.crm.interactions.rows import COLUMNS as INTERACTION_COLUMNS
from platbook.crm.leads.rows import COLUMNS as LEAD_COLUMNS
from platbook.crm.leads.rows import CONTACT_COLUMNS
from platbook.crm.private_files import open_private
from platbook.crm.stages.stage import COLUMNS as STAGE_COLUMNS
from platbook.crm.suppressions.suppression import COLUMNS as SUPPRESSION_COLUMNS
from platbook.crm.tasks.rows import COLUMNS as TASK_COLUMNS
from platbook.crm.transfer.import_context import Q
from platbook.db import Database, ReadConnection
from platbook.db.compose import SQL, Identifier, Literal, Placeholder

FORMAT_VERSION = 1
MANIFEST = "platbook-export.json"
_PAGE = 5000


@dataclass(frozen=True, slots=True)
class BackupTable:
    """A table in a backup: its file and columns, those of them that refer to users, and its key.

    `is_new`: backups of earlier releases have no such file.
    """

    name: str
    file: str
    columns: tuple[str, ...]
    key: tuple[str, ...] = ("id",)
    users: frozenset[str] = frozenset()
    is_new: bool = False


TABLES: tuple[BackupTable, ...] = (
    BackupTable("lead_stages", "stages", STAGE_COLUMNS, ("key",), is_new=True),
    BackupTable("leads", "leads", LEAD_COLUMNS, users=frozenset({"assigned_to", "claimants", "claim_fallback"})),
    BackupTable("tasks", "tasks", TASK_COLUMNS, users=frozenset({"assigned_to", "lead_owner"})),
    BackupTable("interactions", "interactions", INTERACTION_COLUMNS, users=frozenset({"user_id"})),
    BackupTable("lead_rules", "rules", RULE_COLUMNS, users=frozenset({"fallback_to"})),
    BackupTable(
        "lead_rule_members", "rule_members", MEMBER_COLUMNS, ("rule_id", "place"), users=frozenset({"user_id"})
    ),
    BackupTable("lead_events", "events", EVENT_COLUMNS, users=frozenset({"sender"})),
    BackupTable("lead_contacts", "contacts", CONTACT_COLUMNS, ("kind", "value")),
    BackupTable("suppressions", "suppressions", SUPPRESSION_COLUMNS, is_new=True),
    BackupTable("crm_external_ids", "external_ids", EXTERNAL_ID_COLUMNS, ("system", "kind", "external_id")),
    BackupTable("possible_duplicates", "possible_duplicates", DUPLICATE_COLUMNS, is_new=True),
)
"""In the order of their foreign keys."""

_WITH_CSV = frozenset({"leads", "tasks", "interactions"})


async def export_all(database: Database, actor: Actor, folder: Path, at: datetime) -> dict[str, int]:
    """Write every row, also deleted ones, into an empty folder, as of one snapshot. Returns the row counts by file.

    Only the account of this process can read the folder and its files.
    """
    require(actor, Right.EXPORT_CRM)
    _create_folder(folder)
    counts: dict[str, int] = {}
    async with database.snapshot() as connection:
        emails = await find_emails(connection)
        for table in TABLES:
            counts[table.file] = await _write_table(connection, table, folder, emails)
    manifest = {"format": FORMAT_VERSION, "exportedAt": as_utc(at).isoformat(), "rows": counts}
    _write_json(folder / MANIFEST, manifest)
    async with database.transaction() as connection:
        await audit.record(connection, actor, "crm exported", AuditSubject("export", "all"), at, counts)
    return counts


async def find_emails(connection: ReadConnection) -> dict[UUID, str]:
    """The e-mail address of every user, by id."""
    rows = await connection.tuples(Q.find_users)
    return {cast("UUID", row[0]): str(row[1]) for row in rows}


async def read_table(connection: ReadConnection, table: BackupTable) -> AsyncGenerator[list[dict[str, object]]]:
    """Every row in the order of its key, by keyset pagination: a page at a time."""
    key = SQL(", ").join(Identifier(column) for column in table.key)
    columns = SQL(", ").join(Identifier(column) for column in table.columns)
    marks = [f"after_{index}" for index in range(len(table.key))]
    after = SQL("({}) > ({})").format(key, SQL(", ").join(map(Placeholder, marks)))
    statement = SQL("SELECT {} FROM {} WHERE {} ORDER BY {} LIMIT {}")
    condition, params = SQL("true"), dict[str, object]()
    while True:
        name = Identifier(table.name)
        rows = await connection.dicts(statement.format(columns, name, condition, key, Literal(_PAGE)), params)
        if rows:
            yield rows
        if len(rows) < _PAGE:
            return
        condition, params = after, {mark: rows[-1][column] for mark, column in zip(marks, table.key, strict=True)}


def to_line(table: BackupTable, row: Mapping[str, object], emails: Mapping[UUID, str]) -> dict[str, object]:
    """A row as the JSON object of a line. Pure."""
    line: dict[str, object] = {}
    for column in table.columns:
        value = row[column]
        if column in table.users:
            value = _to_email(value, emails)
        line[to_camel(column)] = _to_json(value)
    return line


async def _write_table(connection: ReadConnection, table: BackupTable, folder: Path, emails: Mapping[UUID, str]) -> int:
    count = 0
    with ExitStack() as stack:
        lines = stack.enter_context(open_private(folder / f"{table.file}.jsonl"))
        cells = None
        if table.name in _WITH_CSV:
            cells = stack.enter_context(open_csv_writer(folder / f"{table.file}.csv", [*map(to_camel, table.columns)]))
        async for rows in read_table(connection, table):
            for row in rows:
                line = to_line(table, row, emails)
                lines.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
                if cells is not None:
                    cells([_to_cell(value) for value in line.values()])
            count += len(rows)
    return count


def _create_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"{folder} cannot be created ({(error.strerror or 'unknown').lower()})") from None
    if any(folder.iterdir()):
        raise InvalidInput(f"{folder} is not empty; name a new or empty folder")


def _write_json(path: Path, value: object) -> None:
    with open_private(path) as file:
        file.write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def _to_cell(value: object) -> object:
    match value:
        case list():
            parts = cast("list[object]", value)
            if all(isinstance(part, str) for part in parts):
                return "|".join(cast("list[str]", parts))
            return orjson.dumps(value).decode()
        case dict():
            return orjson.dumps(value).decode()
        case bool():
            return "true" if value else "false"
        case _:
            return value


def _to_email(value: object, emails: Mapping[UUID, str]) -> object:
    if isinstance(value, list):
        return [emails[one] for one in cast("list[UUID]", value)]
    return None if value is None else emails[cast("UUID", value)]


def _to_json(value: object) -> object:
    match value:
        case Decimal():
            return float(value)
        case UUID():
            return str(value)
        case datetime():
            return to_iso_z(value)
        case bytes():
            return value.hex()
        case _:
            return value
