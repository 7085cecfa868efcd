"""Step two of the intake: find the lead that the person of an event already is, and lock it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from platbook.base.errors import TryLater
from platbook.crm.contacts import ContactKey
from platbook.crm.leads.lead import Lead
from platbook.crm.leads.matching import Likeness, Person, find_likenesses, match_person, still_matches
from platbook.crm.leads.rows import find_by_phones, lock_contacts, lock_lead
from platbook.db import WriteConnection


class PersonChanged(TryLater):
    """Another transaction created or changed the same person meanwhile: match again."""


@dataclass(frozen=True, slots=True)
class MatchedPerson:
    """The matching lead, locked, or None; `stored`: which of the contacts belong to a lead already.

    `likenesses`: what the person has in common with other leads.
    """

    lead: Lead | None
    stored: Mapping[ContactKey, UUID]
    likenesses: Sequence[Likeness]


async def match(connection: WriteConnection, person: Person) -> MatchedPerson:
    """Match a person by contact. Errors: PersonChanged where the lead changed before it was locked."""
    await lock_contacts(connection, person.keys)
    found = await match_person(connection, person)
    if found.lead_id is None:
        return MatchedPerson(None, found.stored, find_likenesses(person, found, None))
    lead = await lock_lead(connection, found.lead_id)
    if lead is None or lead.deleted_at is not None or not still_matches(lead, person):
        raise PersonChanged("this person is being changed; send the event again")
    by_phone = await find_by_phones(connection, [one for one in person.phones if one not in lead.phones])
    found = replace(found, by_phone=found.by_phone or by_phone)
    return MatchedPerson(lead, found.stored, find_likenesses(person, found, lead.id))
