"""Importing tags of people who are here. A tag that is there is left as it is."""

from dataclasses import replace
from uuid import UUID

from platbook.base.errors import InvalidInput
from platbook.crm.leads.lead import Lead, to_tags
from platbook.crm.leads.rows import save_lead
from platbook.crm.transfer.import_context import ImportContext, ImportSource, batches
from platbook.crm.transfer.mapping import FileKind
from platbook.crm.transfer.related_rows import find_related_rows
from platbook.crm.transfer.report import ImportReport
from platbook.db import Database


async def import_tags(database: Database, ground: ImportContext, source: ImportSource, report: ImportReport) -> None:
    """Import a file of tags, one to a row."""
    counts = report.of(FileKind.TAGS)
    for rows in batches(source.rows):
        async with database.transaction() as connection:
            touched: dict[UUID, Lead] = {}
            for one in await find_related_rows(connection, ground, source, FileKind.TAGS, rows, report):
                lead = touched.get(one.lead.id, one.lead)
                try:
                    tags = to_tags([*lead.tags, str(one.said.get("tag", ""))])
                except InvalidInput as error:
                    report.reject(FileKind.TAGS, one.line, str(error))
                    continue
                if tags == lead.tags:
                    counts.unchanged += 1
                    continue
                counts.added += 1
                touched[lead.id] = replace(lead, tags=tags, updated_at=ground.at)
            for lead in touched.values():
                await save_lead(connection, lead)
