"""Deduplication: which lead a person is. An e-mail address decides; a number matches only without a conflicting one."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from platbook.crm.contacts import EMAIL, PHONE, ContactKey
from platbook.crm.leads.lead import Lead
from platbook.crm.leads.rows import PhoneMatch, find_by_phones
from platbook.db import ReadConnection


async def match_lead(
    connection: ReadConnection, keys: Sequence[ContactKey], stored: Mapping[ContactKey, UUID]
) -> UUID | None:
    """The lead of a person with these contacts, or None. `stored`: the leads that `find_by_contacts` gives for them."""
    emails = [one for one in keys if one[0] == EMAIL]
    by_email = next((stored[one] for one in emails if one in stored), None)
    if by_email is not None:
        return by_email
    matches = await find_by_phones(connection, [value for kind, value in keys if kind == PHONE])
    return choose_by_phone(matches, has_email=bool(emails))


def choose_by_phone(matches: Iterable[PhoneMatch], *, has_email: bool) -> UUID | None:
    """The one lead that a person matches by telephone number; None where there is none, or more than one. Pure.

    `has_email`: the person has an e-mail address, and it matches no lead: only leads without an address are left. A
    person without one matches any lead with the number; of several, the only one that has no address either.
    """
    leads = {one.lead_id: one.has_email for one in matches}
    if len(leads) > 1 or has_email:
        leads = {lead_id: False for lead_id, lead_has_email in leads.items() if not lead_has_email}
    return next(iter(leads)) if len(leads) == 1 else None


def conflicts(lead: Lead, keys: Iterable[ContactKey]) -> bool:
    """Whether a lead and a person both have e-mail addresses, and none in common. Pure."""
    emails = {value for kind, value in keys if kind == EMAIL}
    return bool(emails) and bool(lead.emails) and emails.isdisjoint(lead.emails)
