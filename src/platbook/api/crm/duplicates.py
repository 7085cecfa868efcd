"""Possible duplicates: leads that may be one person, to be merged or dismissed by a person."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from platbook.api.authentication import Caller
from platbook.api.crm.duplicates_models import DuplicateMerge, PossibleDuplicateList, PossibleDuplicateRead
from platbook.api.crm.leads_models import LeadRead
from platbook.api.crm.responses import answer, to_lead, to_possible_duplicate
from platbook.api.envelope import Success, paginate
from platbook.api.params import Limit, PageNumber
from platbook.api.services import ServicesDep
from platbook.crm.duplicates.review import dismiss_pair, find_possible_duplicates, read_pairs
from platbook.crm.duplicates.rows import DuplicateState
from platbook.crm.leads.visibility import LeadView
from platbook.crm.merging import merge_pair
from platbook.db.lists import PageNumber as Page

router = APIRouter(prefix="/leads/duplicates", tags=["Leads"])


@router.get("", responses={200: {"model": Success[PossibleDuplicateList]}})
async def list_possible_duplicates(
    services: ServicesDep,
    caller: Caller,
    state: DuplicateState = DuplicateState.OPEN,
    lead_id: Annotated[UUID | None, Query(alias="leadId", description="only those of this lead")] = None,
    page: PageNumber = 1,
    limit: Limit = 20,
) -> Response:
    """List leads that may be one person, the newest first, where the caller may see both in full."""
    async with services.database.read() as connection:
        found = await find_possible_duplicates(connection, caller, Page(page, limit), state=state, lead_id=lead_id)
        views = await read_pairs(connection, found.rows)
    pagination = paginate(page, limit, found.total).model_dump(by_alias=True, exclude_none=True)
    return answer({"duplicates": [to_possible_duplicate(one) for one in views], "pagination": pagination})


@router.post("/{duplicate_id}/merge", responses={200: {"model": Success[LeadRead]}})
async def merge_possible_duplicate(
    services: ServicesDep, caller: Caller, duplicate_id: UUID, body: DuplicateMerge
) -> Response:
    """Decide that two leads are one person: the other is merged into `intoId`, which is returned."""
    async with services.database.transaction() as connection:
        lead = await merge_pair(connection, caller, duplicate_id, body.into_id, services.clock.now())
    return answer(to_lead(LeadView(lead, has_contact_details=True)))


@router.post("/{duplicate_id}/dismiss", responses={200: {"model": Success[PossibleDuplicateRead]}})
async def dismiss_possible_duplicate(services: ServicesDep, caller: Caller, duplicate_id: UUID) -> Response:
    """Decide that two leads are two people. The pair is not listed as open again."""
    async with services.database.transaction() as connection:
        view = await dismiss_pair(connection, caller, duplicate_id, services.clock.now())
    return answer(to_possible_duplicate(view))
