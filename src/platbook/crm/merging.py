"""Merging two leads that are one person: the one that remains takes over everything of the other."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from platbook import audit
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.base.errors import InvalidInput
from platbook.base.rights import Right
from platbook.crm.duplicates.review import check_pair
from platbook.crm.duplicates.rows import DuplicateState, carry_pairs, close_pair
from platbook.crm.enums import InteractionType
from platbook.crm.external_ids.rows import reassign_person_ids
from platbook.crm.intake.inbox import reassign_events
from platbook.crm.interactions.log import log_interaction
from platbook.crm.interactions.rows import reassign_interactions
from platbook.crm.leads.lead import Lead, merge_fields, rescore, to_api_fields
from platbook.crm.leads.rows import lock_leads, reassign_contacts, save_leads, sync_contacts
from platbook.crm.leads.visibility import check_lead
from platbook.crm.suppressions.enforcement import enforce_suppression
from platbook.crm.tasks.rows import reassign_tasks
from platbook.db import WriteConnection
from platbook.jobs.outbox import write_event


async def merge_lead(connection: WriteConnection, actor: Actor, lead_id: UUID, into_id: UUID, at: datetime) -> Lead:
    """Merge a lead into another, which is returned. NotFound, NotAllowed or InvalidInput of either."""
    if lead_id == into_id:
        raise InvalidInput.of("intoId", "must be another lead")
    rows = await lock_leads(connection, [lead_id, into_id])
    lead = check_lead(actor, Right.DELETE_CRM, rows.get(lead_id))
    into = check_lead(actor, Right.WRITE_CRM, rows.get(into_id))
    await close_pair(connection, (lead_id, into_id), DuplicateState.MERGED, actor.name, at)
    await _reassign_all(connection, lead_id, into)
    merged = replace(rescore(merge_fields(lead, into), at), updated_at=at)
    merged = await enforce_suppression(connection, actor, merged, at, lead, into)
    gone = replace(
        lead,
        merged_into=into_id,
        deleted_at=at,
        deleted_by=actor.name,
        updated_at=at,
        claim_until=None,
        score_until=None,
    )
    await save_leads(connection, [gone, merged])
    await sync_contacts(connection, merged)
    metadata: dict[str, object] = {"mergedId": str(lead_id), "merged": to_api_fields(lead)}
    await log_interaction(connection, actor, into_id, InteractionType.MERGED, at, content=lead.name, metadata=metadata)
    await audit.record(connection, actor, "lead merged", AuditSubject("lead", str(lead_id)), at, {"into": str(into_id)})
    await write_event(connection, "lead merged", {"leadId": str(lead_id), "intoId": str(into_id), "by": actor.name}, at)
    return merged


async def merge_pair(connection: WriteConnection, actor: Actor, pair_id: UUID, into_id: UUID, at: datetime) -> Lead:
    """Decide that two possible duplicates are one person: merge the other lead into `into_id`, which is returned.

    Errors as of `merge_lead`; NotFound, or Conflict where the pair was decided on.
    """
    pair = await check_pair(connection, actor, pair_id)
    if into_id not in {pair.lead_id, pair.other_id}:
        raise InvalidInput.of("intoId", "must be one of the two leads")
    gone = pair.other_id if into_id == pair.lead_id else pair.lead_id
    return await merge_lead(connection, actor, gone, into_id, at)


async def _reassign_all(connection: WriteConnection, lead_id: UUID, into: Lead) -> None:
    await reassign_contacts(connection, lead_id, into.id)
    await carry_pairs(connection, lead_id, into.id)
    await reassign_tasks(connection, lead_id, into)
    await reassign_interactions(connection, lead_id, into.id)
    await reassign_events(connection, lead_id, into.id)
    await reassign_person_ids(connection, lead_id, into.id)
