"""An event as it comes in: what may stand in it, and reading it. Pure."""

import hashlib
from datetime import UTC, datetime
from typing import Annotated, cast
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from platbook.base.errors import InvalidInput
from platbook.base.validation import to_invalid_input
from platbook.crm.contacts import EMAIL, PHONE, to_email, to_phone
from platbook.crm.enums import EventType
from platbook.crm.leads.rows import Contact

Word = Annotated[str, Field(min_length=1, max_length=200)]
Name = Annotated[str, Field(max_length=200)]
Text = Annotated[str, Field(min_length=1, max_length=320)]


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")


class Person(_Part):
    """Whom it is about. One e-mail address or telephone number that can be read is needed."""

    first_name: Name = Field("", examples=["Mira"])
    last_name: Name = Field("", examples=["Lane"])
    emails: list[Text] = Field([], max_length=20, examples=[["mira.lane@example.com"]])
    phones: list[Text] = Field([], max_length=20, examples=[["(512) 555-0143"]])


class PropertyNamed(_Part):
    """A listing, by our id, or by its provider and the source's key."""

    id: UUID | None = None
    provider_id: Word | None = Field(None, examples=["sample_rets_provider"])
    listing_key: Word | None = None


class LeadEvent(_Part):
    """What a person did. The sender's `eventId` names it for good: sent again, it is answered as the first time."""

    event_id: Word = Field(examples=["site-4711"])
    type: EventType
    occurred_at: datetime | None = Field(None, description="now, unless told; without an offset, UTC")
    source: Word | None = Field(None, examples=["Website"])
    person: Person
    property: PropertyNamed | None = Field(None, examples=[None])
    message: Annotated[str, Field(max_length=20_000)] | None = Field(None, examples=["Is it still for sale?"])


def parse_event(raw: bytes) -> LeadEvent:
    """Read an event. Errors: InvalidInput naming each field that cannot be."""
    try:
        event = LeadEvent.model_validate(orjson.loads(raw))
    except orjson.JSONDecodeError:
        raise InvalidInput.of("body", "is not valid JSON") from None
    except ValidationError as error:
        raise to_invalid_input(error.errors(include_url=False, include_input=False)) from None
    contacts, _ = read_contacts(event.person)
    if not contacts:
        raise InvalidInput.of("person", "has no e-mail address or telephone number that can be read")
    return event


def read_contacts(person: Person) -> tuple[list[Contact], list[str]]:
    """The contacts in the form they are kept in, each once; and the texts that are none."""
    contacts: dict[Contact, None] = {}
    unread: list[str] = []
    for kind, texts, to in ((EMAIL, person.emails, to_email), (PHONE, person.phones, to_phone)):
        for text in texts:
            try:
                contacts[kind, to(text)] = None
            except ValueError:
                unread.append(text)
    return list(contacts), unread


def event_id_of(raw: bytes) -> str:
    """The sender's id for what may be no event; where none can be read, one that the same bytes have again."""
    try:
        said: object = orjson.loads(raw)
    except orjson.JSONDecodeError:
        said = None
    if isinstance(said, dict):
        name = cast("dict[str, object]", said).get("eventId")
        if isinstance(name, str) and 1 <= len(name) <= 200:  # noqa: PLR2004 - as LeadEvent has it
            return name
    return f"unread:{hashlib.sha256(raw).hexdigest()}"


def to_occurred(event: LeadEvent, at: datetime) -> datetime:
    """When it happened; never later than it was told."""
    if event.occurred_at is None:
        return at
    said = event.occurred_at if event.occurred_at.tzinfo else event.occurred_at.replace(tzinfo=UTC)
    return min(said, at)
