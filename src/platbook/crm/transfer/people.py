"""Importing people. A person is recognised by the other system's id, or else by e-mail address or telephone number.

A batch is read, looked up with a few statements, and written by COPY. Where an address belongs to a lead already, that
lead is completed and nothing of it overwritten; a number may be a family's, so it matches only a lead without a
conflicting address.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from platbook.base.errors import InvalidInput
from platbook.base.ids import new_id
from platbook.crm.contacts import EMAIL, PHONE
from platbook.crm.enums import LeadStatus, Priority
from platbook.crm.external_ids.rows import (
    PERSON,
    ExternalRecord,
    find_external_records,
    find_person_ids,
    save_external_ids,
)
from platbook.crm.intake.routing import RoutingContext, route_lead
from platbook.crm.leads.lead import Lead, merge_fields, new_lead, rescore, to_payload
from platbook.crm.leads.matching import choose_by_phone, conflicts
from platbook.crm.leads.patch import LeadPatch, apply_patch
from platbook.crm.leads.rows import (
    ContactKey,
    PhoneMatch,
    find_by_contacts,
    find_by_phones,
    insert_leads,
    lock_leads,
    save_leads,
    sync_contacts,
    to_contact_keys,
)
from platbook.crm.tasks.rows import follow_owner
from platbook.crm.transfer.batches import PeopleChanged, store_rows
from platbook.crm.transfer.csv_rows import CsvRow
from platbook.crm.transfer.import_context import (
    ImportContext,
    ImportSource,
    ImportUser,
    RowRejected,
    to_hash,
    to_member,
    to_time,
)
from platbook.crm.transfer.mapping import FileKind, MappedRow, apply_mapping
from platbook.crm.transfer.report import ImportReport
from platbook.db import Database, WriteConnection
from platbook.jobs.outbox import write_event


@dataclass(frozen=True, slots=True)
class _Person:
    """One row, parsed. `key`: the external id; `lead`: the patch applied to an empty lead, with its owner."""

    line: int
    key: str
    hash: bytes
    patch: LeadPatch
    lead: Lead
    owner: ImportUser | None


@dataclass(slots=True)
class _Batch:
    """The changes of a batch. `contacts`: the external id of the person who has a contact in this batch."""

    stored: Mapping[ContactKey, UUID]
    added: list[Lead] = field(default_factory=list[Lead])
    changed: dict[UUID, Lead] = field(default_factory=dict[UUID, Lead])
    records: dict[str, ExternalRecord] = field(default_factory=dict[str, ExternalRecord])
    contacts: dict[ContactKey, str] = field(default_factory=dict[ContactKey, str])


@dataclass(frozen=True, slots=True)
class _Lookup:
    """The leads that a batch may match: by contact, by number, by the same system's id; and their rows, locked."""

    stored: Mapping[ContactKey, UUID]
    matches: Mapping[str, list[PhoneMatch]]
    external_ids: Mapping[UUID, str]
    leads: Mapping[UUID, Lead]


async def import_people(
    database: Database, context: ImportContext, source: ImportSource, rows: Sequence[CsvRow], report: ImportReport
) -> None:
    """Import rows of a file of people."""
    people = [one for row in rows if (one := _parse(context, source, row, report)) is not None]

    async def store(connection: WriteConnection, people: Sequence[_Person], part: ImportReport) -> None:
        await _store(connection, context, people, part)

    report.add(await store_rows(database, FileKind.PEOPLE, people, store))


def _parse(context: ImportContext, source: ImportSource, row: CsvRow, report: ImportReport) -> _Person | None:
    try:
        person = _to_person(context, row.line, apply_mapping(source.mapping, row.cells))
        _check_unique(person, source.keys)
    except (RowRejected, InvalidInput) as error:
        report.reject(FileKind.PEOPLE, row.line, str(error))
        return None
    source.keys.add(person.key)
    return person


def _check_unique(person: _Person, keys: set[str]) -> None:
    if person.key in keys:
        raise RowRejected(f"externalId: {person.key} is in this file twice")


def _to_person(context: ImportContext, line: int, row: MappedRow) -> _Person:
    """Parse a row. Errors: RowRejected, InvalidInput."""
    patch = _to_patch(row)
    created = to_time(row["createdAt"], "createdAt") if "createdAt" in row else context.at
    lead = apply_patch(new_lead(new_id(), created), patch, context.at)
    owner = context.find_user(row, "owner")
    return _Person(line, _to_key(row, lead), to_hash(row), patch, _with_owner(lead, owner), owner)


def _to_patch(row: MappedRow) -> LeadPatch:
    patch = _to_contact_patch(row)
    if "status" in row:
        patch["status"] = to_member(LeadStatus, row["status"], "status")
    if "priority" in row:
        patch["priority"] = to_member(Priority, row["priority"], "priority")
    if "source" in row:
        patch["source"] = row["source"]
    if "budgetMin" in row:
        patch["budget_min"] = _to_budget(row["budgetMin"], "budgetMin")
    if "budgetMax" in row:
        patch["budget_max"] = _to_budget(row["budgetMax"], "budgetMax")
    if "notes" in row:
        patch["notes"] = row["notes"]
    if "tags" in row:
        patch["tags"] = row["tags"]
    if "aiSummary" in row:
        patch["ai_summary"] = row["aiSummary"]
    if "customFields" in row:
        patch["custom_fields"] = row["customFields"]
    return patch


def _to_contact_patch(row: MappedRow) -> LeadPatch:
    patch: LeadPatch = {}
    if "firstName" in row:
        patch["first_name"] = row["firstName"]
    if "lastName" in row:
        patch["last_name"] = row["lastName"]
    if "name" in row and not patch:
        patch["first_name"], _, patch["last_name"] = row["name"].rpartition(" ")
    if "emails" in row:
        patch["emails"] = row["emails"]
    if "phones" in row:
        patch["phones"] = row["phones"]
    return patch


def _to_budget(text: str, name: Literal["budgetMin", "budgetMax"]) -> Decimal:
    digits = text.replace("$", "").replace(",", "")
    if not digits.replace(".", "", 1).isdecimal():
        raise RowRejected(f"{name}: {text} is not a number")
    return Decimal(digits)


def _to_key(row: MappedRow, lead: Lead) -> str:
    """The external id of a person; without one their first contact, or else the hash of the row."""
    if "externalId" in row:
        return row["externalId"]
    contacts = to_contact_keys(lead)
    return f"{contacts[0][0]}:{contacts[0][1]}" if contacts else f"row:{to_hash(row).hex()}"


async def _store(
    connection: WriteConnection, context: ImportContext, people: Sequence[_Person], report: ImportReport
) -> None:
    records = await find_external_records(connection, context.system, PERSON, [one.key for one in people])
    new = [one for one in people if one.key not in records]
    stored = await find_by_contacts(connection, [key for one in new for key in to_contact_keys(one.lead)])
    differing = [records[one.key].row_id for one in people if one.key in records and records[one.key].hash != one.hash]
    lookup = await _look_up(connection, context, stored, differing)
    batch, counts = _Batch(stored), report.of(FileKind.PEOPLE)
    for one in people:
        try:
            if one.key in records:
                if records[one.key].hash == one.hash:
                    counts.unchanged += 1
                    continue
                _change(batch, one, lookup.leads.get(records[one.key].row_id), context.at)
                counts.changed += 1
            elif (match := _match(one, lookup, batch)) is not None:
                _complete(batch, one, match, context.at)
                counts.changed += 1
            else:
                _add(batch, one, context.at)
                counts.added += 1
        except (RowRejected, InvalidInput) as error:
            report.reject(FileKind.PEOPLE, one.line, str(error))
    await _write(connection, context, batch)


async def _look_up(
    connection: WriteConnection, context: ImportContext, stored: Mapping[ContactKey, UUID], differing: list[UUID]
) -> _Lookup:
    """Look up a batch. Numbers of leads that have an id of the same system are left out: they are other people."""
    external_ids = await find_person_ids(connection, context.system, list(stored.values()))
    numbers = [value for (kind, value), lead_id in stored.items() if kind == PHONE and lead_id not in external_ids]
    matches: dict[str, list[PhoneMatch]] = {}
    for match in await find_by_phones(connection, numbers):
        matches.setdefault(match.phone, []).append(match)
    matched = [one.lead_id for several in matches.values() for one in several]
    external_ids |= await find_person_ids(connection, context.system, matched)
    leads = await lock_leads(connection, [*differing, *stored.values(), *matched])
    return _Lookup(stored, matches, external_ids, leads)


def _match(one: _Person, lookup: _Lookup, batch: _Batch) -> Lead | None:
    """The lead that a person already is, by address, or else by a number where no address conflicts.

    RowRejected where the address is that of another person of the same system.
    """
    contacts = to_contact_keys(one.lead)
    for contact in contacts:
        if contact[0] != EMAIL:
            continue
        lead = lookup.leads.get(lookup.stored[contact]) if contact in lookup.stored else None
        other = batch.contacts.get(contact) or (None if lead is None else lookup.external_ids.get(lead.id))
        if other not in {None, one.key}:
            raise RowRejected(
                f"emails: {contact[1]} is the address of {other}, too; merge the two, or remove the address from one"
            )
        if lead is not None:
            return lead
    numbers = [key[1] for key in contacts if key[0] == PHONE and batch.contacts.get(key) in {None, one.key}]
    matches = [match for number in numbers for match in _find_matches(one, number, lookup)]
    lead_id = choose_by_phone(matches, has_email=bool(one.lead.emails))
    lead = None if lead_id is None else lookup.leads.get(lead_id)
    return None if lead is None or conflicts(lead, contacts) else lead


def _find_matches(one: _Person, number: str, lookup: _Lookup) -> list[PhoneMatch]:
    """The leads that have a number; none where another person of the same system has it: it may be a family's."""
    matches = lookup.matches.get(number, [])
    return matches if all(lookup.external_ids.get(match.lead_id, one.key) == one.key for match in matches) else []


def _add(batch: _Batch, one: _Person, at: datetime) -> None:
    lead = rescore(one.lead, at)
    batch.added.append(lead)
    _link(batch, one, lead)


def _change(batch: _Batch, one: _Person, before: Lead | None, at: datetime) -> None:
    """Apply what changed in the other system; its values win."""
    if before is None or before.deleted_at is not None:
        raise RowRejected("this person was deleted or merged here")
    lead = _with_owner(apply_patch(before, one.patch, at), one.owner)
    batch.changed[lead.id] = rescore(replace(lead, updated_at=at), at)
    _link(batch, one, lead)


def _complete(batch: _Batch, one: _Person, before: Lead, at: datetime) -> None:
    """Complete a lead that existed before; its own values win."""
    lead = merge_fields(one.lead, batch.changed.get(before.id, before))
    if lead.assigned_to is None:
        lead = _with_owner(lead, one.owner)
    batch.changed[lead.id] = rescore(replace(lead, updated_at=at), at)
    _link(batch, one, lead)


def _link(batch: _Batch, one: _Person, lead: Lead) -> None:
    batch.records[one.key] = ExternalRecord(lead.id, one.hash)
    for contact in to_contact_keys(lead):
        batch.contacts.setdefault(contact, one.key)


async def _write(connection: WriteConnection, context: ImportContext, batch: _Batch) -> None:
    if context.announce:
        batch.added = [await _announce(connection, context, lead) for lead in batch.added]
    owners = await insert_leads(connection, batch.added)
    added = {lead.id for lead in batch.added}
    if any(owner not in added and contact not in batch.stored for contact, owner in owners.items()):
        raise PeopleChanged("people of this file were created by another request meanwhile; import the file again")
    await save_leads(connection, batch.changed.values())
    for lead in batch.changed.values():
        await sync_contacts(connection, lead)
        await follow_owner(connection, lead, None, context.at)
    await save_external_ids(connection, context.system, PERSON, batch.records)


async def _announce(connection: WriteConnection, context: ImportContext, lead: Lead) -> Lead:
    """Route a lead by the rules, and write its event, as the intake does."""
    if lead.assigned_to is None:
        lead = await route_lead(connection, lead, RoutingContext(lead.source), context.at)
    await write_event(connection, "lead created", to_payload(lead, context.actor), context.at)
    return lead


def _with_owner(lead: Lead, owner: ImportUser | None) -> Lead:
    return lead if owner is None else replace(lead, assigned_to=owner.id, office=owner.office, team=owner.team)
