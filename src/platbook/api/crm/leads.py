"""Leads: lists, one lead, and what is done with it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from platbook.api.authentication import Caller
from platbook.api.crm.leads_models import (
    AssignSent,
    DuplicateShown,
    Email,
    ErasedShown,
    LeadQuery,
    LeadSent,
    LeadShown,
    LeadsShown,
    LeadStatsShown,
    MergeSent,
    PersonShown,
    Phone,
    to_paging,
)
from platbook.api.crm.responses import answer, answer_list, to_lead
from platbook.api.envelope import Success
from platbook.api.services import Given
from platbook.crm.leads.search import LeadSearch, check_duplicate, find_leads, get_lead_stats
from platbook.crm.leads.visibility import LeadView, read_lead
from platbook.crm.lifecycle.deletion import delete_lead
from platbook.crm.lifecycle.editing import change_lead, create_lead
from platbook.crm.lifecycle.ownership import assign_lead, claim_lead
from platbook.crm.merging import merge_lead
from platbook.crm.transfer.person import erase_person, export_person

router = APIRouter(prefix="/leads", tags=["Leads"])

_ONE: dict[int | str, dict[str, object]] = {200: {"model": Success[LeadShown]}}
_MADE: dict[int | str, dict[str, object]] = {201: {"model": Success[LeadShown]}}


@router.get("", responses={200: {"model": Success[LeadsShown]}})
async def list_leads(given: Given, caller: Caller, query: Annotated[LeadQuery, Query()]) -> Response:
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
    async with given.database.read() as connection:
        page = await find_leads(connection, caller, search, paging)
    return answer_list("leads", page, paging, to_lead)


@router.post("", status_code=201, responses=_MADE)
async def add_lead(given: Given, caller: Caller, body: LeadSent) -> Response:
    """Make a lead. An agent's is their own; 409 LEAD_EXISTS where somebody has the address or number already."""
    async with given.database.transaction() as connection:
        lead = await create_lead(connection, caller, body.said(), given.clock.now())
    made = answer(to_lead(LeadView(lead, has_contact_details=True)), status=201)
    made.headers["Location"] = f"/api/v1/leads/{lead.id}"
    return made


@router.get("/stats", responses={200: {"model": Success[LeadStatsShown]}})
async def count_leads(given: Given, caller: Caller) -> Response:
    """The leads one sees whole, by status, source and owner."""
    async with given.database.read() as connection:
        stats = await get_lead_stats(connection, caller)
    return answer(
        {
            "total": stats.total,
            "byStatus": stats.by_status,
            "bySource": stats.by_source,
            "byOwner": stats.by_owner,
        }
    )


@router.get("/check-duplicate", responses={200: {"model": Success[DuplicateShown]}})
async def check_lead_duplicate(
    given: Given,
    caller: Caller,
    email: Annotated[Email | None, Query()] = None,
    phone: Annotated[Phone | None, Query()] = None,
) -> Response:
    """Whether a lead has an e-mail address or a telephone number already; which, where one sees all of it."""
    async with given.database.read() as connection:
        known, leads = await check_duplicate(connection, caller, email=email, phone=phone)
    return answer(
        {"isDuplicate": known, "leads": [to_lead(LeadView(lead, has_contact_details=True)) for lead in leads]}
    )


@router.get("/{lead_id}", responses=_ONE)
async def get_lead(given: Given, caller: Caller, lead_id: UUID) -> Response:
    """One lead. One that was merged is gone (410), and the message names the one it became."""
    async with given.database.read() as connection:
        return answer(to_lead(await read_lead(connection, caller, lead_id)))


@router.put("/{lead_id}", responses=_ONE)
async def update_lead(given: Given, caller: Caller, lead_id: UUID, body: LeadSent) -> Response:
    """Change what is said of a lead and leave the rest."""
    async with given.database.transaction() as connection:
        lead = await change_lead(connection, caller, lead_id, body.said(), given.clock.now())
    return answer(to_lead(LeadView(lead, has_contact_details=True)))


@router.delete("/{lead_id}", status_code=204)
async def remove_lead(given: Given, caller: Caller, lead_id: UUID) -> Response:
    """Take a lead with its tasks and log off every list; nothing is erased."""
    async with given.database.transaction() as connection:
        await delete_lead(connection, caller, lead_id, given.clock.now())
    return Response(status_code=204)


@router.post("/{lead_id}/assign", responses=_ONE)
async def give_lead_to(given: Given, caller: Caller, lead_id: UUID, body: AssignSent) -> Response:
    """Give a lead to a user of one's team or office; its open tasks go with it."""
    async with given.database.transaction() as connection:
        lead = await assign_lead(connection, caller, lead_id, body.user_id, given.clock.now())
    return answer(to_lead(LeadView(lead, has_contact_details=True)))


@router.post("/{lead_id}/claim", responses=_ONE)
async def take_lead(given: Given, caller: Caller, lead_id: UUID) -> Response:
    """Claim an unassigned lead: the first one gets it, contact details and all. 409 where somebody has it."""
    async with given.database.transaction() as connection:
        lead = await claim_lead(connection, caller, lead_id, given.clock.now())
    return answer(to_lead(LeadView(lead, has_contact_details=True)))


@router.post("/{lead_id}/merge", responses=_ONE)
async def merge_lead_into(given: Given, caller: Caller, lead_id: UUID, body: MergeSent) -> Response:
    """Merge a lead into another, which is answered: contacts, tags, tasks and log become the other's."""
    async with given.database.transaction() as connection:
        lead = await merge_lead(connection, caller, lead_id, body.into_id, given.clock.now())
    return answer(to_lead(LeadView(lead, has_contact_details=True)))


@router.get("/{lead_id}/export", responses={200: {"model": Success[PersonShown]}})
async def export_lead(given: Given, caller: Caller, lead_id: UUID) -> Response:
    """Everything that is kept of a person: lead, tasks, log, events, ids in other systems."""
    async with given.database.read() as connection:
        return answer(await export_person(connection, caller, lead_id))


@router.post("/{lead_id}/erase", responses={200: {"model": Success[ErasedShown]}})
async def erase_lead(given: Given, caller: Caller, lead_id: UUID) -> Response:
    """Erase a person for good, with tasks, log, events and whoever was merged into them."""
    async with given.database.transaction() as connection:
        erased = await erase_person(connection, caller, lead_id, given.clock.now())
    return answer({"erased": erased})
