"""Soft deletion of leads: hidden with their tasks and interactions, their contacts released, nothing erased."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from platbook import audit
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.base.rights import Right
from platbook.crm.duplicates.rows import dismiss_pairs
from platbook.crm.interactions.rows import mark_interactions_deleted
from platbook.crm.leads.lead import to_payload
from platbook.crm.leads.rows import delete_contacts, lock_lead, save_lead
from platbook.crm.leads.visibility import check_lead
from platbook.crm.tasks.rows import mark_tasks_deleted
from platbook.db import WriteConnection
from platbook.jobs.outbox import write_event


async def delete_lead(connection: WriteConnection, actor: Actor, lead_id: UUID, at: datetime) -> None:
    """Soft-delete a lead with its tasks and interactions, and release its contacts. NotFound, NotAllowed."""
    lead = check_lead(actor, Right.DELETE_CRM, await lock_lead(connection, lead_id))
    await mark_tasks_deleted(connection, lead_id, at, actor.name)
    await mark_interactions_deleted(connection, lead_id, at, actor.name)
    await delete_contacts(connection, lead_id)
    await dismiss_pairs(connection, lead_id, actor.name, at)
    await save_lead(connection, replace(lead, deleted_at=at, deleted_by=actor.name, updated_at=at, score_until=None))
    await audit.record(connection, actor, "lead deleted", AuditSubject("lead", str(lead_id)), at)
    await write_event(connection, "lead deleted", to_payload(lead, actor), at)
