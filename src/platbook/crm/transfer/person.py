"""One person's data, all of it: exported, or erased for good (data subject requests)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from platbook import audit
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.base.errors import NotFound
from platbook.base.rights import Right, record_access, require
from platbook.crm.external_ids.rows import erase_external_ids, find_person_ids_of_leads
from platbook.crm.intake.inbox import erase_rejected_events, find_events_of_leads
from platbook.crm.interactions.rows import find_interaction_ids, find_interactions_of_leads
from platbook.crm.leads.lead import Lead
from platbook.crm.leads.rows import erase_leads, find_merged_ids, get_lead
from platbook.crm.leads.visibility import check_lead
from platbook.crm.suppressions.rows import erase_addresses, find_of_person
from platbook.crm.suppressions.views import SuppressionRead
from platbook.crm.tasks.rows import find_task_ids, find_tasks_of_leads
from platbook.crm.transfer.dump import TABLES, find_emails, to_line
from platbook.db import ReadConnection, WriteConnection
from platbook.jobs.outbox import write_event

_NATIONAL_DIGITS = 10
"""The digits of a number without the country code."""

_TABLES = {table.name: table for table in TABLES}


async def export_person(connection: ReadConnection, actor: Actor, lead_id: UUID) -> dict[str, object]:
    """Everything stored about a person, and about those merged into them. NotFound, NotAllowed."""
    lead = await get_lead(connection, lead_id)
    if lead is None or lead.deleted_at is None or not record_access(actor, Right.EXPORT_CRM).everybody:
        lead = check_lead(actor, Right.EXPORT_CRM, lead)
    ids = await find_merged_ids(connection, lead.id)
    emails = await find_emails(connection)
    leads = [one for one_id in ids if (one := await get_lead(connection, one_id)) is not None]
    tasks = await find_tasks_of_leads(connection, ids)
    log = await find_interactions_of_leads(connection, ids)
    return {
        "leads": [
            to_line(_TABLES["leads"], {name: getattr(one, name) for name in _TABLES["leads"].columns}, emails)
            for one in leads
        ],
        "tasks": [to_line(_TABLES["tasks"], row, emails) for row in tasks],
        "interactions": [to_line(_TABLES["interactions"], row, emails) for row in log],
        "events": await find_events_of_leads(connection, ids),
        "externalIds": await find_person_ids_of_leads(connection, ids),
        "suppressions": [
            SuppressionRead.from_row(one).to_json()
            for one in await find_of_person(connection, ids, _to_addresses(leads))
        ],
    }


async def erase_person(
    connection: WriteConnection, actor: Actor, lead_id: UUID, at: datetime, *, suppression_key: bytes
) -> int:
    """Erase a person for good, with those merged into them: leads, tasks, log, events, ids. How many leads. NotFound.

    What remains is the audit entry that a lead with this id was erased, when and by whom, and of their suppressions a
    hash by `suppression_key`.
    """
    require(actor, Right.ERASE_CRM)
    lead = await get_lead(connection, lead_id)
    if lead is None:
        raise NotFound("no lead has this id", code="LEAD_NOT_FOUND")
    ids = await find_merged_ids(connection, lead.id)
    leads = [one for one_id in ids if (one := await get_lead(connection, one_id)) is not None]
    emails = [email for one in leads for email in one.emails]
    digits = [phone.partition(";")[0][-_NATIONAL_DIGITS:] for one in leads for phone in one.phones]
    await erase_rejected_events(connection, emails, digits)
    rows = [*ids, *await find_interaction_ids(connection, ids), *await find_task_ids(connection, ids)]
    await erase_external_ids(connection, rows)
    await erase_addresses(connection, suppression_key, ids, _to_addresses(leads))
    erased = await erase_leads(connection, ids)
    await audit.record(connection, actor, "lead erased", AuditSubject("lead", str(lead_id)), at)
    await write_event(connection, "lead erased", {"leadId": str(lead_id), "by": actor.name}, at)
    return erased


def _to_addresses(leads: Sequence[Lead]) -> list[str]:
    return [address for one in leads for address in (*one.emails, *one.phones)]
