"""All of the CRM as files: JSON Lines that bring it back, and CSV for people. People are named by their e-mail address.

One row of a table is one line; `camelCase` words are the columns' names. What is restored has the ids it had.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, fields
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
from platbook.crm.leads.lead import Lead
from platbook.crm.tasks.task import Task
from platbook.crm.transfer.import_context import Q
from platbook.crm.transfer.table import open_csv_writer
from platbook.db import Database, ReadConnection
from platbook.db.compose import SQL, Identifier, Literal, Placeholder

FORMAT_VERSION = 1
MANIFEST = "platbook-export.json"
_PAGE = 5000


@dataclass(frozen=True, slots=True)
class BackupTable:
    """A table as it is written: its columns in order, of those the users and the lists of users, and its key."""

    name: str
    file: str
    columns: tuple[str, ...]
    key: tuple[str, ...] = ("id",)
    users: frozenset[str] = frozenset()


TABLES: tuple[BackupTable, ...] = (
    BackupTable(
        "leads",
        "leads",
        tuple(one.name for one in fields(Lead)),
        users=frozenset({"assigned_to", "claimants", "claim_fallback"}),
    ),
    BackupTable("tasks", "tasks", tuple(one.name for one in fields(Task)), users=frozenset({"assigned_to", "lead_owner"})),
    BackupTable(
        "interactions",
        "interactions",
        (
            "id", "lead_id", "type", "content", "interaction_date", "user_id", "actor", "property_id", "metadata",
            "created_at", "deleted_at", "deleted_by",
        ),
        users=frozenset({"user_id"}),
    ),
    BackupTable(
        "lead_rules",
        "rules",
        (
            "id", "name", "place", "enabled", "method", "sources", "event_types", "areas", "min_price", "max_price",
            "claim_minutes", "fallback_to", "created_at", "updated_at",
        ),
        users=frozenset({"fallback_to"}),
    ),
    BackupTable(
        "lead_rule_members",
        "rule_members",
        ("rule_id", "user_id", "place", "weight", "credit"),
        key=("rule_id", "place"),
        users=frozenset({"user_id"}),
    ),
    BackupTable(
        "lead_events",
        "events",
        (
            "id", "sender", "event_id", "state", "reason", "raw", "received_at", "lead_id", "interaction_id", "task_id",
            "is_new",
        ),
        users=frozenset({"sender"}),
    ),
    BackupTable(
        "lead_contacts", "contacts", ("kind", "value", "lead_id"), key=("kind", "value")
    ),
    BackupTable(
        "crm_external_ids",
        "external_ids",
        ("system", "kind", "external_id", "row_id", "hash"),
        key=("system", "kind", "external_id"),
    ),
)  # fmt: skip
"""In an order in which each can be brought back."""

_FOR_PEOPLE = frozenset({"leads", "tasks", "interactions"})
"""Written as CSV, too."""


async def export_all(database: Database, actor: Actor, folder: Path, at: datetime) -> dict[str, int]:
    """Write everything into a folder, as of one moment; how many rows of each file. Deleted and merged ones, too."""
    require(actor, Right.EXPORT_CRM)
    _make(folder)
    counts: dict[str, int] = {}
    async with database.snapshot() as connection:
        emails = await find_emails(connection)
        for table in TABLES:
            counts[table.file] = await _write_table(connection, table, folder, emails)
    manifest = {"format": FORMAT_VERSION, "exportedAt": as_utc(at).isoformat(), "rows": counts}
    _write(folder / MANIFEST, manifest)
    async with database.transaction() as connection:
        await audit.record(connection, actor, "crm exported", AuditSubject("export", "all"), at, counts)
    return counts


async def find_emails(connection: ReadConnection) -> dict[UUID, str]:
    """Every user's e-mail address."""
    rows = await connection.tuples(Q.find_users)
    return {cast("UUID", row[0]): str(row[1]) for row in rows}


async def read_table(connection: ReadConnection, table: BackupTable) -> AsyncGenerator[list[dict[str, object]]]:
    """Every row in the order of its key, a page at a time."""
    key = SQL(", ").join(Identifier(column) for column in table.key)
    columns = SQL(", ").join(Identifier(column) for column in table.columns)
    places = [f"after_{place}" for place in range(len(table.key))]
    after = SQL("({}) > ({})").format(key, SQL(", ").join(map(Placeholder, places)))
    form = SQL("SELECT {} FROM {} WHERE {} ORDER BY {} LIMIT {}")
    condition, params = SQL("true"), dict[str, object]()
    while True:
        name = Identifier(table.name)
        rows = await connection.dicts(form.format(columns, name, condition, key, Literal(_PAGE)), params)
        if rows:
            yield rows
        if len(rows) < _PAGE:
            return
        condition, params = after, {mark: rows[-1][column] for mark, column in zip(places, table.key, strict=True)}


def to_line(table: BackupTable, row: Mapping[str, object], emails: Mapping[UUID, str]) -> dict[str, object]:
    """A row as a line's object. Pure."""
    line: dict[str, object] = {}
    for column in table.columns:
        value = row[column]
        if column in table.users:
            value = _name(value, emails)
        line[to_camel(column)] = _plain(value)
    return line


async def _write_table(connection: ReadConnection, table: BackupTable, folder: Path, emails: Mapping[UUID, str]) -> int:
    count = 0
    with ExitStack() as stack:
        lines = stack.enter_context((folder / f"{table.file}.jsonl").open("wb"))
        cells = None
        if table.name in _FOR_PEOPLE:
            cells = stack.enter_context(open_csv_writer(folder / f"{table.file}.csv", [*map(to_camel, table.columns)]))
        async for rows in read_table(connection, table):
            for row in rows:
                line = to_line(table, row, emails)
                lines.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
                if cells is not None:
                    cells([_to_cell(value) for value in line.values()])
            count += len(rows)
    return count


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"{folder} cannot be written ({(error.strerror or 'unknown').lower()})") from None
    if any(folder.iterdir()):
        raise InvalidInput(f"{folder} is not empty")


def _write(path: Path, value: object) -> None:
    path.write_bytes(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


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


def _name(value: object, emails: Mapping[UUID, str]) -> object:
    if isinstance(value, list):
        return [emails[one] for one in cast("list[UUID]", value)]
    return None if value is None else emails[cast("UUID", value)]


def _plain(value: object) -> object:
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
