"""Importing people. A person is recognised by the other system's id, or else by e-mail address or telephone number.

A batch is read, looked up with a few statements, and written by COPY. Where an address belongs to a lead already, that
lead is completed and nothing of it overwritten; a number may be a family's, so it matches only a lead without a
conflicting address or name (`leads.matching`). A person who was imported before is compared with that import: see
`three_way`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import cast
from uuid import UUID

from platbook.base.errors import InvalidInput
from platbook.crm.contacts import EMAIL
from platbook.crm.duplicates.rows import save_likenesses
from platbook.crm.external_ids.rows import PERSON, ExternalRecord, find_external_records, save_external_ids
from platbook.crm.intake.routing import RoutingContext, route_lead
from platbook.crm.interactions.interaction import Interaction
from platbook.crm.interactions.rows import insert_interactions
from platbook.crm.leads.lead import Lead, merge_fields, rescore, to_payload
from platbook.crm.leads.matching import Likeness
from platbook.crm.leads.rows import (
    ContactKey,
    find_by_contacts,
    insert_leads,
    save_leads,
    sync_contacts,
    to_contact_keys,
)
from platbook.crm.suppressions.enforcement import enforce_suppressions
from platbook.crm.suppressions.withdrawal import LeadChange
from platbook.crm.tasks.rows import follow_owner
from platbook.crm.transfer.batches import PeopleChanged, store_rows
from platbook.crm.transfer.consent_columns import with_consents
from platbook.crm.transfer.csv_rows import CsvRow
from platbook.crm.transfer.import_context import ImportContext, ImportSource, RowRejected
from platbook.crm.transfer.import_log import to_change_entries, to_imported_entry, to_message
from platbook.crm.transfer.mapping import FileKind
from platbook.crm.transfer.person_matching import Lookup, find_new_likenesses, look_up, match_person
from platbook.crm.transfer.person_row import ImportedPerson, change_person, to_person, with_owner
from platbook.crm.transfer.report import FieldRemark, ImportReport
from platbook.db import Database, WriteConnection
from platbook.jobs.outbox import write_event


@dataclass(slots=True)
class _Batch:
    """The changes of a batch. `before`: the changed leads as they were; `details`: what the log says beside.

    `contacts`: the external id of the person who has a contact in this batch.
    """

    lookup: Lookup
    added: list[Lead] = field(default_factory=list[Lead])
    before: dict[UUID, Lead] = field(default_factory=dict[UUID, Lead])
    changed: dict[UUID, Lead] = field(default_factory=dict[UUID, Lead])
    details: dict[UUID, dict[str, dict[str, object]]] = field(default_factory=dict[UUID, dict[str, dict[str, object]]])
    records: dict[str, ExternalRecord] = field(default_factory=dict[str, ExternalRecord])
    contacts: dict[ContactKey, str] = field(default_factory=dict[ContactKey, str])
    likenesses: dict[UUID, list[Likeness]] = field(default_factory=dict[UUID, list[Likeness]])

    def lead(self, lead_id: UUID) -> Lead | None:
        """A lead as the rows before changed it."""
        return self.changed.get(lead_id) or self.lookup.leads.get(lead_id)

    def change(self, before: Lead, lead: Lead) -> None:
        """Change a lead."""
        self.before.setdefault(before.id, before)
        self.changed[lead.id] = lead

    def is_taken(self, one: ImportedPerson, lead: Lead, email: str) -> bool:
        """Whether an address is that of another lead, or of another person of this batch."""
        if self.contacts.get((EMAIL, email)) not in {None, one.key}:
            return True
        owner = self.lookup.stored.get((EMAIL, email))
        other = None if owner in {None, lead.id} else self.lead(cast("UUID", owner))
        return other is not None and email in other.emails

    def note(self, lead: Lead, section: str, details: Mapping[str, object]) -> None:
        """Let the log of a lead say something beside its changes."""
        self.details.setdefault(lead.id, {}).setdefault(section, {}).update(details)

    def link(self, one: ImportedPerson, lead: Lead, record: ExternalRecord) -> None:
        """Let a person's external id refer to a lead."""
        self.records[one.key] = record
        for contact in to_contact_keys(lead):
            self.contacts.setdefault(contact, one.key)


async def import_people(
    database: Database, context: ImportContext, source: ImportSource, rows: Sequence[CsvRow], report: ImportReport
) -> None:
    """Import rows of a file of people."""
    people = [one for row in rows if (one := _parse(context, source, row, report)) is not None]

    async def store(connection: WriteConnection, people: Sequence[ImportedPerson], part: ImportReport) -> None:
        await _store(connection, context, people, part)

    report.add(await store_rows(database, FileKind.PEOPLE, people, store))


def _parse(context: ImportContext, source: ImportSource, row: CsvRow, report: ImportReport) -> ImportedPerson | None:
    try:
        person = to_person(context, source.mapping, row)
    except (RowRejected, InvalidInput) as error:
        report.reject(FileKind.PEOPLE, row.line, str(error))
        return None
    if person.key in source.keys:
        report.reject(FileKind.PEOPLE, row.line, f"externalId: {person.key} is in this file twice")
        return None
    source.keys.add(person.key)
    return person


async def _store(
    connection: WriteConnection, context: ImportContext, people: Sequence[ImportedPerson], report: ImportReport
) -> None:
    records = await find_external_records(connection, context.system, PERSON, [one.key for one in people])
    differing = [one for one in people if one.key in records and records[one.key].hash != one.hash]
    sought = [key for one in people if one.key not in records for key in to_contact_keys(one.lead)]
    sought += [(EMAIL, email) for one in differing for email in one.lead.emails]
    stored = await find_by_contacts(connection, sought)
    batch = _Batch(await look_up(connection, context, stored, [records[one.key].row_id for one in differing]))
    for one in people:
        try:
            _store_one(batch, one, records.get(one.key), context.at, report)
        except (RowRejected, InvalidInput) as error:
            report.reject(FileKind.PEOPLE, one.line, str(error))
    await _write(connection, context, batch)


def _store_one(
    batch: _Batch, one: ImportedPerson, record: ExternalRecord | None, at: datetime, report: ImportReport
) -> None:
    """Decide on one row. Errors: RowRejected, InvalidInput."""
    counts = report.of(FileKind.PEOPLE)
    if record is not None and record.hash == one.hash:
        counts.unchanged += 1
        if record.digests is None:
            batch.records[one.key] = one.record(record.row_id)
        return
    if record is not None:
        before, lead = _change(batch, one, record, at, report)
        counts.changed += lead != before
        counts.unchanged += lead == before
    elif (match := match_person(one, batch.lookup, batch.contacts)) is not None:
        lead = _complete(batch, one, match, at)
        counts.changed += 1
    else:
        lead = rescore(with_consents(one.lead, one.consents, at), at)
        batch.added.append(lead)
        batch.link(one, lead, one.record(lead.id))
        batch.likenesses[lead.id] = find_new_likenesses(lead, batch.lookup)
        counts.added += 1
    _note_unread(batch, one, lead, report)


def _change(
    batch: _Batch, one: ImportedPerson, record: ExternalRecord, at: datetime, report: ImportReport
) -> tuple[Lead, Lead]:
    """Apply what changed in the file since its last import; the lead as it was, and as it is."""
    before = batch.lead(record.row_id)
    if before is None or before.deleted_at is not None:
        raise RowRejected("this person was deleted or merged here")
    taken = [email for email in one.lead.emails if email not in before.emails and batch.is_taken(one, before, email)]
    change = change_person(one, before, record, at, without=taken)
    if taken:
        reason = f"{', '.join(taken)} is the address of another lead and was left out"
        report.conflicts.append(FieldRemark(FileKind.PEOPLE, one.line, "emails", reason))
    if change.lead != before or change.comparison.conflicts or one.unread:
        batch.change(before, change.lead)
    for conflict in change.comparison.conflicts:
        batch.note(change.lead, "conflicts", {conflict.field: {"here": conflict.here, "file": conflict.file}})
        reason = to_message(conflict.here, conflict.file)
        report.conflicts.append(FieldRemark(FileKind.PEOPLE, one.line, conflict.field, reason))
    batch.link(one, change.lead, change.record)
    return before, change.lead


def _complete(batch: _Batch, one: ImportedPerson, match: Lead, at: datetime) -> Lead:
    """Complete a lead that existed before; its own values win."""
    before = batch.lead(match.id) or match
    lead = with_consents(merge_fields(one.lead, before), one.consents, at)
    if lead.assigned_to is None:
        lead = with_owner(lead, one.owner)
    lead = rescore(replace(lead, updated_at=at), at)
    batch.change(before, lead)
    batch.link(one, lead, one.record(lead.id))
    return lead


def _note_unread(batch: _Batch, one: ImportedPerson, lead: Lead, report: ImportReport) -> None:
    if one.unread:
        batch.note(lead, "unread", one.unread)
    for name, texts in one.unread.items():
        reason = f"{', '.join(texts)} could not be read and was left out"
        report.unread.append(FieldRemark(FileKind.PEOPLE, one.line, name, reason))


async def _write(connection: WriteConnection, context: ImportContext, batch: _Batch) -> None:
    if context.announce:
        batch.added = [await _announce(connection, context, lead) for lead in batch.added]
    await _enforce_suppressions(connection, context, batch)
    owners = await insert_leads(connection, batch.added)
    added = {lead.id for lead in batch.added}
    if any(owner not in added and contact not in batch.lookup.stored for contact, owner in owners.items()):
        raise PeopleChanged("people of this file were created by another request meanwhile; import the file again")
    await save_leads(connection, batch.changed.values())
    await _sync_contacts(connection, batch)
    for lead in batch.changed.values():
        before = batch.before[lead.id]
        if lead.ownership != before.ownership:
            await follow_owner(connection, lead, before.assigned_to, context.at)
    await insert_interactions(connection, _to_entries(context, batch))
    await save_external_ids(connection, context.system, PERSON, batch.records)
    await save_likenesses(connection, batch.likenesses, context.at)


async def _enforce_suppressions(connection: WriteConnection, context: ImportContext, batch: _Batch) -> None:
    """Suppress whoever refuses, and let new addresses bring their refusals along."""
    changes = [LeadChange(one) for one in batch.added]
    changes += [LeadChange(one, (batch.before[one.id],)) for one in batch.changed.values()]
    leads = await enforce_suppressions(connection, context.actor, changes, context.at)
    batch.added = leads[: len(batch.added)]
    batch.changed = {lead.id: lead for lead in leads[len(batch.added) :]}


async def _sync_contacts(connection: WriteConnection, batch: _Batch) -> None:
    """Once more for those whose contact another lead of the batch gives up only after them."""
    leads = batch.changed.values()
    moved = [one for one in leads if to_contact_keys(one) != to_contact_keys(batch.before[one.id])]
    clashing = [one for one in moved if await sync_contacts(connection, one)]
    for one in clashing:
        await sync_contacts(connection, one)


def _to_entries(context: ImportContext, batch: _Batch) -> list[Interaction]:
    entries = [
        to_imported_entry(context, lead, {}, batch.details[lead.id]) for lead in batch.added if lead.id in batch.details
    ]
    for lead in batch.changed.values():
        entries += to_change_entries(context, batch.before[lead.id], lead, batch.details.get(lead.id, {}))
    return entries


async def _announce(connection: WriteConnection, context: ImportContext, lead: Lead) -> Lead:
    """Route a lead by the rules, and write its event, as the intake does."""
    if lead.assigned_to is None:
        lead = await route_lead(connection, lead, RoutingContext(lead.source), context.at)
    await write_event(connection, "lead created", to_payload(lead, context.actor), context.at)
    return lead
