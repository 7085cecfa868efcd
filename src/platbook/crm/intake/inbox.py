"""The inbox: the table `lead_events`, where every event is stored as it was received, valid or not.

Senders deliver at least once; the unique key of sender and event id makes processing idempotent.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from platbook.base.errors import FieldProblem, InvalidInput, NotFound
from platbook.base.ids import new_id
from platbook.db import ReadConnection, WriteConnection, load_queries
from platbook.db.lists import NumberedSource, PageNumber, find_numbered_page

Q = load_queries(__package__ or "platbook.crm.intake")

_PROCESSED = "taken"


@dataclass(frozen=True, slots=True)
class ProcessedEvent:
    """The result of an event: its lead, interaction and task; `is_new`: it created the lead.

    `unknown_listing`: the event names a listing that was not found.
    """

    lead_id: UUID
    interaction_id: UUID | None
    task_id: UUID | None
    is_new: bool
    unknown_listing: bool = False


@dataclass(frozen=True, slots=True)
class RejectedEvent:
    """An invalid event, stored until it is replayed."""

    id: UUID
    problems: Sequence[FieldProblem]

    def to_error(self) -> InvalidInput:
        """The rejection as an error."""
        first = self.problems[0]
        message = f"{first.field}: {first.message}; the event is stored as {self.id}, correct it and send it again"
        return InvalidInput(message, details=self.problems)


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A row of `lead_events`."""

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
    unknown_listing: bool

    @property
    def is_processed(self) -> bool:
        """Whether it had its effect."""
        return self.state == _PROCESSED

    def to_result(self) -> ProcessedEvent:
        """The result of a processed event. NotFound where its lead was erased."""
        if self.lead_id is None:
            raise NotFound("the lead of this event was erased", code="LEAD_NOT_FOUND")
        return ProcessedEvent(self.lead_id, self.interaction_id, self.task_id, self.is_new, self.unknown_listing)


EVENT_COLUMNS = tuple(one.name for one in fields(StoredEvent))


def decode(raw: bytes) -> str:
    """An event's bytes as text that PostgreSQL stores: invalid UTF-8 and NUL are replaced. Pure."""
    return raw.decode("utf-8", "replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")


async def store_event(
    connection: WriteConnection, sender: UUID | None, event_id: str, raw: bytes, at: datetime
) -> StoredEvent:
    """Store an event, unless it was before, and lock its row. Waits for a transaction that stores the same one."""
    key: dict[str, object] = {"sender": sender, "event_id": event_id}
    params = {**key, "id": new_id(), "raw": decode(raw), "at": at, "state": "refused", "reason": "not read yet"}
    await connection.run(Q.insert_event, params)
    return await connection.one(StoredEvent, Q.lock_event, key)


async def lock_event(connection: WriteConnection, event_id: UUID) -> StoredEvent | None:
    """One event by our id, locked for a change."""
    return await connection.first(StoredEvent, Q.lock_event_by_id, {"id": event_id})


async def mark_rejected(connection: WriteConnection, event_id: UUID, raw: bytes, error: InvalidInput) -> RejectedEvent:
    """Store why an event is invalid."""
    await connection.run(Q.mark_rejected, {"id": event_id, "reason": str(error), "raw": decode(raw)})
    return RejectedEvent(event_id, error.details)


async def mark_processed(connection: WriteConnection, event_id: UUID, raw: bytes, result: ProcessedEvent) -> None:
    """Store the result of an event."""
    params = {name: getattr(result, name) for name in ProcessedEvent.__slots__}
    await connection.run(Q.mark_processed, {"id": event_id, "raw": decode(raw), **params})


REJECTED = NumberedSource(StoredEvent, Q.find_rejected_events, ("received_at",))


async def find_rejected_events(connection: ReadConnection, *, page: int, limit: int) -> tuple[list[StoredEvent], int]:
    """A page of the rejected events, the oldest first, and how many there are."""
    rejected = await find_numbered_page(connection, REJECTED, PageNumber(page, limit))
    return rejected.rows, rejected.total


async def find_events_of_leads(connection: ReadConnection, lead_ids: Sequence[UUID]) -> list[dict[str, object]]:
    """The processed events of some leads, as they were received."""
    return await connection.dicts(Q.find_events_of_leads, {"ids": list(lead_ids)})


async def reassign_events(connection: WriteConnection, lead_id: UUID, into_id: UUID) -> None:
    """Let the events of a merged lead refer to the lead that remains."""
    await connection.run(Q.reassign_events, {"lead_id": lead_id, "into_id": into_id})


async def erase_rejected_events(
    connection: WriteConnection, emails: Sequence[str], phone_digits: Sequence[str]
) -> None:
    """Delete the rejected events that contain one of these addresses or numbers, the latter in any notation."""
    params = {
        "emails": [_to_pattern(email) for email in emails],
        "phones": [_to_pattern(digits) for digits in phone_digits],
    }
    await connection.run(Q.erase_rejected_events, params)


def _to_pattern(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
