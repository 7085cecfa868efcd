"""The tables `leads` and `lead_contacts`: reading, locking and writing rows. Access control is the caller's."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from platbook.crm.contacts import EMAIL, PHONE, ContactKey, identifies
from platbook.crm.enums import StageKind
from platbook.crm.leads.lead import Lead, to_name_text, to_search_text
from platbook.db import ReadConnection, WriteConnection, as_json, load_queries

Q = load_queries(__package__ or "platbook.crm.leads")


COLUMNS = tuple(one.name for one in fields(Lead))
CONTACT_COLUMNS = ("kind", "value", "lead_id")

_COPY_COLUMNS = (*COLUMNS, "search_text", "name_text")
_TYPES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("id", "assigned_to", "claim_fallback", "merged_into"), "uuid"),
        **dict.fromkeys(("emails", "phones", "tags", "score_reasons"), "text[]"),
        **dict.fromkeys(("budget_min", "budget_max"), "numeric"),
        **dict.fromkeys(("custom_fields", "consents", "activity"), "jsonb"),
        **dict.fromkeys(
            ("created_at", "updated_at", "last_activity_at", "score_until", "claim_until", "deleted_at"), "timestamptz"
        ),
        "score": "int2",
        "claimants": "uuid[]",
    }
)
"""PostgreSQL types of the columns that are not text."""


@dataclass(frozen=True, slots=True)
class PhoneMatch:
    """A lead that has a telephone number, whether it has an e-mail address, too, and its name as it is searched."""

    phone: str
    lead_id: UUID
    has_email: bool
    name_text: str


async def get_lead(connection: ReadConnection, lead_id: UUID) -> Lead | None:
    """One lead, also one that is merged or deleted."""
    return await connection.first(Lead, Q.get_lead, {"id": lead_id})


async def get_leads(connection: ReadConnection, lead_ids: Sequence[UUID]) -> dict[UUID, Lead]:
    """Leads by id, also those that are merged or deleted."""
    if not lead_ids:
        return {}
    return {lead.id: lead for lead in await connection.all(Lead, Q.get_leads, {"ids": list(lead_ids)})}


async def lock_lead(connection: WriteConnection, lead_id: UUID) -> Lead | None:
    """One lead, locked for a change."""
    leads = await lock_leads(connection, [lead_id])
    return leads.get(lead_id)


async def lock_leads(connection: WriteConnection, lead_ids: Sequence[UUID]) -> dict[UUID, Lead]:
    """Leads by id, locked for a change in the order of their ids, against deadlocks."""
    if not lead_ids:
        return {}
    return {lead.id: lead for lead in await connection.all(Lead, Q.lock_leads, {"ids": list(lead_ids)})}


async def insert_lead(connection: WriteConnection, lead: Lead) -> None:
    """Insert a lead; its contacts by `sync_contacts`."""
    await connection.run(Q.insert_lead, to_params(lead))


async def insert_leads(connection: WriteConnection, leads: Sequence[Lead]) -> dict[ContactKey, UUID]:
    """Insert leads in bulk (COPY) with their contacts.

    Returns every contact with the lead that is found by it: where another lead had the contact before, that one.
    """
    if not leads:
        return {}
    rows = ([params[column] for column in _COPY_COLUMNS] for params in map(to_params, leads))
    await connection.copy_in("leads", _COPY_COLUMNS, [_TYPES.get(column, "text") for column in _COPY_COLUMNS], rows)
    pairs = [(key, lead.id) for lead in leads for key in to_contact_keys(lead)]
    keys = [key for key, _ in pairs]
    await connection.run(Q.insert_contacts, {**_to_contact_params(keys), "leads": [lead_id for _, lead_id in pairs]})
    return await find_by_contacts(connection, keys)


async def save_lead(connection: WriteConnection, lead: Lead) -> None:
    """Update every column of a lead."""
    await connection.run(Q.update_lead, to_params(lead))


async def save_leads(connection: WriteConnection, leads: Iterable[Lead]) -> None:
    """Update every column of several leads, in one round trip."""
    await connection.run_many(Q.update_lead, map(to_params, leads))


async def sync_contacts(connection: WriteConnection, lead: Lead) -> dict[ContactKey, UUID]:
    """Make a lead's rows in `lead_contacts` those it has now. Returns its contacts that belong to another lead.

    Of two transactions that insert the same contact, the later one waits, and gets the other's lead.
    """
    keys = to_contact_keys(lead)
    params = _to_contact_params(keys)
    await connection.run(Q.delete_stale_contacts, {**params, "lead_id": lead.id})
    await connection.run(Q.insert_contacts, {**params, "leads": [lead.id] * len(keys)})
    return {key: owner for key, owner in (await find_by_contacts(connection, keys)).items() if owner != lead.id}


async def delete_contacts(connection: WriteConnection, lead_id: UUID) -> None:
    """Release every contact of a lead."""
    await connection.run(Q.delete_stale_contacts, {"lead_id": lead_id, "kinds": [], "values": []})


async def reassign_contacts(connection: WriteConnection, lead_id: UUID, into_id: UUID) -> None:
    """Let the contacts of a merged lead, and the leads merged into it before, point to the lead that remains."""
    params = {"lead_id": lead_id, "into_id": into_id}
    await connection.run(Q.reassign_contacts, params)
    await connection.run(Q.reassign_merged, params)


async def find_by_contacts(connection: ReadConnection, keys: Iterable[ContactKey]) -> dict[ContactKey, UUID]:
    """The lead of each of these contacts that has one."""
    rows = await connection.tuples(Q.find_contacts, _to_contact_params(keys))
    return {(str(kind), str(value)): UUID(str(lead_id)) for kind, value, lead_id in rows}


async def find_by_phones(connection: ReadConnection, phones: Sequence[str]) -> list[PhoneMatch]:
    """The leads that have these numbers: up to twenty for each, those without an e-mail address first."""
    return await connection.all(PhoneMatch, Q.find_by_phones, {"phones": list(phones)}) if phones else []


async def lock_contacts(connection: WriteConnection, keys: Iterable[ContactKey]) -> None:
    """Take an advisory lock on each contact, in order, to the end of the transaction: one writer per person."""
    await connection.run(Q.lock_contacts, _to_contact_params(keys))


async def find_merged_ids(connection: ReadConnection, lead_id: UUID) -> list[UUID]:
    """The ids of a lead, and of the leads that were merged into it."""
    return await connection.column(UUID, Q.find_merged_ids, {"id": lead_id})


async def link_merged(connection: WriteConnection, merged: Mapping[str, object]) -> None:
    """Set `merged_into` of restored leads, by id."""
    await connection.run(Q.link_merged, {"ids": list(merged), "into": list(merged.values())})


async def lock_open_leads_of_disabled(connection: WriteConnection, limit: int) -> list[UUID]:
    """Lock leads in work whose owners are disabled; those that others lock are skipped."""
    return await connection.column(UUID, Q.lock_open_leads_of_disabled, {"open": StageKind.OPEN.value, "most": limit})


async def count_open_leads(connection: ReadConnection, user_id: UUID) -> int:
    """How many leads in work a user has."""
    return await connection.value(int, Q.count_open_leads, {"user_id": user_id, "open": StageKind.OPEN.value}) or 0


async def find_stale_scores(connection: WriteConnection, at: datetime, limit: int) -> list[UUID]:
    """Lock leads whose score has decayed by a time; those that others lock are skipped."""
    return await connection.column(UUID, Q.find_stale_scores, {"at": at, "most": limit})


async def find_lapsed_claims(connection: WriteConnection, at: datetime, limit: int) -> list[UUID]:
    """Lock leads that nobody claimed by a time; those that others lock are skipped."""
    return await connection.column(UUID, Q.find_lapsed_claims, {"at": at, "most": limit})


async def erase_leads(connection: WriteConnection, lead_ids: Sequence[UUID]) -> int:
    """Delete leads for good, and by cascade their contacts, tasks, interactions and events; how many leads."""
    return await connection.run(Q.erase_leads, {"ids": list(lead_ids)})


def to_contact_keys(lead: Lead) -> list[ContactKey]:
    """The keys of a lead's contacts, but for numbers that identify nobody: those lead to no lead."""
    return [*((EMAIL, one) for one in lead.emails), *((PHONE, one) for one in lead.phones if identifies(one))]


def to_params(lead: Lead) -> dict[str, object]:
    """A lead as the parameters of a statement."""
    params: dict[str, object] = {name: getattr(lead, name) for name in COLUMNS}
    return params | {
        "custom_fields": as_json(lead.custom_fields),
        "consents": as_json(lead.consents),
        "activity": as_json(lead.activity),
        **to_search_columns(lead.first_name, lead.last_name, lead.emails, lead.phones),
    }


def to_search_columns(
    first_name: str, last_name: str, emails: Sequence[str], phones: Sequence[str]
) -> dict[str, object]:
    """The columns that the keyword search reads."""
    return {
        "search_text": to_search_text(first_name, last_name, emails, phones),
        "name_text": to_name_text(first_name, last_name),
    }


def _to_contact_params(keys: Iterable[ContactKey]) -> dict[str, object]:
    pairs = list(keys)
    return {"kinds": [kind for kind, _ in pairs], "values": [value for _, value in pairs]}
