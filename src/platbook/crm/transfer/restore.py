"""Restoring a backup of the whole CRM: every row with its id. Rows that exist already are left unchanged."""

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
from platbook.crm.leads.rows import link_merged, to_search_columns
from platbook.crm.stages.stage import default_kind
from platbook.crm.suppressions.rows import insert_refusals
from platbook.crm.transfer.batches import batches
from platbook.crm.transfer.dump import FORMAT_VERSION, MANIFEST, TABLES, BackupTable, find_emails
from platbook.db import Database, WriteConnection, as_json
from platbook.db.compose import SQL, Identifier

JsonLine = dict[str, object]


@dataclass(slots=True)
class RestoreReport:
    """Restored rows by file; and by e-mail address, how many fields named an unknown user, and are empty now."""

    rows: dict[str, int] = field(default_factory=dict[str, int])
    unknown_users: dict[str, int] = field(default_factory=dict[str, int])


async def restore_all(database: Database, actor: Actor, folder: Path, at: datetime) -> RestoreReport:
    """Restore a backup in one transaction. InvalidInput for a folder that is not a backup."""
    require(actor, Right.IMPORT_CRM)
    tables = _find_tables(_read_manifest(folder))
    restored = RestoreReport()
    async with database.transaction() as connection:
        users = {email: str(user_id) for user_id, email in (await find_emails(connection)).items()}
        for table in tables:
            restored.rows[table.file] = 0
            for lines in batches(_read_lines(folder / f"{table.file}.jsonl")):
                rows = [row for line in lines if (row := _to_row(table, line, users, restored)) is not None]
                restored.rows[table.file] += await _insert(connection, table, rows)
        if "suppressions" not in {table.name for table in tables}:
            await insert_refusals(connection, actor.name, at)
        await audit.record(connection, actor, "crm restored", AuditSubject("export", "all"), at, dict(restored.rows))
    return restored


def is_export(folder: Path) -> bool:
    """Whether a folder is a backup."""
    return (folder / MANIFEST).is_file()


def _read_manifest(folder: Path) -> JsonLine:
    try:
        manifest: object = orjson.loads((folder / MANIFEST).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        raise InvalidInput(f"{folder} is not an export of Platbook") from None
    if not isinstance(manifest, dict) or cast("JsonLine", manifest).get("format") != FORMAT_VERSION:
        raise InvalidInput(f"{folder} has another format than {FORMAT_VERSION}, the one this release reads")
    return cast("JsonLine", manifest)


def _find_tables(manifest: JsonLine) -> list[BackupTable]:
    """The tables of a backup: those added since are not in one of an earlier release."""
    rows = manifest.get("rows")
    names = cast("JsonLine", rows) if isinstance(rows, dict) else {}
    return [table for table in TABLES if table.file in names or not table.is_new]


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
    """A line as a row by column. None for a rule's member who is an unknown user."""
    row: JsonLine = {column: line.get(to_camel(column)) for column in table.columns}
    for column in table.users:
        row[column] = _to_users(row[column], users, restored)
    if table.name == "lead_rule_members" and row["user_id"] is None:
        return None
    for column in ("hash", "address_hash"):
        if row.get(column) is not None:
            row[column] = f"\\x{row[column]}"
    if table.name == "crm_external_ids":
        row["is_merged"] = bool(row["is_merged"])  # older backups have neither column
        row["field_digests"] = row["field_digests"] and f"\\x{row['field_digests']}"
    if table.name == "leads":
        names = str(row["first_name"]), str(row["last_name"])
        contacts = cast("Sequence[str]", row["emails"]), cast("Sequence[str]", row["phones"])
        row["stage_kind"] = row["stage_kind"] or default_kind(str(row["status"]))
        row |= to_search_columns(*names, *contacts)
    return row


def _to_users(value: object, users: Mapping[str, str], restored: RestoreReport) -> object:
    if isinstance(value, list):
        return [user for one in cast("list[object]", value) if (user := _to_users(one, users, restored))]
    if value is None:
        return None
    email = str(value)
    if email not in users:
        restored.unknown_users[email] = restored.unknown_users.get(email, 0) + 1
    return users.get(email)


async def _insert(connection: WriteConnection, table: BackupTable, rows: Sequence[JsonLine]) -> int:
    """Insert rows that do not exist; PostgreSQL converts each JSON value to the type of its column."""
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
        await link_merged(connection, merged)
    return count
