"""Bringing a whole export back: every row with the id it had. What is here already stays as it is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import cast

import orjson
from pydantic.alias_generators import to_camel

from platbook import audit
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.base.errors import InvalidInput
from platbook.base.rights import Right, require
from platbook.crm.leads.lead import to_name_text, to_search_text
from platbook.crm.transfer.dump import FORMAT_VERSION, MANIFEST, TABLES, BackupTable, find_emails
from platbook.crm.transfer.import_context import Q, batches
from platbook.db import Database, WriteConnection, as_json
from platbook.db.compose import SQL, Identifier

JsonLine = dict[str, object]


@dataclass(slots=True)
class RestoreReport:
    """What came back: rows by file, and how often a user was named who is not here; those places are empty now."""

    rows: dict[str, int] = field(default_factory=dict[str, int])
    unknown_users: dict[str, int] = field(default_factory=dict[str, int])


async def restore_all(database: Database, actor: Actor, folder: Path, at: datetime) -> RestoreReport:
    """Bring an export back, whole or not at all. InvalidInput for a folder that holds none."""
    require(actor, Right.IMPORT_CRM)
    _check_manifest(folder)
    restored = RestoreReport()
    async with database.transaction() as connection:
        users = {email: str(user_id) for user_id, email in (await find_emails(connection)).items()}
        for table in TABLES:
            restored.rows[table.file] = 0
            for lines in batches(_read_lines(folder / f"{table.file}.jsonl")):
                rows = [row for line in lines if (row := _to_row(table, line, users, restored)) is not None]
                restored.rows[table.file] += await _insert(connection, table, rows)
        await audit.record(connection, actor, "crm restored", AuditSubject("export", "all"), at, dict(restored.rows))
    return restored


def is_export(folder: Path) -> bool:
    """Whether a folder is one that an export has written."""
    return (folder / MANIFEST).is_file()


def _check_manifest(folder: Path) -> None:
    try:
        manifest: object = orjson.loads((folder / MANIFEST).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        raise InvalidInput(f"{folder} holds no export of Platbook") from None
    if not isinstance(manifest, dict) or cast("Line", manifest).get("format") != FORMAT_VERSION:
        raise InvalidInput(f"{folder} was written by another release; this one reads format {FORMAT_VERSION}")


def _read_lines(path: Path) -> Iterator[JsonLine]:
    try:
        with path.open("rb") as file:
            for number, text in enumerate(file, start=1):
                try:
                    yield orjson.loads(text)
                except orjson.JSONDecodeError:
                    raise InvalidInput(f"{path.name}, line {number}: is not JSON") from None
    except OSError:
        raise InvalidInput(f"{path.name} is missing") from None


def _to_row(table: BackupTable, line: JsonLine, users: Mapping[str, str], restored: RestoreReport) -> JsonLine | None:
    """A line as a row by its columns' names; None: it is about a user who is not here, and nothing else."""
    row: JsonLine = {column: line.get(to_camel(column)) for column in table.columns}
    for column in table.users:
        row[column] = _to_users(row[column], users, restored)
    if table.name == "lead_rule_members" and row["user_id"] is None:
        return None
    if table.name == "crm_external_ids":
        row["hash"] = f"\\x{row['hash']}"
    if table.name == "leads":
        names = str(row["first_name"]), str(row["last_name"])
        contacts = cast("Sequence[str]", row["emails"]), cast("Sequence[str]", row["phones"])
        row |= {"name_text": to_name_text(*names), "search_text": to_search_text(*names, *contacts)}
    return row


def _to_users(value: object, users: Mapping[str, str], restored: RestoreReport) -> object:
    if isinstance(value, list):
        return [found for one in cast("list[object]", value) if (found := _to_users(one, users, restored))]
    if value is None:
        return None
    email = str(value)
    if email not in users:
        restored.unknown_users[email] = restored.unknown_users.get(email, 0) + 1
    return users.get(email)


async def _insert(connection: WriteConnection, table: BackupTable, rows: Sequence[JsonLine]) -> int:
    """Add rows that are not here; PostgreSQL reads each value as its column's."""
    if not rows:
        return 0
    merged = {str(row["id"]): row["merged_into"] for row in rows if row.get("merged_into")}
    plain = [row | {"merged_into": None} for row in rows] if merged else rows
    columns = SQL(", ").join(map(Identifier, plain[0]))
    statement = SQL(
        "INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_recordset(NULL::{table}, %(rows)s)"
        " ON CONFLICT DO NOTHING"
    ).format(table=Identifier(table.name), columns=columns)
    count = await connection.run(statement, {"rows": as_json(plain)})
    if merged:
        await connection.run(Q.link_merged, {"ids": list(merged), "into": list(merged.values())})
    return count
