"""The audit log, which is append-only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from platbook.base.actor import Actor
from platbook.base.ids import new_id
from platbook.base.rights import Right, require
from platbook.db import ReadConnection, WriteConnection, as_json, load_queries
from platbook.db.lists import NumberedPage, NumberedSource, PageNumber, find_numbered_page

Q = load_queries(__package__ or "platbook.audit")

_NO_DETAILS: Mapping[str, object] = {}


@dataclass(frozen=True, slots=True)
class AuditSubject:
    """The object of an action: its kind (`user`, `provider`, `lead`) and id."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One action. `key_id`: the API key of the user by which it was done."""

    id: UUID
    at: datetime
    actor: str
    user_id: UUID | None
    key_id: UUID | None
    act: str
    subject_kind: str
    subject_id: str
    details: dict[str, object]


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Conditions for entries; None matches all."""

    user_id: UUID | None = None
    act: str | None = None
    subject_kind: str | None = None
    subject_id: str | None = None
    since: datetime | None = None


_ENTRIES = NumberedSource(AuditEntry, Q.find_entries, ("at",), descending=True)


async def record(
    connection: WriteConnection,
    actor: Actor,
    act: str,
    subject: AuditSubject,
    at: datetime,
    details: Mapping[str, object] = _NO_DETAILS,
) -> None:
    """Record an action (`user disabled`, `lead merged`) in its transaction; `details` hold no secrets or contacts."""
    params = {
        "id": new_id(),
        "at": at,
        "actor": actor.name,
        "user_id": actor.user_id,
        "key_id": actor.key_id,
        "act": act,
        "subject_kind": subject.kind,
        "subject_id": subject.id,
        "details": as_json(dict(details)),
    }
    await connection.run(Q.write_entry, params)


async def find_entries(
    connection: ReadConnection, actor: Actor, entry_filter: AuditFilter, *, page: int, limit: int
) -> NumberedPage[AuditEntry]:
    """A page of the log, the newest first. NotAllowed."""
    require(actor, Right.READ_AUDIT)
    params: dict[str, object] = {
        "user_id": entry_filter.user_id,
        "act": entry_filter.act,
        "subject_kind": entry_filter.subject_kind,
        "subject_id": entry_filter.subject_id,
        "since": entry_filter.since,
    }
    return await find_numbered_page(connection, _ENTRIES, PageNumber(page, limit), params)
