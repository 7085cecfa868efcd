"""Bodies and responses of managing users: invitations, assistants' agents, links to members of an MLS."""

from typing import Annotated, cast
from uuid import UUID

from pydantic import Field

from platbook.accounts.users import UserPatch
from platbook.api.accounts.fields import Email, Group, Name, NewPassword, TimeZone
from platbook.api.envelope import Pagination
from platbook.api.models import ApiModel, RequestBody
from platbook.base.actor import Role
from platbook.base.views import UtcDatetime


class UserRead(ApiModel):
    """A user. `hasTotp`: the user has a second factor. `timeZone`: by which all-day tasks of theirs end."""

    id: UUID
    email: str
    first_name: str
    last_name: str
    role: Role
    office: str | None
    team: str | None
    license_number: str | None
    time_zone: str | None
    is_active: bool
    has_totp: bool
    created_at: UtcDatetime
    last_login_at: UtcDatetime | None


class DisabledUserRead(UserRead):
    """A disabled user, and the work they leave, which goes to others within a minute."""

    open_leads: int
    open_tasks: int


class ColleagueRead(ApiModel):
    """A user's name."""

    id: UUID
    name: str


class ColleagueList(ApiModel):
    """The names of the users whom the caller works with, and the caller's own."""

    users: list[ColleagueRead]


class UserList(ApiModel):
    """A page of users."""

    users: list[UserRead]
    pagination: Pagination


class UserCreate(RequestBody):
    """A new user. Without a password they log in by OIDC, or set one by a password reset."""

    email: Email
    password: NewPassword | None = None
    first_name: Annotated[Name, Field(examples=["Ada"])]
    last_name: Annotated[Name, Field(examples=["Moss"])]
    role: Role = Role.AGENT
    office: Group | None = None
    team: Group | None = None
    license_number: Group | None = None
    time_zone: TimeZone | None = None


class UserUpdate(RequestBody):
    """Changes to a user; omitted fields stay. `null` clears an office, team, licence number or time zone."""

    email: Email | None = None
    first_name: Name | None = None
    last_name: Name | None = None
    role: Role | None = None
    office: Group | None = None
    team: Group | None = None
    license_number: Group | None = None
    time_zone: TimeZone | None = None

    def to_changes(self) -> UserPatch:
        """The fields that were sent, by column."""
        return cast("UserPatch", {name: getattr(self, name) for name in self.model_fields_set})


class AgentsUpdate(RequestBody):
    """All agents an assistant works for."""

    agent_ids: Annotated[list[UUID], Field(max_length=1000)]


class AgentList(ApiModel):
    """The agents an assistant works for."""

    agents: list[UserRead]


class InvitationCreate(RequestBody):
    """The e-mail address to invite, and the role, office, team and time zone of the new user."""

    email: Email
    role: Role = Role.AGENT
    office: Group | None = None
    team: Group | None = None
    time_zone: TimeZone | None = None


class InvitationCreated(ApiModel):
    """An invitation's token, shown once: `invitationToken` of a registration."""

    email: str
    role: Role
    invitation_token: str
    expires_at: UtcDatetime


class InvitationRefused(ApiModel):
    """One of several that was not invited: its number from 1 in the list, and why."""

    row: int
    email: str
    code: str
    message: str


class InvitationsCreated(ApiModel):
    """The outcome of inviting several: each address was invited or refused."""

    invitations: list[InvitationCreated]
    refused: list[InvitationRefused]


class InvitationRead(ApiModel):
    """A pending invitation."""

    id: UUID
    email: str
    role: Role
    office: str | None
    team: str | None
    time_zone: str | None
    invited_by: str
    created_at: UtcDatetime
    expires_at: UtcDatetime


class InvitationList(ApiModel):
    """The pending invitations."""

    invitations: list[InvitationRead]


class MemberLinkCreate(RequestBody):
    """A member of an MLS."""

    provider_id: Annotated[str, Field(min_length=1, max_length=64)]
    member_key: Annotated[str, Field(min_length=1, max_length=200)]


class MemberLinkRead(ApiModel):
    """A member of an MLS that the user is; proposed only, without `confirmedAt`. `basis`: how the match was made."""

    id: UUID
    provider_id: str
    member_key: str
    member_name: str | None
    basis: str
    created_at: UtcDatetime
    confirmed_at: UtcDatetime | None
    confirmed_by: str | None


class MemberLinkList(ApiModel):
    """A user's confirmed and proposed members of an MLS."""

    members: list[MemberLinkRead]


class MemberProposalRead(ApiModel):
    """A member of an MLS that a user may be."""

    id: UUID
    user_id: UUID
    email: str
    provider_id: str
    member_key: str
    member_name: str | None
    basis: str
    created_at: UtcDatetime


class MemberProposalList(ApiModel):
    """A page of proposals that wait for a decision."""

    proposals: list[MemberProposalRead]
    pagination: Pagination


class MemberProposalsCreated(ApiModel):
    """How many proposals were made now."""

    proposed: int
