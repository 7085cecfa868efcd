"""Who acts. Every function that writes takes an Actor, so that history can say who it was."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What a user may do; the table of rights is in `platbook.api.rights`."""

    ADMIN = "admin"
    MANAGER = "manager"
    AGENT = "agent"
    ASSISTANT = "assistant"
    AUDITOR = "auditor"


class Surface(StrEnum):
    """Which of a listing's two documents a caller is given."""

    INTERNAL = "internal"
    PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Actor:
    """A user, or a part of Platbook acting by itself (`schedule`, `worker`, `cli`)."""

    name: str
    user_id: UUID | None = None
    role: Role | None = None
    office: str | None = None
    team: str | None = None
    surface: Surface = Surface.INTERNAL

    @property
    def is_admin(self) -> bool:
        """Whether everything is allowed."""
        return self.role is Role.ADMIN

    def __str__(self) -> str:
        return self.name


SCHEDULE = Actor("schedule")
COMMAND_LINE = Actor("command line", role=Role.ADMIN)
