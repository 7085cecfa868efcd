"""Interactions with people: an append-only log. There is no PUT."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from platbook.api.authentication import Caller
from platbook.api.crm.interactions_models import (
    InteractionCreate,
    InteractionFilter,
    InteractionList,
    InteractionQuery,
    InteractionRead,
    InteractionStatsRead,
    TimelineQuery,
)
from platbook.api.crm.query_string import parse_optional_time, to_paging
from platbook.api.crm.responses import answer, answer_list, to_interaction
from platbook.api.envelope import Success
from platbook.api.services import ServicesDep
from platbook.crm.interactions.log import add_interaction, delete_interaction, get_interaction
from platbook.crm.interactions.search import (
    InteractionSearch,
    find_interactions,
    find_timeline,
)
from platbook.crm.interactions.statistics import get_interaction_stats

router = APIRouter(prefix="/interactions", tags=["Interactions"])

_LIST: dict[int | str, dict[str, object]] = {200: {"model": Success[InteractionList]}}
_SORT = "interactionDate"


@router.get("", responses=_LIST)
async def list_interactions(
    services: ServicesDep, caller: Caller, query: Annotated[InteractionQuery, Query()]
) -> Response:
    """List the interactions with leads that the caller may see in full, the newest first."""
    paging = to_paging(query, _SORT)
    async with services.database.read() as connection:
        page = await find_interactions(connection, caller, _to_search(query), paging)
    return answer_list("interactions", page, paging, to_interaction)


@router.post("", status_code=201, responses={201: {"model": Success[InteractionRead]}})
async def log_interaction(services: ServicesDep, caller: Caller, body: InteractionCreate) -> Response:
    """Log an interaction: Call Logged, Email Sent, SMS Sent, Note Added, Meeting Scheduled or Showing."""
    happened_at = parse_optional_time("interactionDate", body.interaction_date)
    async with services.database.transaction() as connection:
        entry = await add_interaction(
            connection,
            caller,
            body.lead_id,
            body.type,
            services.clock.now(),
            content=body.content,
            happened_at=happened_at,
            property_id=body.property_id,
            metadata=body.metadata,
        )
    response = answer(to_interaction(entry), status=201)
    response.headers["Location"] = f"/api/v1/interactions/{entry.id}"
    return response


@router.get("/stats", responses={200: {"model": Success[InteractionStatsRead]}})
async def count_interactions(
    services: ServicesDep, caller: Caller, query: Annotated[InteractionFilter, Query()]
) -> Response:
    """Count the interactions the caller may see, by type and by user; takes the filters of the list."""
    async with services.database.read() as connection:
        stats = await get_interaction_stats(connection, caller, _to_search(query))
    return answer({"total": stats.total, "byType": stats.by_type, "byUser": stats.by_user})


@router.get("/leads/{lead_id}/timeline", responses=_LIST)
async def list_lead_timeline(
    services: ServicesDep, caller: Caller, lead_id: UUID, query: Annotated[TimelineQuery, Query()]
) -> Response:
    """List a lead's interactions, the newest first."""
    paging = to_paging(query, _SORT)
    async with services.database.read() as connection:
        page = await find_timeline(connection, caller, lead_id, paging)
    return answer_list("interactions", page, paging, to_interaction)


@router.get("/{interaction_id}", responses={200: {"model": Success[InteractionRead]}})
async def get_one_interaction(services: ServicesDep, caller: Caller, interaction_id: UUID) -> Response:
    """Get an interaction."""
    async with services.database.read() as connection:
        return answer(to_interaction(await get_interaction(connection, caller, interaction_id)))


@router.delete("/{interaction_id}", status_code=204)
async def remove_interaction(services: ServicesDep, caller: Caller, interaction_id: UUID) -> Response:
    """Mark an interaction as deleted, by its author or an admin. Those of the system cannot be deleted (409)."""
    async with services.database.transaction() as connection:
        await delete_interaction(connection, caller, interaction_id, services.clock.now())
    return Response(status_code=204)


def _to_search(query: InteractionFilter) -> InteractionSearch:
    return InteractionSearch(
        lead_id=query.lead_id,
        type=tuple(query.type),
        start=parse_optional_time("startDate", query.start_date),
        end=parse_optional_time("endDate", query.end_date),
    )
