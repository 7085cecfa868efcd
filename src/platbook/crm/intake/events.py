"""Taking events in. Each is taken once, each person is one lead, and what cannot be understood is kept.

Two events with a contact in common are taken one after the other (an advisory lock on each contact); whoever makes the
same person by another way at the same time is met at the unique key of contacts, and then found. A number that is taken
already may be shared: the key holds its first lead, and each lead keeps it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from platbook.accounts import get_user
from platbook.base.actor import Actor, Role
from platbook.base.errors import Conflict, FieldProblem, InvalidInput, NotFound, TryLater
from platbook.base.ids import new_id
from platbook.base.rights import ROLES, AccessScope, Right, record_access, require
from platbook.crm.contacts import EMAIL, PHONE
from platbook.crm.enums import Channel, EventType, InteractionType, Priority, TaskType
from platbook.crm.intake.assignment import Occasion, assign_by_rule
from platbook.crm.intake.event import LeadEvent, PropertyNamed, event_id_of, parse_event, read_contacts, to_occurred
from platbook.crm.intake.rules import Q
from platbook.crm.interactions.log import note
from platbook.crm.leads.lead import Consent, Lead, add_consents, new_lead, note_activity
from platbook.crm.leads.matching import conflicts, match_lead
from platbook.crm.leads.rows import (
    Contact,
    find_by_contacts,
    insert_lead,
    keep_contacts,
    lock_contacts,
    lock_lead,
    save_lead,
)
from platbook.crm.leads.store import about, acts_for, note_assigned, to_owned
from platbook.crm.tasks.store import insert_task
from platbook.crm.tasks.task import Task
from platbook.db import ReadConnection, WriteConnection
from platbook.jobs.outbox import write_event

_TRIES = 3
_ANSWER_WITHIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an event; `is_new`: it made the lead."""

    lead_id: UUID
    interaction_id: UUID | None
    task_id: UUID | None
    is_new: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """An event that is kept until somebody understands it."""

    id: UUID
    problems: Sequence[FieldProblem]

    def to_error(self) -> InvalidInput:
        """The refusal in words."""
        first = self.problems[0]
        return InvalidInput(f"{first.field}: {first.message}; it is kept as event {self.id}", details=self.problems)


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """An event's row."""

    id: UUID
    sender: UUID | None
    event_id: str
    state: str
    reason: str | None
    raw: str
    received_at: datetime
    lead_id: UUID | None
    interaction_id: UUID | None
    task_id: UUID | None
    is_new: bool


@dataclass(frozen=True, slots=True)
class _House:
    id: UUID
    list_price: Decimal | None
    areas: list[str]


async def take_event(connection: WriteConnection, actor: Actor, raw: bytes, at: datetime) -> Taken | Refused:
    """Take an event in, or keep it as it came. Either is to be committed. One that was taken is answered as then."""
    require(actor, Right.SEND_EVENTS)
    event_id = event_id_of(raw)
    text = raw.decode("utf-8", "replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")
    params = {"id": new_id(), "sender": actor.user_id, "event_id": event_id, "raw": text, "at": at}
    await connection.run(Q.begin_event, {**params, "state": "refused", "reason": "not read yet"})
    row = await connection.one(KeptEvent, Q.lock_event, params)
    if row.state == "taken":
        return _answer(row)
    return await _read_and_take(connection, actor, row, raw, at)


async def replay_event(
    connection: WriteConnection, actor: Actor, event_id: UUID, at: datetime, *, corrected: bytes | None = None
) -> Taken | Refused:
    """Take in an event that was refused, as its sender's, in its own words or in corrected ones. NotFound, Conflict."""
    require(actor, Right.IMPORT_CRM)
    row = await connection.first(KeptEvent, Q.lock_event_by_id, {"id": event_id})
    if row is None:
        raise NotFound("there is no such event", code="EVENT_NOT_FOUND")
    if row.state == "taken":
        raise Conflict("this event was taken in")
    sender = actor
    if row.sender is not None:
        user = await get_user(connection, row.sender)
        sender = Actor(user.email, user.id, Role(user.role), user.office, user.team)
    return await _read_and_take(connection, sender, row, corrected or row.raw.encode(), at)


async def find_refused(connection: ReadConnection, *, page: int, limit: int) -> tuple[list[KeptEvent], int]:
    """Events that wait, the oldest first, and how many there are."""
    params = {"limit": limit, "offset": (page - 1) * limit}
    found = await connection.all(KeptEvent, Q.find_refused, params)
    return found, await connection.value(int, Q.count_refused) or 0


async def _read_and_take(
    connection: WriteConnection, sender: Actor, row: KeptEvent, raw: bytes, at: datetime
) -> Taken | Refused:
    text = raw.decode("utf-8", "replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")
    try:
        event = parse_event(raw)
    except InvalidInput as error:
        await connection.run(Q.refuse_event, {"id": row.id, "reason": str(error), "raw": text})
        return Refused(row.id, error.details)
    taken = await _take(connection, sender, event, at)
    params = {name: getattr(taken, name) for name in Taken.__slots__}
    await connection.run(Q.finish_event, {"id": row.id, "raw": text, **params})
    return taken


async def _take(connection: WriteConnection, sender: Actor, event: LeadEvent, at: datetime) -> Taken:
    contacts, unread = read_contacts(event.person)
    house = await _find_house(connection, event.property)
    await lock_contacts(connection, contacts)
    lead, is_new = await _find_or_make(connection, sender, event, contacts, house, at)
    is_senders = is_new or record_access(sender, Right.SEND_EVENTS).holds(lead.belonging)
    if not is_new and is_senders:
        lead = await _learn(connection, lead, event, contacts)
    happened = to_occurred(event, at)
    metadata = _to_metadata(event, unread, told_whole=not is_senders)
    entry = await note(
        connection,
        sender,
        lead.id,
        InteractionType.LEAD_EVENT,
        at,
        content=event.message,
        happened_at=happened,
        property_id=None if house is None else house.id,
        metadata=metadata,
    )
    if event.type is EventType.UNSUBSCRIBED:
        stop: Consent = {"channel": Channel.EMAIL, "given": False, "at": "", "source": event.source or "event"}
        lead = replace(lead, consents=add_consents(lead.consents, [stop], happened))
    await save_lead(connection, replace(note_activity(lead, event.type, happened, at), updated_at=at))
    task = await _make_task(connection, sender, lead, event, at) if _asks_for_task(event, is_new=is_new) else None
    payload = about(lead, sender, interactionId=str(entry.id), type=event.type.value)
    await write_event(connection, "lead event", payload, at)
    return Taken(lead.id, entry.id, None if task is None else task.id, is_new)


async def _find_or_make(
    connection: WriteConnection,
    sender: Actor,
    event: LeadEvent,
    contacts: Sequence[Contact],
    house: _House | None,
    at: datetime,
) -> tuple[Lead, bool]:
    """The lead that the contacts match, or a new one."""
    for _ in range(_TRIES):
        known = await find_by_contacts(connection, contacts)
        lead_id = await match_lead(connection, contacts, known)
        if lead_id is not None:
            lead = await lock_lead(connection, lead_id)
            if lead is not None and lead.deleted_at is None and not conflicts(lead, contacts):
                return lead, False
            continue
        try:
            async with connection.savepoint():
                return await _make(connection, sender, event, contacts, known, house, at), True
        except _MadeMeanwhile:
            continue
    raise TryLater("this person is being changed; send the event again")


class _MadeMeanwhile(Exception):
    """Somebody made the same person by another way."""


async def _make(
    connection: WriteConnection,
    sender: Actor,
    event: LeadEvent,
    contacts: Sequence[Contact],
    known: Mapping[Contact, UUID],
    house: _House | None,
    at: datetime,
) -> Lead:
    """Make a lead. It may share the numbers that others were found by (`known`), and no other contact."""
    lead = replace(
        new_lead(new_id(), at),
        first_name=" ".join(event.person.first_name.split()),
        last_name=" ".join(event.person.last_name.split()),
        emails=[value for kind, value in contacts if kind == EMAIL],
        phones=[value for kind, value in contacts if kind == PHONE],
        source=event.source or event.type.value,
        office=sender.office,
        team=sender.team,
    )
    owner_id = acts_for(sender)
    if _is_own_only(sender) and owner_id is not None:
        lead = to_owned(lead, await get_user(connection, owner_id))
    else:
        occasion = Occasion(
            lead.source, event.type.value, house.areas if house else (), house.list_price if house else None
        )
        lead = await assign_by_rule(connection, lead, occasion, at)
    await insert_lead(connection, lead)
    if (await keep_contacts(connection, lead)).keys() - known.keys():
        raise _MadeMeanwhile
    await write_event(connection, "lead created", about(lead, sender), at)
    if lead.assigned_to is not None:
        await note_assigned(connection, sender, lead, None, at)
    elif lead.claimants is not None:
        offered = about(lead, sender, claimants=[str(one) for one in lead.claimants])
        await write_event(connection, "lead offered", offered, at)
    return lead


async def _learn(connection: WriteConnection, lead: Lead, event: LeadEvent, contacts: Sequence[Contact]) -> Lead:
    """What was not known: names, numbers, and addresses that lead to nobody else. The source stays as it was."""
    found = await find_by_contacts(connection, contacts)
    fresh = [one for one in contacts if one[0] == PHONE or found.get(one, lead.id) == lead.id]
    changed = replace(
        lead,
        first_name=lead.first_name or " ".join(event.person.first_name.split()),
        last_name=lead.last_name or " ".join(event.person.last_name.split()),
        emails=list(dict.fromkeys([*lead.emails, *(value for kind, value in fresh if kind == EMAIL)])),
        phones=list(dict.fromkeys([*lead.phones, *(value for kind, value in fresh if kind == PHONE)])),
    )
    if (changed.emails, changed.phones) != (lead.emails, lead.phones):
        await keep_contacts(connection, changed)
    return changed


async def _make_task(connection: WriteConnection, sender: Actor, lead: Lead, event: LeadEvent, at: datetime) -> Task:
    task = Task(
        new_id(),
        f"{event.type}: answer {lead.name}"[:300],
        sender.name,
        at,
        at,
        type=TaskType.CALL if lead.phones else TaskType.EMAIL,
        description=event.message,
        due_date=at + _ANSWER_WITHIN,
        priority=Priority.HIGH,
        lead_id=lead.id,
        assigned_to=lead.assigned_to,
        lead_owner=lead.assigned_to,
        office=lead.office,
        team=lead.team,
    )
    await insert_task(connection, task)
    assigned = lead.assigned_to and str(lead.assigned_to)
    payload = {"taskId": str(task.id), "leadId": str(lead.id), "assignedTo": assigned, "by": sender.name}
    await write_event(connection, "task created", payload, at)
    return task


async def _find_house(connection: ReadConnection, named: PropertyNamed | None) -> _House | None:
    if named is None:
        return None
    return await connection.first(_House, Q.find_property, named.model_dump())


def _asks_for_task(event: LeadEvent, *, is_new: bool) -> bool:
    return event.type is not EventType.UNSUBSCRIBED and (is_new or event.type is EventType.INQUIRY)


def _is_own_only(sender: Actor) -> bool:
    """Whether the sender's events make leads of their own, and no rule is asked."""
    return sender.role is not None and ROLES[sender.role].get(Right.SEND_EVENTS) in {
        AccessScope.OWN,
        AccessScope.AGENTS,
    }


def _to_metadata(event: LeadEvent, unread: Sequence[str], *, told_whole: bool) -> dict[str, object]:
    """What the log keeps of an event. `told_whole`: the person too, where the lead does not learn from this sender."""
    kept: dict[str, object] = {"event": event.type.value, "eventId": event.event_id}
    if event.source is not None:
        kept["source"] = event.source
    if event.property is not None:
        kept["property"] = event.property.model_dump(mode="json", by_alias=True, exclude_none=True)
    if unread:
        kept["unread"] = list(unread)
    if told_whole:
        kept["person"] = event.person.model_dump(mode="json", by_alias=True)
    return kept


def _answer(row: KeptEvent) -> Taken:
    if row.lead_id is None:
        raise NotFound("what this event made is no more", code="LEAD_NOT_FOUND")
    return Taken(row.lead_id, row.interaction_id, row.task_id, row.is_new)
