"""Two leads that are one person: everything of the one becomes the other's, and nothing of it is lost."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from platbook import audit
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.base.errors import InvalidInput, NotFound
from platbook.base.rights import Right
from platbook.crm.enums import InteractionType
from platbook.crm.interactions.log import log_interaction
from platbook.crm.leads.lead import Consent, Lead, rescore, to_api_fields
from platbook.crm.leads.rows import Q, lock_lead, save_lead, sync_contacts
from platbook.crm.visibility import check_lead
from platbook.db import WriteConnection
from platbook.jobs.outbox import write_event


async def merge_lead(connection: WriteConnection, actor: Actor, lead_id: UUID, into_id: UUID, at: datetime) -> Lead:
    """Merge a lead into another, which is returned. Both are changed: NotFound, NotAllowed of either; InvalidInput."""
    if lead_id == into_id:
        raise InvalidInput.of("intoId", "a lead cannot be merged into itself")
    rows = {one: await lock_lead(connection, one) for one in sorted((lead_id, into_id))}
    lead = check_lead(actor, Right.DELETE_CRM, rows[lead_id])
    try:
        into = check_lead(actor, Right.WRITE_CRM, rows[into_id])
    except NotFound:
        raise InvalidInput.of("intoId", "there is no such lead") from None
    merged = replace(rescore(to_merged(lead, into), at), updated_at=at)
    params = {
        "lead_id": lead_id,
        "into_id": into_id,
        "owner": into.assigned_to,
        "office": into.office,
        "team": into.team,
    }
    for statement in (
        Q.move_contacts, Q.move_tasks, Q.move_interactions, Q.move_events, Q.move_external_ids, Q.move_merged,
    ):  # fmt: skip
        await connection.run(statement, params)
    gone = replace(
        lead,
        merged_into=into_id,
        deleted_at=at,
        deleted_by=actor.name,
        updated_at=at,
        claim_until=None,
        score_until=None,
    )
    await save_lead(connection, gone)
    await save_lead(connection, merged)
    await sync_contacts(connection, merged)
    metadata: dict[str, object] = {"mergedId": str(lead_id), "merged": to_api_fields(lead)}
    await log_interaction(connection, actor, into_id, InteractionType.MERGED, at, content=lead.name, metadata=metadata)
    await audit.record(connection, actor, "lead merged", AuditSubject("lead", str(lead_id)), at, {"into": str(into_id)})
    await write_event(connection, "lead merged", {"leadId": str(lead_id), "intoId": str(into_id), "by": actor.name}, at)
    return merged


def to_merged(lead: Lead, into: Lead) -> Lead:
    """What is known of both; where both say something else, the one that stays is right. Pure."""
    activity = {kind: lead.activity.get(kind, 0) + into.activity.get(kind, 0) for kind in lead.activity | into.activity}
    budgets = (into.budget_min, into.budget_max)
    if budgets == (None, None):
        budgets = (lead.budget_min, lead.budget_max)
    return replace(
        into,
        first_name=into.first_name or lead.first_name,
        last_name=into.last_name or lead.last_name,
        emails=list(dict.fromkeys([*into.emails, *lead.emails])),
        phones=list(dict.fromkeys([*into.phones, *lead.phones])),
        source=into.source or lead.source,
        budget_min=budgets[0],
        budget_max=budgets[1],
        notes="\n\n".join(dict.fromkeys(filter(None, (into.notes, lead.notes)))) or None,
        tags=list(dict.fromkeys([*into.tags, *lead.tags])),
        custom_fields={**lead.custom_fields, **into.custom_fields},
        consents=_in_time(lead.consents, into.consents),
        ai_summary=into.ai_summary or lead.ai_summary,
        activity=activity,
        created_at=min(lead.created_at, into.created_at),
        last_activity_at=max(lead.last_activity_at, into.last_activity_at),
    )


def _in_time(one: Sequence[Consent], other: Sequence[Consent]) -> list[Consent]:
    return sorted((*one, *other), key=lambda statement: statement["at"])
