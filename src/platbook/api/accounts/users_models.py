"""What is said of users, their keys, links and invitations, and what is answered."""

from datetime import datetime
from typing import Annotated, cast
from uuid import UUID

from fastapi import Path
from pydantic import AfterValidator, Field

from platbook.accounts.users import UserPatch
from platbook.api.envelope import Pagination
from platbook.api.mls.params import in_utc
from platbook.api.models import Model, Moment, Sent
from platbook.base.actor import ApiKeyScope, Role, Surface

Email = Annotated[str, Field(min_length=3, max_length=320, examples=["admin@example.com"])]
Password = Annotated[str, Field(min_length=1, max_length=1024, examples=["correct horse battery staple"])]
NewPassword = Annotated[str, Field(min_length=8, max_length=128, examples=["correct horse battery staple"])]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Group = Annotated[str, Field(max_length=100)]
Code = Annotated[str, Field(max_length=40, examples=["123456"])]

UserId = Annotated[UUID, Path()]
KeyId = Annotated[UUID, Path()]
LinkId = Annotated[UUID, Path()]
InvitationId = Annotated[UUID, Path()]


class UserAnswer(Model):
    """A user. `hasTotp`: their logins ask for a code."""

    id: UUID
    email: str
    first_name: str
    last_name: str
    role: Role
    office: str | None
    team: str | None
    license_number: str | None
    is_active: bool
    has_totp: bool
    created_at: Moment
    last_login_at: Moment | None


class UserList(Model):
    """A page of users."""

    users: list[UserAnswer]
    pagination: Pagination


class NewUserBody(Sent):
    """A new user. Without a password they sign in by OIDC, or set one by a reset."""

    email: Email
    password: NewPassword | None = None
    first_name: Annotated[Name, Field(examples=["Ada"])]
    last_name: Annotated[Name, Field(examples=["Moss"])]
    role: Role = Role.AGENT
    office: Group | None = None
    team: Group | None = None
    license_number: Group | None = None


class UserChangeBody(Sent):
    """What to change of a user; what is left out stays. `null` takes an office, team or licence number away."""

    email: Email | None = None
    first_name: Name | None = None
    last_name: Name | None = None
    role: Role | None = None
    office: Group | None = None
    team: Group | None = None
    license_number: Group | None = None

    def to_patch(self) -> UserPatch:
        """Return the fields that were sent."""
        return cast("UserPatch", {name: getattr(self, name) for name in self.model_fields_set})


class NamesBody(Sent):
    """What one is called."""

    first_name: Annotated[Name, Field(examples=["Ada"])]
    last_name: Annotated[Name, Field(examples=["Moss"])]


class AgentsBody(Sent):
    """The agents an assistant works for, all of them."""

    agent_ids: Annotated[list[UUID], Field(max_length=1000)]


class AgentList(Model):
    """The agents an assistant works for."""

    agents: list[UserAnswer]


class InvitationBody(Sent):
    """Whom to invite, and what they will be."""

    email: Email
    role: Role = Role.AGENT
    office: Group | None = None
    team: Group | None = None


class InvitationMade(Model):
    """An invitation's token, shown once: `invitationToken` of a registration."""

    email: str
    role: Role
    invitation_token: str
    expires_at: Moment


class InvitationAnswer(Model):
    """An invitation that can still be used."""

    id: UUID
    email: str
    role: Role
    office: str | None
    team: str | None
    invited_by: str
    created_at: Moment
    expires_at: Moment


class InvitationList(Model):
    """The invitations that can still be used."""

    invitations: list[InvitationAnswer]


class ProvedBody(Sent):
    """One's password once more, and a code where logins ask for one."""

    password: Password
    totp: Code | None = None


class PasswordBody(ProvedBody):
    """The password as it is, and as it is to be."""

    new_password: NewPassword


class CodeBody(Sent):
    """A code of one's device."""

    totp: Code


class SetupAnswer(Model):
    """What a device is told, once."""

    secret: str
    uri: str


class RecoveryCodes(Model):
    """Codes for when the device is lost, each good once; shown once."""

    recovery_codes: list[str]


class KeyBody(Sent):
    """A key to be made."""

    name: Annotated[Name, Field(examples=["website"])]
    scopes: Annotated[list[ApiKeyScope], Field(min_length=1, max_length=len(ApiKeyScope))]
    surface: Surface = Surface.INTERNAL
    expires_at: Annotated[datetime | None, AfterValidator(in_utc)] = None


class KeyAnswer(Model):
    """A key. `lastUsedAt` is true to the hour."""

    id: UUID
    name: str
    surface: Surface
    scopes: list[ApiKeyScope]
    created_at: Moment
    expires_at: Moment | None
    revoked_at: Moment | None
    last_used_at: Moment | None


class KeyMade(Model):
    """A new key, shown once: send it as a bearer token."""

    id: UUID
    key: str


class KeyList(Model):
    """A user's keys, the newest first."""

    keys: list[KeyAnswer]


class LinkBody(Sent):
    """A member of an MLS."""

    provider_id: Annotated[str, Field(min_length=1, max_length=64)]
    member_key: Annotated[str, Field(min_length=1, max_length=200)]


class LinkAnswer(Model):
    """A member a user is; without `confirmedAt`, one they are proposed to be. `basis` says how it was found."""

    id: UUID
    provider_id: str
    member_key: str
    member_name: str | None
    basis: str
    created_at: Moment
    confirmed_at: Moment | None
    confirmed_by: str | None


class LinkList(Model):
    """The members a user is, or may be."""

    members: list[LinkAnswer]


class ProposalAnswer(Model):
    """A member a user may be."""

    id: UUID
    user_id: UUID
    email: str
    provider_id: str
    member_key: str
    member_name: str | None
    basis: str
    created_at: Moment


class ProposalList(Model):
    """A page of what waits for a decision."""

    proposals: list[ProposalAnswer]
    pagination: Pagination


class ProposedAnswer(Model):
    """How many were proposed now."""

    proposed: int
