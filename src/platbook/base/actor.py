"""Who acts. Every function that writes takes an Actor: rights are asked of it, and history says who it was."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What a user is; what each may do is in `platbook.base.rights`."""

    ADMIN = "admin"
    MANAGER = "manager"
    AGENT = "agent"
    ASSISTANT = "assistant"
    AUDITOR = "auditor"


class Surface(StrEnum):
    """Which of a listing's two documents a caller is given."""

    INTERNAL = "internal"
    PUBLIC = "public"


class ApiKeyScope(StrEnum):
    """What an API key may be made for."""

    READ_LISTINGS = "listings:read"
    WRITE_LISTINGS = "listings:write"
    READ_CRM = "crm:read"
    WRITE_CRM = "crm:write"
    SEND_EVENTS = "events:write"
    READ_SYNCS = "mls:read"
    RUN_SYNCS = "mls:write"


@dataclass(frozen=True, slots=True)
class Actor:
    """A user, an API key of theirs, or a part of Platbook acting by itself (`schedule`, `command line`).

    `agents` are those an assistant is attached to. A user acts in a login (`session_id`) or by an API key (`key_id`,
    with its `scopes`); without scopes, an actor may all that its role may.
    """

    name: str
    user_id: UUID | None = None
    role: Role | None = None
    office: str | None = None
    team: str | None = None
    agents: frozenset[UUID] = frozenset()
    surface: Surface = Surface.INTERNAL
    session_id: UUID | None = None
    key_id: UUID | None = None
    scopes: frozenset[ApiKeyScope] | None = None

    def __str__(self) -> str:
        return self.name


SCHEDULE = Actor("schedule")
COMMAND_LINE = Actor("command line", role=Role.ADMIN)
