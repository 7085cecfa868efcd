"""Importing tags of people who are here. A tag that is there is left as it is."""

from dataclasses import replace
from uuid import UUID

from platbook.base.errors import InvalidInput
from platbook.crm.leads.lead import Lead, to_tags
from platbook.crm.leads.rows import save_lead
from platbook.crm.transfer.import_context import Ground, Source, batches
from platbook.crm.transfer.mapping import Kind
from platbook.crm.transfer.related_rows import find_lines
from platbook.crm.transfer.report import Report
from platbook.db import Database


async def import_tags(database: Database, ground: Ground, source: Source, report: Report) -> None:
    """Import a file of tags, one to a row."""
    counts = report.of(Kind.TAGS)
    for rows in batches(source.rows):
        async with database.transaction() as connection:
            touched: dict[UUID, Lead] = {}
            for one in await find_lines(connection, ground, source, Kind.TAGS, rows, report):
                lead = touched.get(one.lead.id, one.lead)
                try:
                    tags = to_tags([*lead.tags, str(one.said.get("tag", ""))])
                except InvalidInput as error:
                    report.refuse(Kind.TAGS, one.line, str(error))
                    continue
                if tags == lead.tags:
                    counts.unchanged += 1
                    continue
                counts.added += 1
                touched[lead.id] = replace(lead, tags=tags, updated_at=ground.at)
            for lead in touched.values():
                await save_lead(connection, lead)
