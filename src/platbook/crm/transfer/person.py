"""One person's data, all of it: handed out, or erased for good."""

from datetime import datetime
from uuid import UUID

from platbook import audit
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.base.errors import NotFound
from platbook.base.rights import Right, record_access, require
from platbook.crm.leads.lead import Lead
from platbook.crm.leads.rows import get_lead
from platbook.crm.transfer.dump import TABLES, find_emails, to_line
from platbook.crm.transfer.import_context import Q
from platbook.crm.visibility import check_lead
from platbook.db import ReadConnection, WriteConnection
from platbook.jobs.outbox import write_event

_DIGITS = 10
"""Of a number, those after the country."""

_TABLES = {table.name: table for table in TABLES}


async def export_person(connection: ReadConnection, actor: Actor, lead_id: UUID) -> dict[str, object]:
    """Everything that is kept of a person, those merged into them too. NotFound, NotAllowed."""
    lead = await get_lead(connection, lead_id)
    if lead is None or lead.deleted_at is None or not record_access(actor, Right.EXPORT_CRM).everybody:
        lead = check_lead(actor, Right.EXPORT_CRM, lead)
    ids = await _same_person(connection, lead)
    emails = await find_emails(connection)
    leads = [one for one_id in ids if (one := await get_lead(connection, one_id)) is not None]
    params = {"ids": ids}
    tasks = await connection.dicts(Q.export_tasks_of, params)
    log = await connection.dicts(Q.export_interactions_of, params)
    return {
        "leads": [
            to_line(_TABLES["leads"], {name: getattr(one, name) for name in _TABLES["leads"].columns}, emails)
            for one in leads
        ],
        "tasks": [to_line(_TABLES["tasks"], row, emails) for row in tasks],
        "interactions": [to_line(_TABLES["interactions"], row, emails) for row in log],
        "events": await connection.dicts(Q.export_events_of, params),
        "externalIds": await connection.dicts(Q.export_external_ids_of, params),
    }


async def erase_person(connection: WriteConnection, actor: Actor, lead_id: UUID, at: datetime) -> int:
    """Erase a person for good, with those merged into them: leads, tasks, log, events, ids. How many leads. NotFound.

    What stays is that somebody with this id was erased, when and by whom.
    """
    require(actor, Right.ERASE_CRM)
    lead = await get_lead(connection, lead_id)
    if lead is None:
        raise NotFound("there is no such lead", code="LEAD_NOT_FOUND")
    ids = await _same_person(connection, lead)
    leads = [one for one_id in ids if (one := await get_lead(connection, one_id)) is not None]
    patterns: dict[str, object] = {
        "emails": [_to_pattern(email) for one in leads for email in one.emails],
        "phones": [f"%{phone.partition(';')[0][-_DIGITS:]}%" for one in leads for phone in one.phones],
    }
    await connection.run(Q.erase_refused_events, patterns)
    await connection.run(Q.erase_external_ids, {"ids": ids})
    erased = await connection.run(Q.erase_leads, {"ids": ids})
    await audit.record(connection, actor, "lead erased", AuditSubject("lead", str(lead_id)), at)
    await write_event(connection, "lead erased", {"leadId": str(lead_id), "by": actor.name}, at)
    return erased


async def _same_person(connection: ReadConnection, lead: Lead) -> list[UUID]:
    return await connection.column(UUID, Q.find_same_person, {"id": lead.id})


def _to_pattern(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
