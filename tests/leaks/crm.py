"""Leads, tasks, interactions and the intake: contacts and texts of people are visible to those with access alone."""

from uuid import UUID, uuid4, uuid5

from platbook.base.actor import COMMAND_LINE, Role
from platbook.base.rights import Ownership, Right
from platbook.crm.enums import UserInteractionType
from platbook.crm.intake.events import ingest_event
from platbook.crm.interactions.log import add_interaction
from platbook.crm.leads.patch import LeadPatch
from platbook.crm.lifecycle.editing import create_lead
from platbook.crm.suppressions.register import SuppressionInput, add_suppression
from platbook.crm.suppressions.suppression import SuppressedChannel
from platbook.crm.tasks.store import create_task
from platbook.crm.tasks.task import TaskPatch
from tests.leaks.table import allows, reaches
from tests.leaks.world import Caller, Marker, Probe, Target, World

_GROUPS = (("North", "A"), ("North", "B"), ("South", "A"), ("South", None))
_FIRST = "?limit=100&sortOrder=asc"


async def furnish(world: World) -> None:
    """A lead with a task and a log in several offices and teams, an unassigned one, and a rejected event."""
    for office, team in _GROUPS:
        owner = world.of(Role.AGENT, office, team)
        name = f"{office}-{team}".lower()
        await _furnish_lead(world, owner.user_id, name, owner.belonging)
    await _furnish_lead(world, None, "pond", Ownership(None, "North", None))
    async with world.api.services.database.transaction() as connection:
        await ingest_event(connection, COMMAND_LINE, b'{"text": "refused event marker"}', world.api.clock.now())
    world.markers.append(Marker("refused event marker", lambda caller: allows(caller, Right.IMPORT_CRM)))
    new = SuppressionInput(SuppressedChannel.EMAIL, "suppressed@marked.example", "suppression marker")
    async with world.api.services.database.transaction() as connection:
        await add_suppression(connection, COMMAND_LINE, new, world.api.clock.now())
    for text in ("suppressed@marked.example", "suppression marker"):
        world.markers.append(Marker(text, lambda caller: allows(caller, Right.READ_DELIVERY)))
    for one in {caller.user_id: caller for caller in world.callers}.values():
        for lead_id in (_into(one), _like(one)):
            await world.api.run_sql(
                "INSERT INTO leads (id, last_name, assigned_to, office, team, created_at, updated_at, last_activity_at)"
                " VALUES (%(id)s, 'Into', %(user)s, %(office)s, %(team)s, now(), now(), now())",
                id=lead_id,
                user=one.user_id,
                office=one.office,
                team=one.team,
            )
        await world.api.run_sql(
            "INSERT INTO possible_duplicates (id, lead_id, other_id, evidence, found_at)"
            " VALUES (%(id)s, least(%(one)s, %(other)s), greatest(%(one)s, %(other)s), '{}', now())",
            id=_pair_id(one),
            one=_into(one),
            other=_like(one),
        )


async def _furnish_lead(world: World, owner_id: UUID | None, name: str, belonging: Ownership) -> None:
    email, note, title = f"{name}@marked.example", f"log marker of {name}.", f"task marker of {name}."
    patch: LeadPatch = {"last_name": name, "email": email, "phone_number": _phone(name), "notes": note}
    group: LeadPatch = {"office": belonging.office, "team": belonging.team}
    patch |= {"assigned_to": owner_id} if owner_id else group
    now = world.api.clock.now()
    async with world.api.services.database.transaction() as connection:
        lead = await create_lead(connection, COMMAND_LINE, patch, now)
        await add_interaction(connection, COMMAND_LINE, lead.id, UserInteractionType.NOTE_ADDED, now, content=note)
        await create_task(connection, COMMAND_LINE, {"title": title, "lead_id": lead.id}, now)
    for text in (email, _phone(name), note, title):
        world.markers.append(Marker(text, lambda caller: reaches(caller, Right.READ_CRM, belonging)))


def _phone(name: str) -> str:
    return f"+1512555{1000 + sum(name.encode()):04}"


def _into(caller: Caller) -> UUID:
    """A lead of the caller."""
    return uuid5(caller.user_id, "into")


def _like(caller: Caller) -> UUID:
    """A lead of the caller that may be the same person as `_into`."""
    return uuid5(caller.user_id, "like")


def _pair_id(caller: Caller) -> UUID:
    return uuid5(caller.user_id, "pair")


async def _pair(_world: World, owner: Caller) -> Target:
    return Target({"duplicate_id": str(_pair_id(owner))}, owner.belonging)


async def _create_lead(world: World, patch: LeadPatch) -> str:
    async with world.api.services.database.transaction() as connection:
        lead = await create_lead(connection, COMMAND_LINE, {"last_name": "Fresh", **patch}, world.api.clock.now())
    return str(lead.id)


async def _lead(world: World, owner: Caller) -> Target:
    return Target({"lead_id": await _create_lead(world, {"assigned_to": owner.user_id})}, owner.belonging)


async def _unassigned(world: World, owner: Caller) -> Target:
    """An unassigned lead of an office."""
    lead_id = await _create_lead(world, {"office": owner.office, "team": None})
    return Target({"lead_id": lead_id}, Ownership(None, owner.office, None))


async def _task(world: World, owner: Caller) -> Target:
    patch: TaskPatch = {"title": "Fresh", "assigned_to": owner.user_id}
    async with world.api.services.database.transaction() as connection:
        task = await create_task(connection, COMMAND_LINE, patch, world.api.clock.now())
    return Target({"task_id": str(task.id)}, owner.belonging)


async def _interaction(world: World, owner: Caller) -> Target:
    lead_id = UUID(await _create_lead(world, {"assigned_to": owner.user_id}))
    now = world.api.clock.now()
    async with world.api.services.database.transaction() as connection:
        entry = await add_interaction(connection, COMMAND_LINE, lead_id, UserInteractionType.NOTE_ADDED, now)
    return Target({"interaction_id": str(entry.id)}, owner.belonging)


def _event(email: str) -> object:
    return {"eventId": str(uuid4()), "type": "Viewed Property", "person": {"emails": [email]}}


def _rule(_world: World, caller: Caller) -> object:
    return {"name": "x", "method": "direct", "members": [{"userId": str(caller.user_id)}], "enabled": False}


def _suppression() -> object:
    return {"channel": "email", "address": f"{uuid4()}@example.com", "reason": "asked"}


_READ = Right.READ_CRM

PROBES = [
    Probe("GET /leads", query=_FIRST),
    Probe("GET /leads", query="?search=marked.example&limit=100"),
    Probe("GET /leads", query=f"?search={_phone('pond')[2:]}&count=exact"),
    Probe("POST /leads", write=lambda _, caller: {"lastName": "New", "assignedTo": str(caller.user_id)}),
    Probe("POST /leads", body={"email": "south-a@marked.example"}),
    Probe("GET /leads/stats"),
    Probe("GET /leads/check-duplicate", query="?email=north-a@marked.example"),
    Probe("GET /leads/check-duplicate", query="?email=pond@marked.example"),
    Probe("POST /leads/events", write=lambda _, __: _event(f"{uuid4()}@example.com")),
    Probe("POST /leads/events", write=lambda _, __: _event("north-b@marked.example")),
    Probe("POST /leads/events", write=lambda _, __: _event("pond@marked.example")),
    Probe("GET /leads/events"),
    Probe("POST /leads/events/{event_id}/replay"),
    Probe("GET /leads/duplicates"),
    Probe(
        "POST /leads/duplicates/{duplicate_id}/merge",
        make=_pair,
        seen_by=_READ,
        body={"intoId": str(uuid4())},
        may_say=frozenset({400, 409}),
    ),
    Probe("POST /leads/duplicates/{duplicate_id}/dismiss", make=_pair, seen_by=_READ, may_say=frozenset({409})),
    Probe("GET /leads/rules"),
    Probe("POST /leads/rules", write=_rule),
    Probe("GET /leads/rules/{rule_id}"),
    Probe("PUT /leads/rules/{rule_id}", write=_rule),
    Probe("DELETE /leads/rules/{rule_id}"),
    Probe("GET /leads/stages"),
    Probe("POST /leads/stages", write=lambda _, __: {"name": f"S {uuid4()}", "kind": "open"}),
    Probe("PUT /leads/stages", body={"keys": []}),
    Probe("PUT /leads/stages/{stage_key}", body={"name": "changed"}),
    Probe("GET /leads/{lead_id}", make=_lead, seen_by=_READ),
    Probe("PUT /leads/{lead_id}", make=_lead, seen_by=_READ, body={"notes": "changed"}),
    Probe("PUT /leads/{lead_id}", make=_unassigned, seen_by=Right.CLAIM_LEADS, body={"notes": "changed"}),
    Probe("DELETE /leads/{lead_id}", make=_lead, seen_by=_READ),
    Probe(
        "POST /leads/{lead_id}/assign",
        make=_lead,
        seen_by=_READ,
        write=lambda _, caller: {"userId": str(caller.user_id)},
    ),
    Probe("POST /leads/{lead_id}/claim", make=_unassigned, seen_by=Right.CLAIM_LEADS),
    Probe(
        "POST /leads/{lead_id}/merge",
        make=_lead,
        seen_by=_READ,
        write=lambda _, caller: {"intoId": str(_into(caller))},
    ),
    Probe("GET /leads/{lead_id}/export", make=_lead, seen_by=_READ),
    Probe("POST /leads/{lead_id}/erase", make=_lead, seen_by=_READ),
    Probe("GET /suppressions", query=_FIRST),
    Probe("GET /suppressions", query="?address=suppressed@marked.example"),
    Probe("POST /suppressions", write=lambda _, __: _suppression()),
    Probe("GET /suppressions/export"),
    Probe("GET /suppressions/{suppression_id}"),
    Probe("POST /suppressions/{suppression_id}/end", body={"reason": "changed"}),
    Probe("GET /tasks", query="?limit=100&sortBy=createdAt&sortOrder=asc"),
    Probe("POST /tasks", body={"title": "new"}),
    Probe("GET /tasks/stats"),
    Probe("GET /tasks/{task_id}", make=_task, seen_by=_READ),
    Probe("PUT /tasks/{task_id}", make=_task, seen_by=_READ, body={"priority": "High"}),
    Probe("DELETE /tasks/{task_id}", make=_task, seen_by=_READ),
    Probe("POST /tasks/{task_id}/complete", make=_task, seen_by=_READ),
    Probe("POST /tasks/{task_id}/incomplete", make=_task, seen_by=_READ),
    Probe("GET /interactions", query=_FIRST),
    Probe("POST /interactions", write=lambda _, caller: {"leadId": str(_into(caller)), "type": "Call Logged"}),
    Probe("GET /interactions/stats"),
    Probe("GET /interactions/leads/{lead_id}/timeline", make=_lead, seen_by=_READ),
    Probe("GET /interactions/{interaction_id}", make=_interaction, seen_by=_READ),
    Probe("DELETE /interactions/{interaction_id}"),
]
