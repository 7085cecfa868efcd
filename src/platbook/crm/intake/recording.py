"""Step four of the intake: record its content: the lead's missing fields, the log, a task, the outbox event."""

from dataclasses import replace
from datetime import timedelta

from platbook.base.actor import Actor
from platbook.base.ids import new_id
from platbook.base.rights import Right, record_access
from platbook.base.times import to_iso_z
from platbook.crm.contacts import EMAIL, PHONE
from platbook.crm.duplicates.rows import save_likenesses
from platbook.crm.enums import ContactChannel, InteractionType, LeadEventType, Priority, TaskType
from platbook.crm.intake.inbox import ProcessedEvent, mark_processed
from platbook.crm.intake.matching import MatchedPerson
from platbook.crm.intake.receiving import ReceivedEvent
from platbook.crm.interactions.interaction import Interaction
from platbook.crm.interactions.log import log_interaction
from platbook.crm.leads.consents import ConsentInput, add_consents
from platbook.crm.leads.lead import Lead, record_activity, to_payload
from platbook.crm.leads.rows import find_by_contacts, save_lead, sync_contacts
from platbook.crm.suppressions.enforcement import enforce_suppression, save_withdrawals
from platbook.crm.suppressions.withdrawal import Withdrawal
from platbook.crm.tasks.rows import insert_task
from platbook.crm.tasks.task import MAX_TITLE_LENGTH, Task
from platbook.crm.tasks.task import to_payload as to_task_payload
from platbook.db import WriteConnection
from platbook.jobs.outbox import write_event

_ANSWER_WITHIN = timedelta(hours=1)


async def record(
    connection: WriteConnection, sender: Actor, received: ReceivedEvent, lead: Lead, matched: MatchedPerson
) -> ProcessedEvent:
    """Record an event with its lead, which is locked or new, and mark it as processed.

    The lead of somebody else, whose leads the sender may not write, is not completed from the event: then the log keeps
    what it says of the person.
    """
    at, kind, is_new = received.at, received.event.type, matched.lead is None
    before = () if is_new else (lead,)
    may_write = is_new or record_access(sender, Right.SEND_EVENTS).holds(lead.ownership)
    if not is_new and may_write:
        lead = await _complete(connection, lead, received)
    entry = await _log(connection, sender, lead, received, with_person=not may_write)
    if kind is LeadEventType.UNSUBSCRIBED:
        lead = await _unsubscribe(connection, sender, lead, received)
    lead = await enforce_suppression(connection, sender, lead, at, *before)
    lead = replace(record_activity(lead, kind, received.occurred_at, at), updated_at=at)
    await save_lead(connection, lead)
    if may_write:
        await save_likenesses(connection, {lead.id: matched.likenesses}, at)
    task = None
    if kind is not LeadEventType.UNSUBSCRIBED and (is_new or kind is LeadEventType.INQUIRY):
        task = await _create_task(connection, sender, lead, received)
    payload = to_payload(lead, sender, interactionId=str(entry.id), type=kind.value)
    await write_event(connection, "lead event", payload, at)
    result = ProcessedEvent(lead.id, entry.id, None if task is None else task.id, is_new, received.has_unknown_listing)
    await mark_processed(connection, received.stored.id, received.raw, result)
    return result


async def _complete(connection: WriteConnection, lead: Lead, received: ReceivedEvent) -> Lead:
    """Add missing names, numbers, and addresses that belong to no other lead. The source stays."""
    person = received.event.person
    stored = await find_by_contacts(connection, received.contacts)
    added = [key for key in received.contacts if key[0] == PHONE or stored.get(key, lead.id) == lead.id]
    completed = replace(
        lead,
        first_name=lead.first_name or " ".join(person.first_name.split()),
        last_name=lead.last_name or " ".join(person.last_name.split()),
        emails=list(dict.fromkeys([*lead.emails, *(value for kind, value in added if kind == EMAIL)])),
        phones=list(dict.fromkeys([*lead.phones, *(value for kind, value in added if kind == PHONE)])),
    )
    if (completed.emails, completed.phones) != (lead.emails, lead.phones):
        await sync_contacts(connection, completed)
    return completed


async def _log(
    connection: WriteConnection, sender: Actor, lead: Lead, received: ReceivedEvent, *, with_person: bool
) -> Interaction:
    return await log_interaction(
        connection,
        sender,
        lead.id,
        InteractionType.LEAD_EVENT,
        received.at,
        content=received.event.message,
        happened_at=received.occurred_at,
        property_id=None if received.listing is None else received.listing.id,
        metadata=_to_metadata(received, with_person=with_person),
    )


def _to_metadata(received: ReceivedEvent, *, with_person: bool) -> dict[str, object]:
    event = received.event
    metadata: dict[str, object] = {"event": event.type.value, "eventId": event.event_id}
    if event.source is not None:
        metadata["source"] = event.source
    if event.property is not None:
        metadata["property"] = event.property.model_dump(mode="json", by_alias=True, exclude_none=True)
    if received.has_unknown_listing:
        metadata["unknownListing"] = True
    if received.invalid_contacts:
        metadata["unread"] = list(received.invalid_contacts)
    if with_person:
        metadata["person"] = event.person.model_dump(mode="json", by_alias=True)
    return metadata


async def _unsubscribe(connection: WriteConnection, sender: Actor, lead: Lead, received: ReceivedEvent) -> Lead:
    """Suppress every address of the person and of the event, even if a newer consent is stored; and state a refusal."""
    source = received.event.source or "event"
    emails = dict.fromkeys([*lead.emails, *(value for kind, value in received.contacts if kind == EMAIL)])
    at, channel = received.occurred_at, ContactChannel.EMAIL.value
    withdrawals = [Withdrawal(channel, email, at, source, lead.id, reason="unsubscribed") for email in emails]
    await save_withdrawals(connection, sender, withdrawals, received.at)
    statement: ConsentInput = {"channel": channel, "given": False, "at": to_iso_z(at), "source": source}
    return replace(lead, consents=add_consents(lead.consents, [statement], received.at))


async def _create_task(connection: WriteConnection, sender: Actor, lead: Lead, received: ReceivedEvent) -> Task:
    at = received.at
    task = Task(
        new_id(),
        f"{received.event.type}: answer {lead.name}"[:MAX_TITLE_LENGTH],
        sender.name,
        at,
        at,
        type=TaskType.CALL if lead.phones else TaskType.EMAIL,
        description=received.event.message,
        due_date=at + _ANSWER_WITHIN,
        priority=Priority.HIGH,
        lead_id=lead.id,
        assigned_to=lead.assigned_to,
        lead_owner=lead.assigned_to,
        office=lead.office,
        team=lead.team,
    )
    await insert_task(connection, task)
    await write_event(connection, "task created", to_task_payload(task, sender), at)
    return task
