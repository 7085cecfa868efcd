"""The log of interactions: what users report of a lead, and what the system records of its own actions."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from platbook import audit
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.base.errors import Conflict, InvalidInput, NotAllowed, NotFound
from platbook.base.ids import new_id
from platbook.base.rights import Right, record_access, require
from platbook.crm.enums import USER_INTERACTION_TYPES, InteractionType, UserInteractionType
from platbook.crm.interactions.interaction import Interaction
from platbook.crm.interactions.rows import (
    get_interaction_row,
    has_listing,
    insert_interaction,
    mark_interaction_deleted,
)
from platbook.crm.leads.lead import record_activity
from platbook.crm.leads.rows import get_lead, lock_lead, save_lead
from platbook.crm.leads.visibility import check_lead
from platbook.db import ReadConnection, WriteConnection
from platbook.jobs.outbox import write_event

NO_METADATA: Mapping[str, object] = MappingProxyType({})


async def log_interaction(  # noqa: PLR0913 - the fields of an interaction
    connection: WriteConnection,
    actor: Actor,
    lead_id: UUID,
    kind: InteractionType,
    at: datetime,
    *,
    content: str | None = None,
    happened_at: datetime | None = None,
    property_id: UUID | None = None,
    metadata: Mapping[str, object] = NO_METADATA,
) -> Interaction:
    """Insert an interaction. Access control, and the update of the lead's activity, are the caller's."""
    entry = Interaction(
        new_id(),
        lead_id,
        kind,
        happened_at or at,
        actor.name,
        at,
        content,
        actor.user_id,
        property_id,
        dict(metadata),
    )
    await insert_interaction(connection, entry)
    return entry


async def add_interaction(  # noqa: PLR0913 - the fields of an interaction
    connection: WriteConnection,
    actor: Actor,
    lead_id: UUID,
    kind: UserInteractionType,
    at: datetime,
    *,
    content: str | None = None,
    happened_at: datetime | None = None,
    property_id: UUID | None = None,
    metadata: Mapping[str, object] = NO_METADATA,
) -> Interaction:
    """Log what a user did. NotFound for a lead they do not see; InvalidInput for an unknown listing."""
    lead = check_lead(actor, Right.WRITE_CRM, await lock_lead(connection, lead_id))
    if property_id is not None and not await has_listing(connection, property_id):
        raise InvalidInput.of("propertyId", f"there is no listing {property_id}")
    happened = happened_at or at
    entry = await log_interaction(
        connection,
        actor,
        lead_id,
        InteractionType(kind),
        at,
        content=content,
        happened_at=happened,
        property_id=property_id,
        metadata=metadata,
    )
    await save_lead(connection, record_activity(lead, kind, happened, at))
    await write_event(connection, "interaction added", {"interactionId": str(entry.id), "leadId": str(lead_id)}, at)
    return entry


async def get_interaction(connection: ReadConnection, actor: Actor, interaction_id: UUID) -> Interaction:
    """One interaction. NotFound where the actor has no full access to its lead."""
    entry = await get_interaction_row(connection, interaction_id)
    if entry is not None:
        lead = await get_lead(connection, entry.lead_id)
        if lead is not None and record_access(actor, Right.READ_CRM).holds(lead.ownership):
            return entry
    raise NotFound("no interaction has this id, or it is not visible to you", code="INTERACTION_NOT_FOUND")


async def delete_interaction(connection: WriteConnection, actor: Actor, interaction_id: UUID, at: datetime) -> None:
    """Soft-delete an interaction, for its author or an admin. Conflict: the system logged it."""
    entry = await get_interaction(connection, actor, interaction_id)
    require(actor, Right.DELETE_CRM)
    if entry.type not in USER_INTERACTION_TYPES:
        raise Conflict("interactions logged by the system cannot be deleted")
    await lock_lead(connection, entry.lead_id)  # before any change of its log, as everywhere
    if not record_access(actor, Right.DELETE_CRM).everybody and (
        entry.user_id is None or entry.user_id != actor.user_id
    ):
        raise NotAllowed("only its author or an admin may delete an interaction")
    await mark_interaction_deleted(connection, interaction_id, at, actor.name)
    details = {"leadId": str(entry.lead_id), "type": entry.type}
    subject = AuditSubject("interaction", str(interaction_id))
    await audit.record(connection, actor, "interaction deleted", subject, at, details)
