"""Rows that refer to a person: notes, tasks and tags, each read and joined with its lead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from platbook.crm.contacts import EMAIL, to_email
from platbook.crm.external_ids.rows import PERSON, find_external_records
from platbook.crm.leads.lead import Lead
from platbook.crm.leads.rows import find_by_contacts, lock_leads
from platbook.crm.transfer.csv_rows import CsvRow
from platbook.crm.transfer.import_context import ImportContext, ImportSource, to_hash, to_key
from platbook.crm.transfer.mapping import FileKind, MappedRow, apply_mapping
from platbook.crm.transfer.report import ImportReport
from platbook.db import WriteConnection


@dataclass(frozen=True, slots=True)
class RelatedRow:
    """One row: its external id, its hash for change detection, and the lead it refers to."""

    line: int
    key: str
    hash: bytes
    lead: Lead
    row: MappedRow


async def find_related_rows(
    connection: WriteConnection,
    context: ImportContext,
    source: ImportSource,
    kind: FileKind,
    rows: Sequence[CsvRow],
    report: ImportReport,
) -> list[RelatedRow]:
    """The rows whose person is a lead, in order, and their leads locked; the others are rejected."""
    mapped = [(row.line, apply_mapping(source.mapping, row.cells)) for row in rows]
    leads = await _find_leads(connection, context, {row["person"] for _, row in mapped if "person" in row})
    related: list[RelatedRow] = []
    for line, row in mapped:
        person = row.get("person", "")
        lead = leads.get(person)
        if lead is None:
            message = f"person: no lead has the id or e-mail address {person}" if person else "person: is required"
            report.reject(kind, line, message)
        else:
            related.append(RelatedRow(line, to_key(row), to_hash(row), lead, row))
    return related


async def _find_leads(connection: WriteConnection, context: ImportContext, people: set[str]) -> dict[str, Lead]:
    """By the other system's ids, or by e-mail address."""
    records = await find_external_records(connection, context.system, PERSON, sorted(people))
    ids: dict[str, UUID] = {name: one.row_id for name, one in records.items()}
    emails = {email: name for name in people - ids.keys() if (email := _to_email(name))}
    matches = await find_by_contacts(connection, [(EMAIL, email) for email in emails])
    ids |= {emails[email]: lead_id for (_, email), lead_id in matches.items()}
    locked = await lock_leads(connection, list(ids.values()))
    leads: Mapping[UUID, Lead] = {lead.id: lead for lead in locked.values() if lead.deleted_at is None}
    return {name: leads[lead_id] for name, lead_id in ids.items() if lead_id in leads}


def _to_email(text: str) -> str | None:
    try:
        return to_email(text) if "@" in text else None
    except ValueError:
        return None
