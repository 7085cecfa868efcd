"""Leads: list, create, read, change, assign, claim, merge, export, erase."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from platbook.api.authentication import Caller
from platbook.api.crm.fields import Email, Phone, ShortText
from platbook.api.crm.leads_models import (
    DuplicateCheckRead,
    ErasureRead,
    LeadAssignment,
    LeadCreate,
    LeadDetailRead,
    LeadList,
    LeadMerge,
    LeadQuery,
    LeadRead,
    LeadStatsRead,
    LeadUpdate,
    PersonExportRead,
)
from platbook.api.crm.query_string import to_paging
from platbook.api.crm.responses import answer, answer_list, to_lead, to_like_leads
from platbook.api.envelope import Success
from platbook.api.services import ServicesDep
from platbook.crm.duplicates.review import find_possible_duplicates
from platbook.crm.leads.matching import to_evidence
from platbook.crm.leads.search import LeadSearch, check_duplicate, find_leads, get_lead_stats
from platbook.crm.leads.visibility import LeadView, read_lead
from platbook.crm.lifecycle.deletion import delete_lead
from platbook.crm.lifecycle.editing import change_lead, create_lead
from platbook.crm.lifecycle.ownership import assign_lead, claim_lead
from platbook.crm.merging import merge_lead
from platbook.crm.stages.stages import check_stages
from platbook.crm.suppressions.suppression import KEY_PURPOSE
from platbook.crm.transfer.person import erase_person, export_person
from platbook.db.lists import PageNumber

router = APIRouter(prefix="/leads", tags=["Leads"])

_ONE: dict[int | str, dict[str, object]] = {200: {"model": Success[LeadRead]}}
_CREATED: dict[int | str, dict[str, object]] = {201: {"model": Success[LeadRead]}}


@router.get("", responses={200: {"model": Success[LeadList]}})
async def list_leads(services: ServicesDep, caller: Caller, query: Annotated[LeadQuery, Query()]) -> Response:
    """List the leads the caller may see, the newest first. Unassigned ones of the office have no contact details."""
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
        await check_stages(connection, query.status)
        page = await find_leads(connection, caller, search, paging)
    return answer_list("leads", page, paging, to_lead)


@router.post("", status_code=201, responses=_CREATED)
async def add_lead(services: ServicesDep, caller: Caller, body: LeadCreate) -> Response:
    """Create a lead; an agent's is assigned to the agent. 409 LEAD_EXISTS: the person is a lead already."""
    async with services.database.transaction() as connection:
        lead = await create_lead(connection, caller, body.to_changes(), services.clock.now())
    response = answer(to_lead(LeadView(lead, has_contact_details=True)), status=201)
    response.headers["Location"] = f"/api/v1/leads/{lead.id}"
    return response


@router.get("/stats", responses={200: {"model": Success[LeadStatsRead]}})
async def count_leads(services: ServicesDep, caller: Caller) -> Response:
    """Count the leads the caller may see in full, by kind of stage, status, source and owner."""
    async with services.database.read() as connection:
        stats = await get_lead_stats(connection, caller)
    return answer(
        {
            "total": stats.total,
            "byKind": stats.by_kind,
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
    name: Annotated[ShortText | None, Query(description="compared where a lead has the number")] = None,
) -> Response:
    """Check which lead a person is, and which they may be (`possibleDuplicates`); names those the caller may see."""
    async with services.database.read() as connection:
        check = await check_duplicate(connection, caller, email=email, phone=phone, name=name or "")
    return answer(
        {
            "isDuplicate": check.is_duplicate,
            "leads": [to_lead(LeadView(lead, has_contact_details=True)) for lead in check.leads],
            "possibleDuplicates": [
                {"lead": to_lead(LeadView(lead, has_contact_details=True)), "evidence": to_evidence(likeness)}
                for lead, likeness in check.possible
            ],
        }
    )


@router.get("/{lead_id}", responses={200: {"model": Success[LeadDetailRead]}})
async def get_lead(services: ServicesDep, caller: Caller, lead_id: UUID) -> Response:
    """Get a lead. For a merged one 410, with the id of the lead it was merged into in the message."""
    async with services.database.read() as connection:
        view = await read_lead(connection, caller, lead_id)
        pairs = await find_possible_duplicates(connection, caller, PageNumber(limit=100), lead_id=lead_id)
    return answer({**to_lead(view), "possibleDuplicates": to_like_leads(pairs.rows, lead_id)})


@router.put("/{lead_id}", responses=_ONE)
async def update_lead(services: ServicesDep, caller: Caller, lead_id: UUID, body: LeadUpdate) -> Response:
    """Change the fields that are sent of a lead."""
    async with services.database.transaction() as connection:
        lead = await change_lead(connection, caller, lead_id, body.to_changes(), services.clock.now())
    return answer(to_lead(LeadView(lead, has_contact_details=True)))


@router.delete("/{lead_id}", status_code=204)
async def remove_lead(services: ServicesDep, caller: Caller, lead_id: UUID) -> Response:
    """Delete a lead with its tasks and interactions (soft delete: nothing is erased)."""
    async with services.database.transaction() as connection:
        await delete_lead(connection, caller, lead_id, services.clock.now())
    return Response(status_code=204)


@router.post("/{lead_id}/assign", responses=_ONE)
async def assign_lead_to(services: ServicesDep, caller: Caller, lead_id: UUID, body: LeadAssignment) -> Response:
    """Assign a lead to a user of the caller's team or office; its open tasks are assigned with it."""
    async with services.database.transaction() as connection:
        lead = await assign_lead(connection, caller, lead_id, body.user_id, services.clock.now())
    return answer(to_lead(LeadView(lead, has_contact_details=True)))


@router.post("/{lead_id}/claim", responses=_ONE)
async def claim_one_lead(services: ServicesDep, caller: Caller, lead_id: UUID) -> Response:
    """Claim an unassigned lead: the first caller gets it. 409 if it is assigned already."""
    async with services.database.transaction() as connection:
        lead = await claim_lead(connection, caller, lead_id, services.clock.now())
    return answer(to_lead(LeadView(lead, has_contact_details=True)))


@router.post("/{lead_id}/merge", responses=_ONE)
async def merge_lead_into(services: ServicesDep, caller: Caller, lead_id: UUID, body: LeadMerge) -> Response:
    """Merge a lead into another, which is returned: it takes over contacts, tags, tasks and interactions."""
    async with services.database.transaction() as connection:
        lead = await merge_lead(connection, caller, lead_id, body.into_id, services.clock.now())
    return answer(to_lead(LeadView(lead, has_contact_details=True)))


@router.get("/{lead_id}/export", responses={200: {"model": Success[PersonExportRead]}})
async def export_lead(services: ServicesDep, caller: Caller, lead_id: UUID) -> Response:
    """Export all data stored about a person: lead, tasks, interactions, events, ids in other systems."""
    async with services.database.read() as connection:
        return answer(await export_person(connection, caller, lead_id))


@router.post("/{lead_id}/erase", responses={200: {"model": Success[ErasureRead]}})
async def erase_lead(services: ServicesDep, caller: Caller, lead_id: UUID) -> Response:
    """Erase a person permanently, with tasks, interactions, events and merged leads."""
    async with services.database.transaction() as connection:
        erased = await erase_person(
            connection, caller, lead_id, services.clock.now(), suppression_key=services.box.derive(KEY_PURPOSE)
        )
    return answer({"erased": erased})
