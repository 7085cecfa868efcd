"""Lead intake: events from websites and other systems, and the rules that assign new leads."""

from contextlib import suppress
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from platbook.api.authentication import Caller
from platbook.api.crm.intake_models import (
    EventOutcomeRead,
    RefusedEventList,
    RuleBody,
    RuleList,
    RuleRead,
    to_rule_read,
)
from platbook.api.crm.responses import answer, to_interaction, to_lead, to_task
from platbook.api.envelope import Success, paginate
from platbook.api.schemas import to_request_body
from platbook.api.services import ServicesDep
from platbook.application.services import Services
from platbook.base.actor import Actor
from platbook.base.errors import CallerError
from platbook.crm.intake.event import LeadEvent
from platbook.crm.intake.events import ingest_event, replay_event
from platbook.crm.intake.inbox import ProcessedEvent, RejectedEvent, StoredEvent, find_rejected_events
from platbook.crm.intake.rules import add_rule, find_rules, read_rule, remove_rule, replace_rule
from platbook.crm.interactions.log import get_interaction
from platbook.crm.leads.visibility import read_lead
from platbook.crm.tasks.store import read_task

router = APIRouter(prefix="/leads", tags=["Lead intake"])

_OUTCOMES: dict[int | str, dict[str, object]] = {
    200: {"model": Success[EventOutcomeRead], "description": "The person is a lead already."},
    201: {"model": Success[EventOutcomeRead], "description": "The person is a new lead."},
}
_RULE: dict[int | str, dict[str, object]] = {200: {"model": Success[RuleRead]}}


@router.post("/events", responses=_OUTCOMES, openapi_extra={"requestBody": to_request_body(LeadEvent)})
async def send_lead_event(request: Request, services: ServicesDep, caller: Caller) -> Response:
    """Report an event of a person: 201 if it created a lead, 200 if not. Each `eventId` is processed once.

    `unknownListing`: it names a listing that is not here.
    """
    body = await request.body()
    async with services.database.transaction() as connection:
        result = await ingest_event(connection, caller, body, services.clock.now())
    return await _to_response(services, caller, result)


@router.get("/events", responses={200: {"model": Success[RefusedEventList]}})
async def list_refused_events(
    services: ServicesDep,
    caller: Caller,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:
    """List events that could not be processed, with their bodies as received, the oldest first."""
    _ = caller
    async with services.database.read() as connection:
        events, total = await find_rejected_events(connection, page=page, limit=limit)
    pagination = paginate(page, limit, total).model_dump(by_alias=True, exclude_none=True)
    return answer({"events": [_to_refused(one) for one in events], "pagination": pagination})


@router.post(
    "/events/{event_id}/replay",
    responses=_OUTCOMES,
    openapi_extra={"requestBody": to_request_body(LeadEvent, required=False)},
)
async def replay_lead_event(request: Request, services: ServicesDep, caller: Caller, event_id: UUID) -> Response:
    """Process a refused event again, on behalf of its sender; a body, if present, is the corrected event."""
    body = await request.body()
    async with services.database.transaction() as connection:
        result = await replay_event(connection, caller, event_id, services.clock.now(), corrected=body or None)
    return await _to_response(services, caller, result)


@router.get("/rules", responses={200: {"model": Success[RuleList]}})
async def list_rules(services: ServicesDep, caller: Caller) -> Response:
    """List the rules that assign new leads, in the order they are tried; a manager sees those of their office."""
    async with services.database.read() as connection:
        rules = await find_rules(connection, caller)
    return answer({"rules": [_to_json(to_rule_read(one)) for one in rules]})


@router.post("/rules", status_code=201, responses={201: {"model": Success[RuleRead]}})
async def create_rule(services: ServicesDep, caller: Caller, body: RuleBody) -> Response:
    """Add a rule: direct, round robin, weighted, or first to claim within a time."""
    async with services.database.transaction() as connection:
        rule = await add_rule(connection, caller, body.to_rule(), services.clock.now())
    return answer(_to_json(to_rule_read(rule)), status=201)


@router.get("/rules/{rule_id}", responses=_RULE)
async def get_one_rule(services: ServicesDep, caller: Caller, rule_id: UUID) -> Response:
    """Get a rule."""
    async with services.database.read() as connection:
        return answer(_to_json(to_rule_read(await read_rule(connection, caller, rule_id))))


@router.put("/rules/{rule_id}", responses=_RULE)
async def change_rule(services: ServicesDep, caller: Caller, rule_id: UUID, body: RuleBody) -> Response:
    """Replace a rule; members that stay keep their turn."""
    async with services.database.transaction() as connection:
        rule = await replace_rule(connection, caller, rule_id, body.to_rule(), services.clock.now())
    return answer(_to_json(to_rule_read(rule)))


@router.delete("/rules/{rule_id}", status_code=204)
async def delete_rule(services: ServicesDep, caller: Caller, rule_id: UUID) -> Response:
    """Delete a rule; leads it assigned stay assigned."""
    async with services.database.transaction() as connection:
        await remove_rule(connection, caller, rule_id, services.clock.now())
    return Response(status_code=204)


async def _to_response(services: Services, caller: Actor, result: ProcessedEvent | RejectedEvent) -> Response:
    """The outcome of an event; of records the caller may not see, only the ids."""
    if isinstance(result, RejectedEvent):
        raise result.to_error()
    data: dict[str, object] = {
        "lead": {"id": result.lead_id},
        "interaction": result.interaction_id and {"id": result.interaction_id},
        "unknownListing": result.unknown_listing,
    }
    if result.task_id is not None:
        data["task"] = {"id": result.task_id}
    async with services.database.read() as connection:
        with suppress(CallerError):
            data["lead"] = to_lead(await read_lead(connection, caller, result.lead_id))
        if result.interaction_id is not None:
            with suppress(CallerError):
                data["interaction"] = to_interaction(await get_interaction(connection, caller, result.interaction_id))
        if result.task_id is not None:
            with suppress(CallerError):
                data["task"] = to_task(await read_task(connection, caller, result.task_id), services.clock.now())
    return answer(data, status=201 if result.is_new else 200)


def _to_refused(event: StoredEvent) -> dict[str, object]:
    return {
        "id": event.id,
        "eventId": event.event_id,
        "sender": event.sender,
        "reason": event.reason,
        "receivedAt": event.received_at,
        "raw": event.raw,
    }


def _to_json(rule: RuleRead) -> dict[str, object]:
    return rule.model_dump(mode="json", by_alias=True)
