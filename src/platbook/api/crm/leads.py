"""Leads: lists, one lead, and what is done with it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from platbook.api.authentication import Caller
from platbook.api.crm.leads_models import (
    DuplicateCheckRead,
    Email,
    ErasureRead,
    LeadAssignment,
    LeadList,
    LeadMerge,
    LeadQuery,
    LeadRead,
    LeadStatsRead,
    LeadUpdate,
    PersonExportRead,
    Phone,
    to_paging,
)
from platbook.api.crm.responses import answer, answer_list, to_lead
from platbook.api.envelope import Success
from platbook.api.services import ServicesDep
from platbook.crm.leads.merging import merge_lead
from platbook.crm.leads.search import LeadSearch, check_duplicate, find_leads, get_lead_stats
from platbook.crm.leads.store import assign_lead, change_lead, claim_lead, create_lead, delete_lead, read_lead
from platbook.crm.transfer.person import erase_person, export_person
from platbook.crm.visibility import Seen

router = APIRouter(prefix="/leads", tags=["Leads"])

_ONE: dict[int | str, dict[str, object]] = {200: {"model": Success[LeadRead]}}
_MADE: dict[int | str, dict[str, object]] = {201: {"model": Success[LeadRead]}}


@router.get("", responses={200: {"model": Success[LeadList]}})
async def list_leads(services: ServicesDep, caller: Caller, query: Annotated[LeadQuery, Query()]) -> Response:
    """List the leads one sees, the newest first. Unassigned ones of one's office come without contact details."""
    search = LeadSearch(
        status=tuple(query.status),
        priority=tuple(query.priority),
        source=tuple(query.source),
        tags=tuple(query.tag),
        assigned_to=query.assigned_to,
        office=query.office,
        team=query.team,
        min_budget=query.min_budget,
        max_budget=query.max_budget,
        search=query.search,
    )
    paging = to_paging(query, query.sort_by)
    async with services.database.read() as connection:
        page = await find_leads(connection, caller, search, paging)
    return answer_list("leads", page, paging, to_lead)


@router.post("", status_code=201, responses=_MADE)
async def add_lead(services: ServicesDep, caller: Caller, body: LeadUpdate) -> Response:
    """Make a lead. An agent's is their own; 409 LEAD_EXISTS where somebody has the address or number already."""
    async with services.database.transaction() as connection:
        lead = await create_lead(connection, caller, body.said(), services.clock.now())
    made = answer(to_lead(Seen(lead, is_whole=True)), status=201)
    made.headers["Location"] = f"/api/v1/leads/{lead.id}"
    return made


@router.get("/stats", responses={200: {"model": Success[LeadStatsRead]}})
async def count_leads(services: ServicesDep, caller: Caller) -> Response:
    """The leads one sees whole, by status, source and owner."""
    async with services.database.read() as connection:
        stats = await get_lead_stats(connection, caller)
    return answer(
        {
            "total": stats.total,
            "byStatus": stats.by_status,
            "bySource": stats.by_source,
            "byOwner": stats.by_owner,
        }
    )


@router.get("/check-duplicate", responses={200: {"model": Success[DuplicateCheckRead]}})
async def check_lead_duplicate(
    services: ServicesDep,
    caller: Caller,
    email: Annotated[Email | None, Query()] = None,
    phone: Annotated[Phone | None, Query()] = None,
) -> Response:
    """Whether a lead has an e-mail address or a telephone number already; which, where one sees all of it."""
    async with services.database.read() as connection:
        known, leads = await check_duplicate(connection, caller, email=email, phone=phone)
    return answer({"isDuplicate": known, "leads": [to_lead(Seen(lead, is_whole=True)) for lead in leads]})


@router.get("/{lead_id}", responses=_ONE)
async def get_lead(services: ServicesDep, caller: Caller, lead_id: UUID) -> Response:
    """One lead. One that was merged is gone (410), and the message names the one it became."""
    async with services.database.read() as connection:
        return answer(to_lead(await read_lead(connection, caller, lead_id)))


@router.put("/{lead_id}", responses=_ONE)
async def update_lead(services: ServicesDep, caller: Caller, lead_id: UUID, body: LeadUpdate) -> Response:
    """Change what is said of a lead and leave the rest."""
    async with services.database.transaction() as connection:
        lead = await change_lead(connection, caller, lead_id, body.said(), services.clock.now())
    return answer(to_lead(Seen(lead, is_whole=True)))


@router.delete("/{lead_id}", status_code=204)
async def remove_lead(services: ServicesDep, caller: Caller, lead_id: UUID) -> Response:
    """Take a lead with its tasks and log off every list; nothing is erased."""
    async with services.database.transaction() as connection:
        await delete_lead(connection, caller, lead_id, services.clock.now())
    return Response(status_code=204)


@router.post("/{lead_id}/assign", responses=_ONE)
async def give_lead_to(services: ServicesDep, caller: Caller, lead_id: UUID, body: LeadAssignment) -> Response:
    """Give a lead to a user of one's team or office; its open tasks go with it."""
    async with services.database.transaction() as connection:
        lead = await assign_lead(connection, caller, lead_id, body.user_id, services.clock.now())
    return answer(to_lead(Seen(lead, is_whole=True)))


@router.post("/{lead_id}/claim", responses=_ONE)
async def take_lead(services: ServicesDep, caller: Caller, lead_id: UUID) -> Response:
    """Claim an unassigned lead: the first one gets it, contact details and all. 409 where somebody has it."""
    async with services.database.transaction() as connection:
        lead = await claim_lead(connection, caller, lead_id, services.clock.now())
    return answer(to_lead(Seen(lead, is_whole=True)))


@router.post("/{lead_id}/merge", responses=_ONE)
async def merge_lead_into(services: ServicesDep, caller: Caller, lead_id: UUID, body: LeadMerge) -> Response:
    """Merge a lead into another, which is answered: contacts, tags, tasks and log become the other's."""
    async with services.database.transaction() as connection:
        lead = await merge_lead(connection, caller, lead_id, body.into_id, services.clock.now())
    return answer(to_lead(Seen(lead, is_whole=True)))


@router.get("/{lead_id}/export", responses={200: {"model": Success[PersonExportRead]}})
async def export_lead(services: ServicesDep, caller: Caller, lead_id: UUID) -> Response:
    """Everything that is kept of a person: lead, tasks, log, events, ids in other systems."""
    async with services.database.read() as connection:
        return answer(await export_person(connection, caller, lead_id))


@router.post("/{lead_id}/erase", responses={200: {"model": Success[ErasureRead]}})
async def erase_lead(services: ServicesDep, caller: Caller, lead_id: UUID) -> Response:
    """Erase a person for good, with tasks, log, events and whoever was merged into them."""
    async with services.database.transaction() as connection:
        erased = await erase_person(connection, caller, lead_id, services.clock.now())
    return answer({"erased": erased})
