"""Which leads the people of a file are already: by the other system's id, by address, or by telephone number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from platbook.crm.contacts import EMAIL, PHONE
from platbook.crm.external_ids.rows import find_person_ids
from platbook.crm.leads.lead import Lead
from platbook.crm.leads.matching import (
    Likeness,
    PersonMatch,
    choose_by_phone,
    find_likenesses,
    person_of,
    still_matches,
)
from platbook.crm.leads.rows import ContactKey, PhoneMatch, find_by_phones, lock_leads, to_contact_keys
from platbook.crm.transfer.import_context import ImportContext, RowRejected
from platbook.crm.transfer.person_row import ImportedPerson
from platbook.db import WriteConnection


@dataclass(frozen=True, slots=True)
class Lookup:
    """The leads that a batch may match: by contact, by number, by the same system's id; and their rows, locked."""

    stored: Mapping[ContactKey, UUID]
    matches: Mapping[str, list[PhoneMatch]]
    external_ids: Mapping[UUID, str]
    leads: Mapping[UUID, Lead]


async def look_up(
    connection: WriteConnection,
    context: ImportContext,
    stored: Mapping[ContactKey, UUID],
    differing: Sequence[UUID],
) -> Lookup:
    """Look up a batch. Numbers of leads that have an id of the same system are left out: they are other people."""
    external_ids = await find_person_ids(connection, context.system, list(stored.values()))
    numbers = [value for (kind, value), lead_id in stored.items() if kind == PHONE and lead_id not in external_ids]
    matches: dict[str, list[PhoneMatch]] = {}
    for match in await find_by_phones(connection, numbers):
        matches.setdefault(match.phone, []).append(match)
    matched = [one.lead_id for several in matches.values() for one in several]
    external_ids |= await find_person_ids(connection, context.system, matched)
    leads = await lock_leads(connection, [*differing, *stored.values(), *matched])
    return Lookup(stored, matches, external_ids, leads)


def match_person(one: ImportedPerson, lookup: Lookup, contacts_of_batch: Mapping[ContactKey, str]) -> Lead | None:
    """The lead that a person already is, by address, or else by a number where nothing conflicts.

    `contacts_of_batch`: the external ids of the people of this batch. RowRejected where the address is that of another
    person of the same system.
    """
    contacts = to_contact_keys(one.lead)
    for contact in contacts:
        if contact[0] != EMAIL:
            continue
        lead = lookup.leads.get(lookup.stored[contact]) if contact in lookup.stored else None
        other = contacts_of_batch.get(contact) or (None if lead is None else lookup.external_ids.get(lead.id))
        if other not in {None, one.key}:
            raise RowRejected(
                f"emails: {contact[1]} is the address of {other}, too; merge the two, or remove the address from one"
            )
        if lead is not None:
            return lead
    numbers = [key[1] for key in contacts if key[0] == PHONE and contacts_of_batch.get(key) in {None, one.key}]
    matches = [match for number in numbers for match in _find_matches(one, number, lookup)]
    if not matches:
        return None
    person = person_of(one.lead)
    lead_id = choose_by_phone(person, matches)
    lead = None if lead_id is None else lookup.leads.get(lead_id)
    return None if lead is None or not still_matches(lead, person) else lead


def find_new_likenesses(lead: Lead, lookup: Lookup) -> list[Likeness]:
    """What a new lead has in common with leads that have one of its numbers."""
    by_phone = [match for number in lead.phones for match in lookup.matches.get(number, [])]
    return find_likenesses(person_of(lead), PersonMatch(None, {}, by_phone), None) if by_phone else []


def _find_matches(one: ImportedPerson, number: str, lookup: Lookup) -> list[PhoneMatch]:
    """The leads that have a number; none where another person of the same system has it: it may be a family's."""
    matches = lookup.matches.get(number, [])
    return matches if all(lookup.external_ids.get(match.lead_id, one.key) == one.key for match in matches) else []
