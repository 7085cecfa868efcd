"""Importing people. A person is known again by the other system's id, or else by an address or a number.

The whole batch is read, looked up at once, and written by COPY. Where an address leads to a lead already, that lead is
filled in and nothing of it overwritten; a number may be a family's, so it joins only where no address conflicts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import cast
from uuid import UUID

from platbook.base.errors import InvalidInput, TryLater
from platbook.base.ids import new_id
from platbook.crm.contacts import EMAIL, PHONE
from platbook.crm.enums import LeadStatus, Priority
from platbook.crm.intake.assignment import RoutingContext, route_lead
from platbook.crm.leads.lead import Lead, apply_patch, new_lead, rescore
from platbook.crm.leads.matching import PhoneMatch, choose_by_phone, conflicts, find_by_phones
from platbook.crm.leads.merging import to_merged
from platbook.crm.leads.rows import (
    COLUMNS,
    ContactKey,
    contacts_of,
    find_by_contacts,
    save_lead,
    sync_contacts,
    to_params,
)
from platbook.crm.leads.rows import Q as LEADS
from platbook.crm.leads.store import to_payload
from platbook.crm.transfer.import_context import (
    ExternalRecord,
    ImportContext,
    ImportSource,
    ImportUser,
    Q,
    RowRejected,
    batches,
    find_external_records,
    save_external_ids,
    to_hash,
    to_moment,
)
from platbook.crm.transfer.mapping import FileKind, apply_mapping
from platbook.crm.transfer.report import ImportReport
from platbook.crm.transfer.table import CsvRow
from platbook.db import Database, WriteConnection
from platbook.jobs.outbox import write_event

PERSON = "person"

_TRIES = 3

ROW_COLUMNS = (*COLUMNS, "search_text", "name_text")
_TYPES: Mapping[str, str] = {
    "id": "uuid", "emails": "text[]", "phones": "text[]", "budget_min": "numeric", "budget_max": "numeric",
    "tags": "text[]", "custom_fields": "jsonb", "assigned_to": "uuid", "consents": "jsonb", "score": "int2",
    "score_reasons": "text[]", "score_until": "timestamptz", "activity": "jsonb", "claimants": "uuid[]",
    "claim_until": "timestamptz", "claim_fallback": "uuid", "created_at": "timestamptz", "updated_at": "timestamptz",
    "last_activity_at": "timestamptz", "merged_into": "uuid", "deleted_at": "timestamptz",
}  # fmt: skip
ROW_TYPES = tuple(_TYPES.get(column, "text") for column in ROW_COLUMNS)

_FIELDS = {
    "firstName": "first_name", "lastName": "last_name", "emails": "emails", "phones": "phones", "source": "source",
    "budgetMin": "budget_min", "budgetMax": "budget_max", "notes": "notes", "tags": "tags", "aiSummary": "ai_summary",
    "customFields": "custom_fields",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Person:
    """One row, read: `said` for `Lead`, and what it is known by."""

    line: int
    key: str
    hash: bytes
    said: dict[str, object]
    lead: Lead
    owner: ImportUser | None


@dataclass(slots=True)
class _Batch:
    added: list[Lead] = field(default_factory=list[Lead])
    changed: dict[UUID, Lead] = field(default_factory=dict[UUID, Lead])
    told: dict[str, ExternalRecord] = field(default_factory=dict[str, ExternalRecord])
    taken: dict[ContactKey, str] = field(default_factory=dict[ContactKey, str])
    found: Mapping[ContactKey, UUID] = field(default_factory=dict[ContactKey, UUID])


@dataclass(frozen=True, slots=True)
class _Lookup:
    """The leads that a batch meets: by contact, by number, by the same system's id, and as they are."""

    found: Mapping[ContactKey, UUID]
    matches: Mapping[str, list[PhoneMatch]]
    linked: Mapping[UUID, str]
    leads: Mapping[UUID, Lead]


async def import_people(database: Database, ground: ImportContext, source: ImportSource, report: ImportReport) -> None:
    """Import a file of people, a thousand in a transaction."""
    seen: set[str] = set()
    for rows in batches(source.rows):
        people = [one for row in rows if (one := _read(ground, source, row, report, seen)) is not None]
        report.add(await _store_again(database, ground, people))


class _MadeMeanwhile(Exception):
    """Somebody else made one of these people while they were looked up."""


async def _store_again(database: Database, ground: ImportContext, people: list[_Person]) -> ImportReport:
    """Store a batch, anew where somebody else made one of its people at the same time."""
    for _ in range(_TRIES):
        report = ImportReport()
        try:
            async with database.transaction() as connection:
                await _store(connection, ground, people, report)
        except _MadeMeanwhile:
            continue
        return report
    raise TryLater("people of this file keep coming in another way; import it again")


def _read(
    ground: ImportContext, source: ImportSource, row: CsvRow, report: ImportReport, seen: set[str]
) -> _Person | None:
    said = apply_mapping(source.mapping, row.cells)
    try:
        person = _to_person(ground, row.line, said)
        _refuse_twice(person, seen)
    except (RowRejected, InvalidInput) as error:
        report.reject(FileKind.PEOPLE, row.line, str(error))
        return None
    return person


def _refuse_twice(person: _Person, seen: set[str]) -> None:
    if person.key in seen:
        raise RowRejected(f"{person.key} stands in this file twice")
    seen.add(person.key)


def _to_person(ground: ImportContext, line: int, said: dict[str, object]) -> _Person:
    """Read a row. Errors: RowRefused, InvalidInput."""
    told = {_FIELDS[word]: value for word, value in said.items() if word in _FIELDS}
    if "name" in said and "firstName" not in said and "lastName" not in said:
        told["first_name"], _, told["last_name"] = str(said["name"]).rpartition(" ")
    for word, values in (("status", LeadStatus), ("priority", Priority)):
        if word in said:
            known = {str(one).lower(): one for one in values}
            if str(said[word]).lower() not in known:
                raise RowRejected(
                    f"{word}: {said[word]} is none of {', '.join(values)}; name it in the mapping's values"
                )
            told[word] = known[str(said[word]).lower()]
    for word in ("budget_min", "budget_max"):
        if word in told:
            told[word] = str(told[word]).replace("$", "").replace(",", "")
            if not str(told[word]).replace(".", "", 1).isdigit():
                raise RowRejected(f"{word}: {told[word]} is no number")
    created = to_moment(str(said["createdAt"]), "createdAt") if "createdAt" in said else ground.at
    blank = new_lead(new_id(), created)
    lead = apply_patch(blank, told, ground.at)
    owner = ground.owner(said, "owner")
    return _Person(line, _to_key(said, lead), to_hash(said), told, _owned(lead, owner), owner)


def _to_key(said: Mapping[str, object], lead: Lead) -> str:
    """What a person is known by in their system; where that gives none, an address, a number, or all that was said."""
    if "externalId" in said:
        return str(said["externalId"])
    contacts = contacts_of(lead)
    return f"{contacts[0][0]}:{contacts[0][1]}" if contacts else f"row:{to_hash(said).hex()}"


async def _store(
    connection: WriteConnection, ground: ImportContext, people: list[_Person], report: ImportReport
) -> None:
    known = await find_external_records(connection, ground.system, PERSON, [one.key for one in people])
    fresh = [one for one in people if one.key not in known]
    found = await find_by_contacts(connection, [contact for one in fresh for contact in contacts_of(one.lead)])
    differing = [known[one.key].row_id for one in people if one.key in known and known[one.key].hash != one.hash]
    lookup = await _look_up(connection, ground, found, differing)
    batch, counts = _Batch(found=found), report.of(FileKind.PEOPLE)
    for one in people:
        try:
            if one.key in known:
                if known[one.key].hash == one.hash:
                    counts.unchanged += 1
                    continue
                _change(batch, one, lookup.leads.get(known[one.key].row_id), ground.at)
                counts.changed += 1
            elif (met := _meet(one, lookup, batch)) is not None:
                _fill_in(batch, one, met, ground.at)
                counts.changed += 1
            else:
                _add(batch, one, ground.at)
                counts.added += 1
        except (RowRejected, InvalidInput) as error:
            report.reject(FileKind.PEOPLE, one.line, str(error))
    await _write(connection, ground, batch)


async def _look_up(
    connection: WriteConnection, ground: ImportContext, found: Mapping[ContactKey, UUID], differing: list[UUID]
) -> _Lookup:
    """Look up a batch. Numbers of leads that the same system has given are left out: they join nobody."""
    linked = await _find_linked(connection, ground, list(found.values()))
    numbers = [value for (kind, value), lead_id in found.items() if kind == PHONE and lead_id not in linked]
    matches: dict[str, list[PhoneMatch]] = {}
    for match in await find_by_phones(connection, numbers):
        matches.setdefault(match.phone, []).append(match)
    matched = [one.lead_id for several in matches.values() for one in several]
    linked |= await _find_linked(connection, ground, matched)
    return _Lookup(found, matches, linked, await _lock(connection, [*differing, *found.values(), *matched]))


def _meet(one: _Person, lookup: _Lookup, batch: _Batch) -> Lead | None:
    """The lead this person is already, by an address, or else by a number where no address conflicts.

    RowRefused where it is another person of the same system.
    """
    contacts = contacts_of(one.lead)
    for contact in contacts:
        if contact[0] != EMAIL:
            continue
        lead = lookup.leads.get(lookup.found[contact]) if contact in lookup.found else None
        other = batch.taken.get(contact) or (None if lead is None else lookup.linked.get(lead.id))
        if other not in {None, one.key}:
            raise RowRejected(f"{contact[1]} is the address of {other}")
        if lead is not None:
            return lead
    numbers = [value for kind, value in contacts if kind == PHONE and batch.taken.get((kind, value)) in {None, one.key}]
    matches = [match for number in numbers for match in _find_free(one, number, lookup)]
    lead_id = choose_by_phone(matches, has_email=bool(one.lead.emails))
    lead = None if lead_id is None else lookup.leads.get(lead_id)
    return None if lead is None or conflicts(lead, contacts) else lead


def _find_free(one: _Person, number: str, lookup: _Lookup) -> list[PhoneMatch]:
    """The leads that have a number; none where another person of the same system has it: it may be a family's."""
    matches = lookup.matches.get(number, [])
    return matches if all(lookup.linked.get(match.lead_id, one.key) == one.key for match in matches) else []


def _add(batch: _Batch, one: _Person, at: datetime) -> None:
    lead = rescore(one.lead, at)
    batch.added.append(lead)
    _tell(batch, one, lead)


def _change(batch: _Batch, one: _Person, before: Lead | None, at: datetime) -> None:
    """What the other system says anew is right."""
    if before is None or before.deleted_at is not None:
        raise RowRejected("this person was deleted or merged here")
    lead = _owned(apply_patch(before, one.said, at), one.owner)
    batch.changed[lead.id] = rescore(replace(lead, updated_at=at), at)
    _tell(batch, one, lead)


def _fill_in(batch: _Batch, one: _Person, before: Lead, at: datetime) -> None:
    """A lead that was here before keeps what it says."""
    lead = to_merged(one.lead, batch.changed.get(before.id, before))
    if lead.assigned_to is None:
        lead = _owned(lead, one.owner)
    batch.changed[lead.id] = rescore(replace(lead, updated_at=at), at)
    _tell(batch, one, lead)


def _tell(batch: _Batch, one: _Person, lead: Lead) -> None:
    batch.told[one.key] = ExternalRecord(lead.id, one.hash)
    for contact in contacts_of(lead):
        batch.taken.setdefault(contact, one.key)


async def _write(connection: WriteConnection, ground: ImportContext, batch: _Batch) -> None:
    if ground.announce:
        batch.added = [await _announce(connection, ground, lead) for lead in batch.added]
    await copy_leads(connection, batch.added)
    pairs = [(kind, value, lead.id) for lead in batch.added for kind, value in contacts_of(lead)]
    params = {
        "kinds": [one[0] for one in pairs],
        "values": [one[1] for one in pairs],
        "leads": [one[2] for one in pairs],
    }
    await connection.run(Q.add_many_contacts, params)
    owners = await find_by_contacts(connection, [(kind, value) for kind, value, _ in pairs])
    ours = {lead_id for _, _, lead_id in pairs}
    if any(owner not in ours and contact not in batch.found for contact, owner in owners.items()):
        raise _MadeMeanwhile
    for lead in batch.changed.values():
        await save_lead(connection, lead)
        await sync_contacts(connection, lead)
        follow = {
            "lead_id": lead.id,
            "owner": lead.assigned_to,
            "former": None,
            "office": lead.office,
            "team": lead.team,
        }
        await connection.run(LEADS.give_tasks, {**follow, "at": ground.at})
    await save_external_ids(connection, ground.system, PERSON, batch.told)


async def copy_leads(connection: WriteConnection, leads: list[Lead]) -> None:
    """Add leads in bulk; nothing else of them."""
    if leads:
        rows = ([params[column] for column in ROW_COLUMNS] for params in map(to_params, leads))
        await connection.copy_in("leads", ROW_COLUMNS, ROW_TYPES, rows)


async def _announce(connection: WriteConnection, ground: ImportContext, lead: Lead) -> Lead:
    """As a lead that came in by itself."""
    if lead.assigned_to is None:
        lead = await route_lead(connection, lead, RoutingContext(lead.source), ground.at)
    await write_event(connection, "lead created", to_payload(lead, ground.actor), ground.at)
    return lead


async def _find_linked(connection: WriteConnection, ground: ImportContext, leads: list[UUID]) -> dict[UUID, str]:
    rows = await connection.tuples(Q.find_linked, {"system": ground.system, "rows": leads})
    return {cast("UUID", row): str(name) for row, name in rows}


async def _lock(connection: WriteConnection, ids: list[UUID]) -> dict[UUID, Lead]:
    if not ids:
        return {}
    return {lead.id: lead for lead in await connection.all(Lead, Q.find_people, {"ids": ids})}


def _owned(lead: Lead, owner: ImportUser | None) -> Lead:
    return lead if owner is None else replace(lead, assigned_to=owner.id, office=owner.office, team=owner.team)
