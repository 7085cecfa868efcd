"""Importing tags of leads. Tags that a lead has already are unchanged."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from platbook.base.errors import InvalidInput
from platbook.crm.leads.lead import Lead
from platbook.crm.leads.patch import to_tags
from platbook.crm.leads.rows import save_leads
from platbook.crm.transfer.batches import store_rows
from platbook.crm.transfer.csv_rows import CsvRow
from platbook.crm.transfer.import_context import ImportContext, ImportSource
from platbook.crm.transfer.mapping import FileKind
from platbook.crm.transfer.related_rows import find_related_rows
from platbook.crm.transfer.report import ImportReport
from platbook.db import Database, WriteConnection


async def import_tags(
    database: Database, context: ImportContext, source: ImportSource, rows: Sequence[CsvRow], report: ImportReport
) -> None:
    """Import rows of a file of tags, one tag per row."""

    async def store(connection: WriteConnection, rows: Sequence[CsvRow], part: ImportReport) -> None:
        counts = part.of(FileKind.TAGS)
        tagged: dict[UUID, Lead] = {}
        for one in await find_related_rows(connection, context, source, FileKind.TAGS, rows, part):
            lead = tagged.get(one.lead.id, one.lead)
            try:
                tags = to_tags([*lead.tags, one.row.get("tag", "")])
            except InvalidInput as error:
                part.reject(FileKind.TAGS, one.line, str(error))
                continue
            if tags == lead.tags:
                counts.unchanged += 1
                continue
            counts.added += 1
            tagged[lead.id] = replace(lead, tags=tags, updated_at=context.at)
        await save_leads(connection, tagged.values())

    report.add(await store_rows(database, FileKind.TAGS, rows, store))
