"""Rows about people who are here: notes, tasks and tags, each read and put beside its lead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from platbook.crm.contacts import EMAIL, to_email
from platbook.crm.leads.lead import Lead
from platbook.crm.leads.rows import find_by_contacts
from platbook.crm.transfer.import_context import ImportContext, ImportSource, Q, find_external_records, to_hash
from platbook.crm.transfer.mapping import FileKind, apply_mapping
from platbook.crm.transfer.people import PERSON
from platbook.crm.transfer.report import ImportReport
from platbook.crm.transfer.table import CsvRow
from platbook.db import WriteConnection


@dataclass(frozen=True, slots=True)
class RelatedRow:
    """One row: what it is known by, the lead it is about, and what it says."""

    line: int
    key: str
    hash: bytes
    lead: Lead
    said: dict[str, object]


async def find_related_rows(
    connection: WriteConnection,
    ground: ImportContext,
    source: ImportSource,
    kind: FileKind,
    rows: Sequence[CsvRow],
    report: ImportReport,
) -> list[RelatedRow]:
    """The rows whose person is here, in their order, and their leads locked; the others are refused."""
    told = [(row.line, apply_mapping(source.mapping, row.cells)) for row in rows]
    leads = await _find_leads(connection, ground, {str(said["person"]) for _, said in told if "person" in said})
    lines: list[RelatedRow] = []
    for line, said in told:
        person = str(said.get("person", ""))
        lead = leads.get(person)
        if lead is None:
            report.reject(kind, line, f"person: there is no {person}" if person else "person: is required")
            continue
        known_by = str(said.get("externalId", "")) or f"row:{to_hash(said).hex()}"
        lines.append(RelatedRow(line, known_by, to_hash(said), lead, said))
    return lines


async def _find_leads(connection: WriteConnection, ground: ImportContext, people: set[str]) -> dict[str, Lead]:
    """By the other system's ids, or by e-mail address."""
    known = await find_external_records(connection, ground.system, PERSON, sorted(people))
    ids: dict[str, UUID] = {name: one.row_id for name, one in known.items()}
    addresses = {address: name for name in people - ids.keys() if (address := _address(name))}
    found = await find_by_contacts(connection, [(EMAIL, address) for address in addresses])
    ids |= {addresses[address]: lead_id for (_, address), lead_id in found.items()}
    rows = await connection.all(Lead, Q.find_people, {"ids": list(ids.values())}) if ids else []
    leads: Mapping[UUID, Lead] = {lead.id: lead for lead in rows if lead.deleted_at is None}
    return {name: leads[lead_id] for name, lead_id in ids.items() if lead_id in leads}


def _address(text: str) -> str | None:
    try:
        return to_email(text) if "@" in text else None
    except ValueError:
        return None
