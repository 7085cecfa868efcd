"""Which lead a person is: a known e-mail address decides; a telephone number joins only where no address conflicts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from platbook.crm.contacts import EMAIL, PHONE
from platbook.crm.leads.lead import Lead
from platbook.crm.leads.rows import ContactKey, Q
from platbook.db import ReadConnection


@dataclass(frozen=True, slots=True)
class PhoneMatch:
    """A lead that has a telephone number, and whether it has an e-mail address too."""

    phone: str
    lead_id: UUID
    has_email: bool


async def match_lead(
    connection: ReadConnection, contacts: Sequence[ContactKey], known: Mapping[ContactKey, UUID]
) -> UUID | None:
    """The lead of a person with these contacts, or None. `known`: what `find_by_contacts` gives for them."""
    emails = [one for one in contacts if one[0] == EMAIL]
    by_email = next((known[one] for one in emails if one in known), None)
    if by_email is not None:
        return by_email
    matches = await find_by_phones(connection, [value for kind, value in contacts if kind == PHONE])
    return choose_by_phone(matches, has_email=bool(emails))


async def find_by_phones(connection: ReadConnection, phones: Sequence[str]) -> list[PhoneMatch]:
    """The leads that have these numbers: of each number up to two, those without an e-mail address first."""
    return await connection.all(PhoneMatch, Q.find_by_phones, {"phones": list(phones)}) if phones else []


def choose_by_phone(matches: Iterable[PhoneMatch], *, has_email: bool) -> UUID | None:
    """The one lead that its number joins to a person; None where there is none, or more than one. Pure.

    `has_email`: the person has an address, and no lead is known by it. A person without one may be any lead with the
    number; where several have it, the only one that has no address either.
    """
    leads = {one.lead_id: one.has_email for one in matches}
    if len(leads) > 1 or has_email:
        leads = {lead_id: False for lead_id, lead_has_email in leads.items() if not lead_has_email}
    return next(iter(leads)) if len(leads) == 1 else None


def conflicts(lead: Lead, contacts: Iterable[ContactKey]) -> bool:
    """Whether a lead and a person both have e-mail addresses, and none in common. Pure."""
    emails = {value for kind, value in contacts if kind == EMAIL}
    return bool(emails) and bool(lead.emails) and emails.isdisjoint(lead.emails)
