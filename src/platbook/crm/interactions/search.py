"""Lists of interactions, and a lead's timeline."""

from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from platbook.base.actor import Actor
from platbook.base.errors import NotAllowed
from platbook.crm.enums import InteractionType
from platbook.crm.interactions.interaction import Interaction
from platbook.crm.interactions.visibility import to_interaction_conditions
from platbook.crm.leads.visibility import is_restricted, read_lead
from platbook.db import ReadConnection
from platbook.db.compose import SQL, Identifier
from platbook.db.lists import Conditions, ListPage, ListSource, Paging, Sort, find_page, timestamp_key

SOURCE: ListSource[Interaction] = ListSource(
    "interactions",
    Interaction,
    SQL("id, lead_id, type, content, interaction_date, user_id, actor, property_id, metadata, created_at"),
    MappingProxyType(
        {"interactionDate": Sort(timestamp_key("interaction_date"), lambda entry: entry.interaction_date)}
    ),
    lambda entry: entry.id,
    "interactionDate",
)


@dataclass(frozen=True, slots=True)
class InteractionSearch:
    """Filters of interactions; all must match, and None matches every one. The end is exclusive."""

    lead_id: UUID | None = None
    type: tuple[InteractionType, ...] = ()
    start: datetime | None = None
    end: datetime | None = None


async def find_interactions(
    connection: ReadConnection, actor: Actor, search: InteractionSearch, paging: Paging
) -> ListPage[Interaction]:
    """A page of the interactions an actor sees, the newest first."""
    return await find_page(connection, SOURCE, to_conditions(actor, search), paging, selective=is_restricted(actor))


async def find_timeline(
    connection: ReadConnection, actor: Actor, lead_id: UUID, paging: Paging
) -> ListPage[Interaction]:
    """A page of one lead's log, the newest first. NotFound; NotAllowed where the lead is only there to be claimed."""
    if not (await read_lead(connection, actor, lead_id)).has_contact_details:
        raise NotAllowed("this lead has no owner yet; claim it first")
    return await find_page(connection, SOURCE, to_timeline(lead_id), paging)


def to_timeline(lead_id: UUID) -> Conditions:
    """The interactions of one lead."""
    parts = [SQL("deleted_at IS NULL"), SQL("lead_id = %(lead_id)s")]
    return Conditions(Identifier("interactions"), [*parts], {"lead_id": lead_id})


def to_conditions(actor: Actor, search: InteractionSearch) -> Conditions:
    """The filters, and what the actor sees, as conditions."""
    conditions = to_interaction_conditions(actor)
    if search.lead_id is not None:
        conditions.text("lead_id = %(lead_id)s", lead_id=search.lead_id)
    conditions.one_of("type", search.type)
    if search.start is not None:
        conditions.text("interaction_date >= %(start)s", start=search.start)
    if search.end is not None:
        conditions.text("interaction_date < %(end)s", end=search.end)
    return conditions
