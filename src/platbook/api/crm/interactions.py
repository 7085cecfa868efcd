"""Interactions: the append-only log of what was said and done. There is no PUT."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from platbook.api.authentication import Caller
from platbook.api.crm.leads_models import (
    InteractionCreate,
    InteractionFilter,
    InteractionList,
    InteractionQuery,
    InteractionRead,
    InteractionStatsRead,
    TimelineQuery,
    to_aware,
    to_paging,
)
from platbook.api.crm.responses import answer, answer_list, to_interaction
from platbook.api.envelope import Success
from platbook.api.services import ServicesDep
from platbook.crm.interactions.log import add_interaction, get_interaction, mark_deleted
from platbook.crm.interactions.search import (
    InteractionSearch,
    find_interactions,
    find_timeline,
)
from platbook.crm.interactions.statistics import get_interaction_stats

router = APIRouter(prefix="/interactions", tags=["Interactions"])

_LIST: dict[int | str, dict[str, object]] = {200: {"model": Success[InteractionList]}}
_BY = "interactionDate"


@router.get("", responses=_LIST)
async def list_interactions(
    services: ServicesDep, caller: Caller, query: Annotated[InteractionQuery, Query()]
) -> Response:
    """List what was said and done with the leads one sees whole, the newest first."""
    paging = to_paging(query, _BY)
    async with services.database.read() as connection:
        page = await find_interactions(connection, caller, _to_search(query), paging)
    return answer_list("interactions", page, paging, to_interaction)


@router.post("", status_code=201, responses={201: {"model": Success[InteractionRead]}})
async def log_interaction(services: ServicesDep, caller: Caller, body: InteractionCreate) -> Response:
    """Write down what a person did: Call Logged, Email Sent, SMS Sent, Note Added, Meeting Scheduled or Showing."""
    happened = body.interaction_date and to_aware(body.interaction_date)
    async with services.database.transaction() as connection:
        entry = await add_interaction(
            connection,
            caller,
            body.lead_id,
            body.type,
            services.clock.now(),
            content=body.content,
            happened_at=happened,
            property_id=body.property_id,
            metadata=body.metadata,
        )
    made = answer(to_interaction(entry), status=201)
    made.headers["Location"] = f"/api/v1/interactions/{entry.id}"
    return made


@router.get("/stats", responses={200: {"model": Success[InteractionStatsRead]}})
async def count_interactions(
    services: ServicesDep, caller: Caller, query: Annotated[InteractionFilter, Query()]
) -> Response:
    """The interactions one sees, by type and by who wrote them; by the filters of the list."""
    async with services.database.read() as connection:
        stats = await get_interaction_stats(connection, caller, _to_search(query))
    return answer({"total": stats.total, "byType": stats.by_type, "byUser": stats.by_user})


@router.get("/leads/{lead_id}/timeline", responses=_LIST)
async def list_lead_timeline(
    services: ServicesDep, caller: Caller, lead_id: UUID, query: Annotated[TimelineQuery, Query()]
) -> Response:
    """One lead's log, the newest first."""
    paging = to_paging(query, _BY)
    async with services.database.read() as connection:
        page = await find_timeline(connection, caller, lead_id, paging)
    return answer_list("interactions", page, paging, to_interaction)


@router.get("/{interaction_id}", responses={200: {"model": Success[InteractionRead]}})
async def get_one_interaction(services: ServicesDep, caller: Caller, interaction_id: UUID) -> Response:
    """One interaction."""
    async with services.database.read() as connection:
        return answer(to_interaction(await get_interaction(connection, caller, interaction_id)))


@router.delete("/{interaction_id}", status_code=204)
async def remove_interaction(services: ServicesDep, caller: Caller, interaction_id: UUID) -> Response:
    """Mark an interaction deleted, by its author or an admin; who and when is kept. The system's own answer 409."""
    async with services.database.transaction() as connection:
        await mark_deleted(connection, caller, interaction_id, services.clock.now())
    return Response(status_code=204)


def _to_search(query: InteractionFilter) -> InteractionSearch:
    return InteractionSearch(
        lead_id=query.lead_id,
        type=tuple(query.type),
        start=query.start_date and to_aware(query.start_date),
        end=query.end_date and to_aware(query.end_date),
    )
