"""Leads as rows, and by what contacts they are found. Whether somebody may is not asked here."""

from collections.abc import Iterable
from dataclasses import fields
from uuid import UUID

from platbook.crm.contacts import EMAIL, PHONE
from platbook.crm.leads.lead import Lead, to_name_text, to_search_text
from platbook.db import ReadConnection, WriteConnection, as_json, load_queries

Q = load_queries(__package__ or "platbook.crm.leads")

ContactKey = tuple[str, str]
"""`email` or `phone`, and the normalised value."""

COLUMNS = tuple(one.name for one in fields(Lead))


async def get_lead(connection: ReadConnection, lead_id: UUID) -> Lead | None:
    """One lead, also one that was merged or deleted."""
    return await connection.first(Lead, Q.get_lead, {"id": lead_id})


async def lock_lead(connection: WriteConnection, lead_id: UUID) -> Lead | None:
    """One lead, for whoever is going to change it."""
    return await connection.first(Lead, Q.lock_lead, {"id": lead_id})


async def insert_lead(connection: WriteConnection, lead: Lead) -> None:
    """Add a lead."""
    await connection.run(Q.add_lead, to_params(lead))


async def save_lead(connection: WriteConnection, lead: Lead) -> None:
    """Write a lead as it is now."""
    await connection.run(Q.save_lead, to_params(lead))


async def sync_contacts(connection: WriteConnection, lead: Lead) -> dict[ContactKey, UUID]:
    """Let a lead be found by what it has now, and by nothing else. What leads to somebody else already comes back.

    Whoever does the same at the same time is waited for: of two, one is told of the other.
    """
    contacts = contacts_of(lead)
    params = {"lead_id": lead.id, **_contact_params(contacts)}
    await connection.run(Q.drop_contacts, params)
    await connection.run(Q.add_contacts, params)
    return {one: who for one, who in (await find_by_contacts(connection, contacts)).items() if who != lead.id}


async def find_by_contacts(connection: ReadConnection, contacts: Iterable[ContactKey]) -> dict[ContactKey, UUID]:
    """Who is found by each of these contacts."""
    rows = await connection.tuples(Q.find_contacts, _contact_params(contacts))
    return {(str(kind), str(value)): UUID(str(lead_id)) for kind, value, lead_id in rows}


async def lock_contacts(connection: WriteConnection, contacts: Iterable[ContactKey]) -> None:
    """Let whoever acts on these people act one after the other, to the end of the transaction."""
    await connection.run(Q.lock_contacts, _contact_params(contacts))


def contacts_of(lead: Lead) -> list[ContactKey]:
    """A lead's contacts."""
    return [*((EMAIL, one) for one in lead.emails), *((PHONE, one) for one in lead.phones)]


def to_params(lead: Lead) -> dict[str, object]:
    """A lead as the parameters of a statement."""
    params: dict[str, object] = {name: getattr(lead, name) for name in COLUMNS}
    return params | {
        "custom_fields": as_json(lead.custom_fields),
        "consents": as_json(lead.consents),
        "activity": as_json(lead.activity),
        "search_text": to_search_text(lead.first_name, lead.last_name, lead.emails, lead.phones),
        "name_text": to_name_text(lead.first_name, lead.last_name),
    }


def _contact_params(contacts: Iterable[ContactKey]) -> dict[str, object]:
    pairs = list(contacts)
    return {"kinds": [kind for kind, _ in pairs], "values": [value for _, value in pairs]}
