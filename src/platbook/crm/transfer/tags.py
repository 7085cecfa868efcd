"""Importing tags of leads. A tag that was imported before is not added again, so one removed here stays away."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from platbook.base.errors import InvalidInput
from platbook.crm.external_ids.rows import TAG, ExternalRecord, find_external_records, save_external_ids
from platbook.crm.interactions.rows import insert_interactions
from platbook.crm.leads.lead import Lead
from platbook.crm.leads.patch import to_tags
from platbook.crm.leads.rows import save_leads
from platbook.crm.transfer.batches import store_rows
from platbook.crm.transfer.csv_rows import CsvRow
from platbook.crm.transfer.import_context import ImportContext, ImportSource
from platbook.crm.transfer.import_log import to_change_entries
from platbook.crm.transfer.mapping import FileKind
from platbook.crm.transfer.related_rows import RelatedRow, find_related_rows
from platbook.crm.transfer.report import ImportReport
from platbook.db import Database, WriteConnection


async def import_tags(
    database: Database, context: ImportContext, source: ImportSource, rows: Sequence[CsvRow], report: ImportReport
) -> None:
    """Import rows of a file of tags, one tag per row."""

    async def store(connection: WriteConnection, rows: Sequence[CsvRow], part: ImportReport) -> None:
        related = await find_related_rows(connection, context, source, FileKind.TAGS, rows, part)
        await _store(connection, context, related, part)

    report.add(await store_rows(database, FileKind.TAGS, rows, store))


async def _store(
    connection: WriteConnection, context: ImportContext, rows: Sequence[RelatedRow], report: ImportReport
) -> None:
    stored = await find_external_records(connection, context.system, TAG, [one.key for one in rows])
    counts = report.of(FileKind.TAGS)
    tagged: dict[UUID, Lead] = {}
    records: dict[str, ExternalRecord] = {}
    for one in rows:
        lead = tagged.get(one.lead.id, one.lead)
        if one.key in stored or one.key in records:
            counts.unchanged += 1
            continue
        try:
            tags = to_tags([*lead.tags, one.row.get("tag", "")])
        except InvalidInput as error:
            report.reject(FileKind.TAGS, one.line, str(error))
            continue
        records[one.key] = ExternalRecord(lead.id, one.hash)
        if tags == lead.tags:
            counts.unchanged += 1
            continue
        counts.added += 1
        tagged[lead.id] = replace(lead, tags=tags, updated_at=context.at)
    before = {one.lead.id: one.lead for one in rows}
    await save_leads(connection, tagged.values())
    entries = [one for lead in tagged.values() for one in to_change_entries(context, before[lead.id], lead, {})]
    await insert_interactions(connection, entries)
    await save_external_ids(connection, context.system, TAG, records)
