"""Importing notes: what was said and done with people who are here.

A note is known again by its id, or by all it says.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from platbook.base.ids import new_id
from platbook.crm.enums import USER_INTERACTION_TYPES, InteractionType
from platbook.crm.interactions.interaction import Interaction
from platbook.crm.leads.lead import Lead, record_activity
from platbook.crm.leads.rows import save_lead
from platbook.crm.transfer.import_context import (
    ExternalRecord,
    ImportContext,
    ImportSource,
    RowRejected,
    batches,
    find_external_records,
    save_external_ids,
    to_moment,
)
from platbook.crm.transfer.mapping import FileKind
from platbook.crm.transfer.related_rows import RelatedRow, find_related_rows
from platbook.crm.transfer.report import ImportReport
from platbook.db import Database, WriteConnection, as_json

COLUMNS = (
    "id", "lead_id", "type", "content", "interaction_date", "user_id", "actor", "property_id", "metadata", "created_at",
)  # fmt: skip
TYPES = ("uuid", "uuid", "text", "text", "timestamptz", "uuid", "text", "uuid", "jsonb", "timestamptz")

_NOTE = "note"
_TYPES = {str(one).lower(): one for one in USER_INTERACTION_TYPES}


async def import_notes(database: Database, ground: ImportContext, source: ImportSource, report: ImportReport) -> None:
    """Import a file of notes. The log is append-only: one that says something else under its id is refused."""
    for rows in batches(source.rows):
        async with database.transaction() as connection:
            lines = await find_related_rows(connection, ground, source, FileKind.NOTES, rows, report)
            await _store(connection, ground, lines, report)


async def _store(
    connection: WriteConnection, ground: ImportContext, lines: Sequence[RelatedRow], report: ImportReport
) -> None:
    known = await find_external_records(connection, ground.system, _NOTE, [one.key for one in lines])
    added: dict[str, Interaction] = {}
    for one in lines:
        if one.key in known and known[one.key].hash == one.hash:
            report.of(FileKind.NOTES).unchanged += 1
        elif one.key in known or one.key in added:
            report.reject(FileKind.NOTES, one.line, f"{one.key} is in the log already")
        else:
            try:
                added[one.key] = _to_entry(ground, one)
            except RowRejected as error:
                report.reject(FileKind.NOTES, one.line, str(error))
    told = {one.key: ExternalRecord(added[one.key].id, one.hash) for one in lines if one.key in added}
    await copy_interactions(connection, list(added.values()))
    await _count_activity(connection, ground, {one.lead.id: one.lead for one in lines}, list(added.values()))
    await save_external_ids(connection, ground.system, _NOTE, told)
    report.of(FileKind.NOTES).added += len(added)


def _to_entry(ground: ImportContext, one: RelatedRow) -> Interaction:
    """Read a note. Errors: RowRefused."""
    kind = _TYPES.get(str(one.said.get("type", InteractionType.NOTE_ADDED)).lower())
    if kind is None:
        raise RowRejected(f"type: {one.said['type']} is none of {', '.join(sorted(USER_INTERACTION_TYPES))}")
    if "date" not in one.said:
        raise RowRejected("date: is required")
    author = ground.owner(one.said, "author")
    return Interaction(
        new_id(),
        one.lead.id,
        kind,
        to_moment(str(one.said["date"]), "date"),
        ground.actor.name if author is None else author.email,
        ground.at,
        str(one.said["content"]) if "content" in one.said else None,
        None if author is None else author.id,
    )


async def copy_interactions(connection: WriteConnection, entries: Sequence[Interaction]) -> None:
    """Add entries in bulk; nothing else of them."""
    if entries:
        rows = (
            [as_json(entry.metadata) if name == "metadata" else getattr(entry, name) for name in COLUMNS]
            for entry in entries
        )
        await connection.copy_in("interactions", COLUMNS, TYPES, rows)


async def _count_activity(
    connection: WriteConnection, ground: ImportContext, leads: dict[UUID, Lead], entries: Sequence[Interaction]
) -> None:
    touched: dict[UUID, Lead] = {}
    for entry in entries:
        lead = touched.get(entry.lead_id, leads[entry.lead_id])
        touched[entry.lead_id] = record_activity(lead, entry.type, entry.interaction_date, ground.at)
    for lead in touched.values():
        await save_lead(connection, replace(lead, updated_at=ground.at))
