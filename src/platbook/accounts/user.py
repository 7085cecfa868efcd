"""A user as a value. Pure."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from platbook.base.rights import Ownership


@dataclass(frozen=True, slots=True)
class User:
    """A user. `time_zone`: its name in the time zone database; None: none is known."""

    id: UUID
    email: str
    first_name: str
    last_name: str
    role: str
    office: str | None
    team: str | None
    license_number: str | None
    time_zone: str | None
    is_active: bool
    has_totp: bool
    created_at: datetime
    last_login_at: datetime | None

    @property
    def ownership(self) -> Ownership:
        """The user as a record: owned by themselves, in their office and team."""
        return Ownership(self.id, self.office, self.team)
