"""Importing notes, the interactions of leads. A note is recognised by its external id, or by all of its content."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from platbook.base.ids import new_id
from platbook.crm.enums import USER_INTERACTION_TYPES, InteractionType
from platbook.crm.external_ids.rows import NOTE, ExternalRecord, find_external_records, save_external_ids
from platbook.crm.interactions.interaction import Interaction
from platbook.crm.interactions.rows import insert_interactions
from platbook.crm.leads.lead import Lead, record_activity
from platbook.crm.leads.rows import save_leads
from platbook.crm.transfer.batches import store_rows
from platbook.crm.transfer.csv_rows import CsvRow
from platbook.crm.transfer.import_context import ImportContext, ImportSource, RowRejected, to_time
from platbook.crm.transfer.mapping import FileKind
from platbook.crm.transfer.related_rows import RelatedRow, find_related_rows
from platbook.crm.transfer.report import ImportReport
from platbook.db import Database, WriteConnection

_TYPES = {str(one).lower(): one for one in USER_INTERACTION_TYPES}


async def import_notes(
    database: Database, context: ImportContext, source: ImportSource, rows: Sequence[CsvRow], report: ImportReport
) -> None:
    """Import rows of a file of notes. The log is append-only: a note that changed since the last import is rejected."""

    async def store(connection: WriteConnection, rows: Sequence[CsvRow], part: ImportReport) -> None:
        related = await find_related_rows(connection, context, source, FileKind.NOTES, rows, part)
        await _store(connection, context, related, part)

    report.add(await store_rows(database, FileKind.NOTES, rows, store))


async def _store(
    connection: WriteConnection, context: ImportContext, rows: Sequence[RelatedRow], report: ImportReport
) -> None:
    stored = await find_external_records(connection, context.system, NOTE, [one.key for one in rows])
    added: dict[str, Interaction] = {}
    for one in rows:
        if one.key in stored and stored[one.key].hash == one.hash:
            report.of(FileKind.NOTES).unchanged += 1
        elif one.key in stored or one.key in added:
            report.reject(FileKind.NOTES, one.line, f"externalId: the log has a note {one.key} with other content")
        else:
            try:
                added[one.key] = _to_interaction(context, one)
            except RowRejected as error:
                report.reject(FileKind.NOTES, one.line, str(error))
    records = {one.key: ExternalRecord(added[one.key].id, one.hash) for one in rows if one.key in added}
    await insert_interactions(connection, list(added.values()))
    leads = _count_activity(context, {one.lead.id: one.lead for one in rows}, list(added.values()))
    await save_leads(connection, leads)
    await save_external_ids(connection, context.system, NOTE, records)
    report.of(FileKind.NOTES).added += len(added)


def _to_interaction(context: ImportContext, one: RelatedRow) -> Interaction:
    """Read a note. Errors: RowRejected."""
    kind = _TYPES.get(one.row.get("type", InteractionType.NOTE_ADDED).lower())
    if kind is None:
        raise RowRejected(f"type: {one.row.get('type')} is not one of {', '.join(sorted(USER_INTERACTION_TYPES))}")
    if "date" not in one.row:
        raise RowRejected("date: is required")
    author = context.find_user(one.row, "author")
    return Interaction(
        new_id(),
        one.lead.id,
        kind,
        to_time(one.row["date"], "date"),
        context.actor.name if author is None else author.email,
        context.at,
        one.row.get("content"),
        None if author is None else author.id,
    )


def _count_activity(context: ImportContext, leads: dict[UUID, Lead], entries: Sequence[Interaction]) -> list[Lead]:
    active: dict[UUID, Lead] = {}
    for entry in entries:
        lead = active.get(entry.lead_id, leads[entry.lead_id])
        active[entry.lead_id] = record_activity(lead, entry.type, entry.interaction_date, context.at)
    return [replace(lead, updated_at=context.at) for lead in active.values()]
