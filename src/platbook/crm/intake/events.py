"""Processing lead events: at-least-once delivery, idempotent by event id, deduplicated to one lead per person.

Locks are taken in this order, by every event, against deadlocks: the event's row; advisory locks on the person's
contacts, sorted, so that events of one person are processed one after the other; the lead's row; the row of a routing
rule. Other ways of creating the same person (API, import) are detected at the unique key of contacts, and matched
again. A telephone number may be shared: the key holds its first lead, and every lead keeps it.
"""

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from platbook.accounts import get_actor
from platbook.base.actor import Actor
from platbook.base.errors import Conflict, NotFound, TryLater
from platbook.base.rights import Right, require
from platbook.crm.enums import LeadEventType
from platbook.crm.intake.event import read_event_id
from platbook.crm.intake.inbox import ProcessedEvent, RejectedEvent, StoredEvent, lock_event, store_event
from platbook.crm.intake.matching import MatchedPerson, PersonChanged, match
from platbook.crm.intake.reassignment import with_active_owner
from platbook.crm.intake.receiving import ReceivedEvent, receive
from platbook.crm.intake.recording import record
from platbook.crm.intake.routing import route, to_routing_context
from platbook.crm.leads.lead import Lead
from platbook.db import WriteConnection

_MAX_TRIES = 3


async def ingest_event(
    connection: WriteConnection, actor: Actor, raw: bytes, at: datetime
) -> ProcessedEvent | RejectedEvent:
    """Process an event, or store it as rejected; commit either. An event sent again gets the result of the first."""
    require(actor, Right.SEND_EVENTS)
    stored = await store_event(connection, actor.user_id, read_event_id(raw), raw, at)
    if stored.is_processed:
        return stored.to_result()
    return await _process(connection, actor, stored, raw, at)


async def replay_event(
    connection: WriteConnection, actor: Actor, event_id: UUID, at: datetime, *, corrected: bytes | None = None
) -> ProcessedEvent | RejectedEvent:
    """Process a rejected event on behalf of its sender, as it was received or corrected. NotFound, Conflict."""
    require(actor, Right.IMPORT_CRM)
    stored = await lock_event(connection, event_id)
    if stored is None:
        raise NotFound("no event has this id", code="EVENT_NOT_FOUND")
    if stored.is_processed:
        raise Conflict("this event was processed already")
    sender = actor if stored.sender is None else await get_actor(connection, stored.sender)
    return await _process(connection, sender, stored, corrected or stored.raw.encode(), at)


async def _process(
    connection: WriteConnection, sender: Actor, stored: StoredEvent, raw: bytes, at: datetime
) -> ProcessedEvent | RejectedEvent:
    """The four steps. Matching and routing are tried again where the person changed meanwhile."""
    received = await receive(connection, stored, raw, at)
    if isinstance(received, RejectedEvent):
        return received
    for _ in range(_MAX_TRIES):
        with suppress(PersonChanged):
            matched = await match(connection, received.person)
            lead = await _to_lead(connection, sender, received, matched)
            return await record(connection, sender, received, lead, matched)
    raise TryLater("this person is being changed; send the event again")


async def _to_lead(connection: WriteConnection, sender: Actor, received: ReceivedEvent, matched: MatchedPerson) -> Lead:
    """The matched lead, an inquiry's with an owner who can answer; or a new one."""
    if matched.lead is None:
        return await route(connection, sender, received, matched.stored)
    if received.event.type is not LeadEventType.INQUIRY:
        return matched.lead
    context = to_routing_context(received, matched.lead)
    return await with_active_owner(connection, sender, matched.lead, context, received.at)
