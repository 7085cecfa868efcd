"""Step two of the intake: find the lead that the person of an event already is, and lock it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from platbook.base.errors import TryLater
from platbook.crm.contacts import ContactKey
from platbook.crm.leads.lead import Lead
from platbook.crm.leads.matching import conflicts, match_lead
from platbook.crm.leads.rows import find_by_contacts, lock_contacts, lock_lead
from platbook.db import WriteConnection


class PersonChanged(TryLater):
    """Another transaction created or changed the same person meanwhile: match again."""


@dataclass(frozen=True, slots=True)
class PersonMatch:
    """The matching lead, locked, or None; `stored`: which of the contacts belong to a lead already."""

    lead: Lead | None
    stored: Mapping[ContactKey, UUID]


async def match(connection: WriteConnection, contacts: Sequence[ContactKey]) -> PersonMatch:
    """Match a person by contact. Errors: PersonChanged where the lead changed before it was locked."""
    await lock_contacts(connection, contacts)
    stored = await find_by_contacts(connection, contacts)
    lead_id = await match_lead(connection, contacts, stored)
    if lead_id is None:
        return PersonMatch(None, stored)
    lead = await lock_lead(connection, lead_id)
    if lead is None or lead.deleted_at is not None or conflicts(lead, contacts):
        raise PersonChanged("this person is being changed; send the event again")
    return PersonMatch(lead, stored)
