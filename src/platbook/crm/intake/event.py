"""A lead event as its sender writes it: the schema, and parsing. Pure."""

import hashlib
from datetime import datetime
from typing import Annotated, cast
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from platbook.base.errors import InvalidInput
from platbook.base.times import as_utc
from platbook.base.validation import to_invalid_input
from platbook.crm.contacts import EMAIL, PHONE, ContactKey, to_email, to_phone
from platbook.crm.enums import LeadEventType

_MAX_SHORT_TEXT = 200

ShortText = Annotated[str, Field(min_length=1, max_length=_MAX_SHORT_TEXT)]
NameText = Annotated[str, Field(max_length=200)]
ContactText = Annotated[str, Field(min_length=1, max_length=320)]


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")


class ContactInput(_Part):
    """The person of the event. At least one valid e-mail address or telephone number is required."""

    first_name: NameText = Field("", examples=["Mira"])
    last_name: NameText = Field("", examples=["Lane"])
    emails: list[ContactText] = Field([], max_length=20, examples=[["mira.lane@example.com"]])
    phones: list[ContactText] = Field([], max_length=20, examples=[["(512) 555-0143"]])


class PropertyReference(_Part):
    """A listing, by our id, or by its provider and the source's key."""

    id: UUID | None = None
    provider_id: ShortText | None = Field(None, examples=["sample_rets_provider"])
    listing_key: ShortText | None = None


class LeadEvent(_Part):
    """An action of a person. `eventId` is the sender's idempotency key: an event sent again has no further effect."""

    event_id: ShortText = Field(examples=["site-4711"])
    type: LeadEventType
    occurred_at: datetime | None = Field(None, description="by default now; without an offset, UTC")
    source: ShortText | None = Field(None, examples=["Website"])
    person: ContactInput
    property: PropertyReference | None = Field(None, examples=[None])
    message: Annotated[str, Field(max_length=20_000)] | None = Field(None, examples=["Is it still for sale?"])


def parse_event(raw: bytes) -> LeadEvent:
    """Parse an event; its time is converted to UTC. Errors: InvalidInput naming each invalid field."""
    try:
        event = LeadEvent.model_validate(orjson.loads(raw))
    except orjson.JSONDecodeError:
        raise InvalidInput.of("body", "is not valid JSON") from None
    except ValidationError as error:
        raise to_invalid_input(error.errors(include_url=False, include_input=False)) from None
    if event.occurred_at is not None:
        try:
            event.occurred_at = as_utc(event.occurred_at)
        except ValueError as error:
            raise InvalidInput.of("occurredAt", str(error)) from None
    keys, _ = parse_contacts(event.person)
    if not keys:
        raise InvalidInput.of("person", "needs a valid e-mail address or telephone number")
    return event


def parse_contacts(person: ContactInput) -> tuple[list[ContactKey], list[str]]:
    """The contacts of a person, normalised and deduplicated; and the texts that are not valid."""
    keys: dict[ContactKey, None] = {}
    invalid: list[str] = []
    for kind, texts, normalize in ((EMAIL, person.emails, to_email), (PHONE, person.phones, to_phone)):
        for text in texts:
            try:
                keys[kind, normalize(text)] = None
            except ValueError:
                invalid.append(text)
    return list(keys), invalid


def read_event_id(raw: bytes) -> str:
    """The sender's id of what may not be a valid event; where there is none, one derived from the content's hash."""
    try:
        body: object = orjson.loads(raw)
    except orjson.JSONDecodeError:
        body = None
    if isinstance(body, dict):
        event_id = cast("dict[str, object]", body).get("eventId")
        if isinstance(event_id, str) and 1 <= len(event_id) <= _MAX_SHORT_TEXT:
            return event_id
    return f"unread:{hashlib.sha256(raw).hexdigest()}"


def to_occurred_at(event: LeadEvent, at: datetime) -> datetime:
    """When the event occurred: never later than it was received."""
    return at if event.occurred_at is None else min(event.occurred_at, at)
