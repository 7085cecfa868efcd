"""Step one of the intake: validate a stored event, and look up what it refers to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from platbook.base.errors import InvalidInput
from platbook.crm.contacts import ContactKey
from platbook.crm.intake.event import LeadEvent, parse_contacts, parse_event, to_occurred_at
from platbook.crm.intake.inbox import RejectedEvent, StoredEvent, mark_rejected
from platbook.crm.intake.listing import EventListing, find_listing
from platbook.crm.leads.matching import Person, to_person
from platbook.db import WriteConnection


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """A valid event, and the row it is stored in. `invalid_contacts`: texts that are not valid contacts."""

    stored: StoredEvent
    raw: bytes
    event: LeadEvent
    at: datetime
    occurred_at: datetime
    contacts: Sequence[ContactKey]
    invalid_contacts: Sequence[str]
    listing: EventListing | None

    @property
    def has_unknown_listing(self) -> bool:
        """Whether it names a listing that was not found."""
        return self.event.property is not None and self.listing is None

    @property
    def person(self) -> Person:
        """What is compared of the person of the event."""
        return to_person(self.event.person.first_name, self.event.person.last_name, self.contacts)


async def receive(
    connection: WriteConnection, stored: StoredEvent, raw: bytes, at: datetime
) -> ReceivedEvent | RejectedEvent:
    """Validate an event; an invalid one is marked as rejected, with the reason."""
    try:
        event = parse_event(raw)
    except InvalidInput as error:
        return await mark_rejected(connection, stored.id, raw, error)
    contacts, invalid = parse_contacts(event.person)
    listing = await find_listing(connection, event.property)
    return ReceivedEvent(stored, raw, event, at, to_occurred_at(event, at), contacts, invalid, listing)
