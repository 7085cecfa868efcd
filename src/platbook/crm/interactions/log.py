"""Writing the log: what a person says of a lead, and what the system notes of its own deeds."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from platbook.base.actor import Actor
from platbook.base.errors import Conflict, InvalidInput, NotAllowed, NotFound
from platbook.base.ids import new_id
from platbook.base.rights import Right, record_access, require
from platbook.crm.enums import USER_INTERACTION_TYPES, InteractionType, UserInteractionType
from platbook.crm.interactions.interaction import NOTHING, Interaction
from platbook.crm.leads.lead import record_activity
from platbook.crm.leads.rows import get_lead, lock_lead, save_lead
from platbook.crm.visibility import check_lead
from platbook.db import ReadConnection, WriteConnection, as_json, load_queries
from platbook.jobs.outbox import write_event

Q = load_queries(__package__ or "platbook.crm.interactions")

_NOT_FOUND = "INTERACTION_NOT_FOUND"


async def log_interaction(  # noqa: PLR0913 - an entry's parts
    connection: WriteConnection,
    actor: Actor,
    lead_id: UUID,
    kind: InteractionType,
    at: datetime,
    *,
    content: str | None = None,
    happened_at: datetime | None = None,
    property_id: UUID | None = None,
    metadata: Mapping[str, object] = NOTHING,
) -> Interaction:
    """Write an entry, whoever sees its lead: the caller has checked that, and changes the lead itself."""
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
    params = {name: getattr(entry, name) for name in Interaction.__slots__}
    await connection.run(Q.add_interaction, {**params, "metadata": as_json(entry.metadata)})
    return entry


async def add_interaction(  # noqa: PLR0913 - an entry's parts
    connection: WriteConnection,
    actor: Actor,
    lead_id: UUID,
    kind: UserInteractionType,
    at: datetime,
    *,
    content: str | None = None,
    happened_at: datetime | None = None,
    property_id: UUID | None = None,
    metadata: Mapping[str, object] = NOTHING,
) -> Interaction:
    """Write what a person did. NotFound for a lead that is not seen; InvalidInput for a listing that is not there."""
    lead = check_lead(actor, Right.WRITE_CRM, await lock_lead(connection, lead_id))
    if property_id is not None and not await connection.value(bool, Q.has_property, {"id": property_id}):
        raise InvalidInput.of("propertyId", "there is no such listing")
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
    """One entry. NotFound where it, or all of its lead, is not seen."""
    entry = await connection.first(Interaction, Q.get_interaction, {"id": interaction_id})
    if entry is not None:
        lead = await get_lead(connection, entry.lead_id)
        if lead is not None and record_access(actor, Right.READ_CRM).holds(lead.ownership):
            return entry
    raise NotFound("there is no such interaction", code=_NOT_FOUND)


async def delete_interaction(connection: WriteConnection, actor: Actor, interaction_id: UUID, at: datetime) -> None:
    """Take an entry off every list, for its author or an admin. Conflict: the system wrote it."""
    entry = await get_interaction(connection, actor, interaction_id)
    require(actor, Right.DELETE_CRM)
    if entry.type not in USER_INTERACTION_TYPES:
        raise Conflict("what the system wrote into the log stays there")
    await lock_lead(connection, entry.lead_id)  # as whoever changes a log does, first of all
    if not record_access(actor, Right.DELETE_CRM).everybody and (
        entry.user_id is None or entry.user_id != actor.user_id
    ):
        raise NotAllowed("only its author or an admin may delete an interaction")
    await connection.run(Q.mark_deleted, {"id": interaction_id, "at": at, "by": actor.name})
