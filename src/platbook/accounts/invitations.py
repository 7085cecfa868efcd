"""Invitations: a token, good once, for one e-mail address, until it expires.

It is shown to the admin who asks, once, and never kept; whoever has it and the address becomes a user.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from platbook import audit
from platbook.accounts.tokens import hash_token, new_secret_token
from platbook.accounts.users import clean_email, clean_group
from platbook.audit import AuditSubject
from platbook.base.actor import Actor, Role
from platbook.base.errors import InvalidInput, NotAllowed, NotFound
from platbook.base.ids import new_id
from platbook.base.rights import Right, require
from platbook.db import ReadConnection, WriteConnection, load_queries

Q = load_queries(__package__ or "platbook.accounts")

LIFE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class UserAssignment:
    """What somebody is invited to be."""

    role: Role = Role.AGENT
    office: str | None = None
    team: str | None = None


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation that can still be used."""

    id: UUID
    email: str
    role: str
    office: str | None
    team: str | None
    invited_by: str
    created_at: datetime
    expires_at: datetime


async def invite(connection: WriteConnection, email: str, place: UserAssignment, actor: Actor, at: datetime) -> str:
    """Invite somebody; the token, which is shown once and never kept."""
    require(actor, Right.MANAGE_USERS)
    if place.role is Role.ADMIN:
        raise InvalidInput.of("role", "an invitation never makes an admin; make one of a user, or: platbook user add")
    token, invitation_id = new_secret_token(), new_id()
    params = {
        "id": invitation_id,
        "email": clean_email(email),
        "role": place.role,
        "office": clean_group(place.office, "office"),
        "team": clean_group(place.team, "team"),
        "invited_by": actor.name,
        "token_hash": hash_token(token),
        "at": at,
        "expires_at": at + LIFE,
    }
    await connection.run(Q.add_invitation, params)
    details = {"role": place.role, "office": params["office"], "team": params["team"]}
    await audit.record(connection, actor, "user invited", AuditSubject("invitation", str(invitation_id)), at, details)
    return token


async def find_invitations(connection: ReadConnection, actor: Actor, at: datetime) -> list[Invitation]:
    """The invitations that can still be used, the newest first."""
    require(actor, Right.MANAGE_USERS)
    return await connection.all(Invitation, Q.find_invitations, {"at": at})


async def withdraw_invitation(connection: WriteConnection, invitation_id: UUID, actor: Actor, at: datetime) -> None:
    """Take back an invitation that nobody has used; NotFound."""
    require(actor, Right.MANAGE_USERS)
    if await connection.value(str, Q.withdraw_invitation, {"id": invitation_id, "at": at}) is None:
        raise NotFound("there is no such invitation", code="INVITATION_NOT_FOUND")
    await audit.record(connection, actor, "invitation withdrawn", AuditSubject("invitation", str(invitation_id)), at)


async def use_invitation(connection: WriteConnection, token: str, email: str, at: datetime) -> UserAssignment:
    """Use an invitation up; what it gives. NotAllowed where it is none, is used, expired or for somebody else."""
    params = {"token_hash": hash_token(token), "email": clean_email(email), "at": at}
    place = await connection.first(UserAssignment, Q.use_invitation, params)
    if place is None:
        raise NotAllowed("this invitation is not valid for this e-mail address, was used, or has expired")
    return UserAssignment(Role(place.role), place.office, place.team)


async def use_newest_invitation(connection: WriteConnection, email: str, at: datetime) -> UserAssignment | None:
    """Use up the newest invitation of an address that was proved in another way; None where there is none."""
    place = await connection.first(UserAssignment, Q.use_newest_invitation, {"email": email, "at": at})
    return None if place is None else UserAssignment(Role(place.role), place.office, place.team)
