"""Intake: events of people from websites and other systems, and the rules that say who gets a new lead."""

from contextlib import suppress
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from platbook.api.authentication import Caller
from platbook.api.crm.intake_models import (
    EventOutcomeRead,
    RefusedEventList,
    RuleList,
    RuleRead,
    RuleUpdate,
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
from platbook.crm.intake.events import KeptEvent, Refused, Taken, find_refused, replay_event, take_event
from platbook.crm.intake.rules import add_rule, find_rules, get_rule, remove_rule, replace_rule
from platbook.crm.interactions.log import get_interaction
from platbook.crm.leads.store import read_lead
from platbook.crm.tasks.store import read_task

router = APIRouter(prefix="/leads", tags=["Lead intake"])

_TAKEN: dict[int | str, dict[str, object]] = {
    200: {"model": Success[EventOutcomeRead], "description": "The person is known."},
    201: {"model": Success[EventOutcomeRead], "description": "The person is new."},
}
_RULE: dict[int | str, dict[str, object]] = {200: {"model": Success[RuleRead]}}


@router.post("/events", responses=_TAKEN, openapi_extra={"requestBody": to_request_body(LeadEvent)})
async def send_lead_event(request: Request, services: ServicesDep, caller: Caller) -> Response:
    """Report what a person did: 201 where that made a lead, 200 for a known one. An `eventId` is taken once."""
    body = await request.body()
    async with services.database.transaction() as connection:
        taken = await take_event(connection, caller, body, services.clock.now())
    return await _answer_taken(services, caller, taken)


@router.get("/events", responses={200: {"model": Success[RefusedEventList]}})
async def list_refused_events(
    services: ServicesDep,
    caller: Caller,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:
    """Events that could not be understood, whole as they came, the oldest first."""
    _ = caller
    async with services.database.read() as connection:
        kept, total = await find_refused(connection, page=page, limit=limit)
    pagination = paginate(page, limit, total).model_dump(by_alias=True, exclude_none=True)
    return answer({"events": [_to_kept(one) for one in kept], "pagination": pagination})


@router.post(
    "/events/{event_id}/replay",
    responses=_TAKEN,
    openapi_extra={"requestBody": to_request_body(LeadEvent, required=False)},
)
async def replay_lead_event(request: Request, services: ServicesDep, caller: Caller, event_id: UUID) -> Response:
    """Take in an event that was refused, as its sender's; a body, if there is one, is the event put right."""
    body = await request.body()
    async with services.database.transaction() as connection:
        taken = await replay_event(connection, caller, event_id, services.clock.now(), corrected=body or None)
    return await _answer_taken(services, caller, taken)


@router.get("/rules", responses={200: {"model": Success[RuleList]}})
async def list_rules(services: ServicesDep, caller: Caller) -> Response:
    """The rules that say who gets a new lead, in the order they are asked."""
    _ = caller
    async with services.database.read() as connection:
        found = await find_rules(connection)
    return answer({"rules": [_to_json(to_rule_read(one)) for one in found]})


@router.post("/rules", status_code=201, responses={201: {"model": Success[RuleRead]}})
async def create_rule(services: ServicesDep, caller: Caller, body: RuleUpdate) -> Response:
    """Add a rule: direct, round robin, weighted, or first to claim with a timer."""
    async with services.database.transaction() as connection:
        made = await add_rule(connection, caller, body.to_rule(), services.clock.now())
    return answer(_to_json(to_rule_read(made)), status=201)


@router.get("/rules/{rule_id}", responses=_RULE)
async def get_one_rule(services: ServicesDep, caller: Caller, rule_id: UUID) -> Response:
    """One rule."""
    _ = caller
    async with services.database.read() as connection:
        return answer(_to_json(to_rule_read(await get_rule(connection, rule_id))))


@router.put("/rules/{rule_id}", responses=_RULE)
async def change_rule(services: ServicesDep, caller: Caller, rule_id: UUID, body: RuleUpdate) -> Response:
    """Replace a rule whole; members that stay keep their turn."""
    async with services.database.transaction() as connection:
        changed = await replace_rule(connection, caller, rule_id, body.to_rule(), services.clock.now())
    return answer(_to_json(to_rule_read(changed)))


@router.delete("/rules/{rule_id}", status_code=204)
async def delete_rule(services: ServicesDep, caller: Caller, rule_id: UUID) -> Response:
    """Remove a rule; leads it gave stay where they are."""
    async with services.database.transaction() as connection:
        await remove_rule(connection, caller, rule_id, services.clock.now())
    return Response(status_code=204)


async def _answer_taken(services: Services, caller: Actor, taken: Taken | Refused) -> Response:
    """What became of an event, as far as the caller sees it; the rest by its id."""
    if isinstance(taken, Refused):
        raise taken.to_error()
    told: dict[str, object] = {
        "lead": {"id": taken.lead_id},
        "interaction": taken.interaction_id and {"id": taken.interaction_id},
    }
    if taken.task_id is not None:
        told["task"] = {"id": taken.task_id}
    async with services.database.read() as connection:
        with suppress(CallerError):
            told["lead"] = to_lead(await read_lead(connection, caller, taken.lead_id))
        if taken.interaction_id is not None:
            with suppress(CallerError):
                told["interaction"] = to_interaction(await get_interaction(connection, caller, taken.interaction_id))
        if taken.task_id is not None:
            with suppress(CallerError):
                told["task"] = to_task(await read_task(connection, caller, taken.task_id), services.clock.now())
    return answer(told, status=201 if taken.is_new else 200)


def _to_kept(event: KeptEvent) -> dict[str, object]:
    return {
        "id": event.id,
        "eventId": event.event_id,
        "sender": event.sender,
        "reason": event.reason,
        "receivedAt": event.received_at,
        "raw": event.raw,
    }


def _to_json(shown: RuleRead) -> dict[str, object]:
    return shown.model_dump(mode="json", by_alias=True)
