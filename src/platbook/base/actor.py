"""The acting user, API key or system process. Every function that writes takes one, for access control and audit."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """A user's role; `platbook.base.rights` defines what each role permits (role-based access control)."""

    ADMIN = "admin"
    MANAGER = "manager"
    AGENT = "agent"
    ASSISTANT = "assistant"
    AUDITOR = "auditor"


class Surface(StrEnum):
    """Who sees what of a listing: staff its internal document, everybody else its public one (IDX)."""

    INTERNAL = "internal"
    PUBLIC = "public"


class ApiKeyScope(StrEnum):
    """What an API key can be limited to."""

    READ_LISTINGS = "listings:read"
    WRITE_LISTINGS = "listings:write"
    READ_CRM = "crm:read"
    WRITE_CRM = "crm:write"
    SEND_EVENTS = "events:write"
    READ_SYNCS = "mls:read"
    RUN_SYNCS = "mls:write"


@dataclass(frozen=True, slots=True)
class Actor:
    """A user, one of their API keys, or a system process (`schedule`, `command line`).

    `agents` are the ids of the users an assistant works for. A user acts in a session (`session_id`) or by an API key
    (`key_id`, with its `scopes`); an actor without scopes has every right of its role. `origins` are those whose pages
    may use the key, `rate_per_minute` is its own limit of requests.
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
    origins: frozenset[str] = frozenset()
    rate_per_minute: int | None = None

    def __str__(self) -> str:
        return self.name


SCHEDULE = Actor("schedule")
COMMAND_LINE = Actor("command line", role=Role.ADMIN)
