"""Lists of interactions, and a lead's timeline."""

from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from platbook.base.actor import Actor
from platbook.base.errors import NotAllowed
from platbook.crm.enums import InteractionType
from platbook.crm.interactions.interaction import Interaction
from platbook.crm.leads.store import read_lead
from platbook.crm.visibility import sees_few, to_interaction_conditions
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
    """What is asked of interactions, all of it together; None asks for all. The end is not included."""

    lead_id: UUID | None = None
    type: tuple[InteractionType, ...] = ()
    start: datetime | None = None
    end: datetime | None = None


async def find_interactions(
    connection: ReadConnection, actor: Actor, search: InteractionSearch, paging: Paging
) -> ListPage[Interaction]:
    """A page of the interactions an actor sees, the newest first."""
    return await find_page(connection, SOURCE, to_conditions(actor, search), paging, selective=sees_few(actor))


async def find_timeline(
    connection: ReadConnection, actor: Actor, lead_id: UUID, paging: Paging
) -> ListPage[Interaction]:
    """A page of one lead's log, the newest first. NotFound; NotAllowed where the lead is only there to be claimed."""
    if not (await read_lead(connection, actor, lead_id)).is_whole:
        raise NotAllowed("this lead is nobody's yet; claim it first")
    return await find_page(connection, SOURCE, to_timeline(lead_id), paging)


def to_timeline(lead_id: UUID) -> Conditions:
    """One lead's entries."""
    parts = [SQL("deleted_at IS NULL"), SQL("lead_id = %(lead_id)s")]
    return Conditions(Identifier("interactions"), [*parts], {"lead_id": lead_id})


def to_conditions(actor: Actor, search: InteractionSearch) -> Conditions:
    """What is asked, and what the actor sees, as conditions."""
    conditions = to_interaction_conditions(actor)
    if search.lead_id is not None:
        conditions.text("lead_id = %(lead_id)s", lead_id=search.lead_id)
    conditions.one_of("type", search.type)
    if search.start is not None:
        conditions.text("interaction_date >= %(start)s", start=search.start)
    if search.end is not None:
        conditions.text("interaction_date < %(end)s", end=search.end)
    return conditions
