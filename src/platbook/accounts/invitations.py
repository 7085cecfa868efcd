"""Invitations: single-use tokens that let one e-mail address register, until they expire.

The token is shown once to the administrator who invites, and stored as a hash.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from platbook import audit
from platbook.accounts.tokens import hash_token, new_secret_token
from platbook.accounts.users import clean_email, clean_group, clean_time_zone
from platbook.audit import AuditSubject
from platbook.base.actor import Actor, Role
from platbook.base.errors import Conflict, InvalidInput, NotAllowed, NotFound
from platbook.base.ids import new_id
from platbook.base.rights import Right, require
from platbook.db import ReadConnection, WriteConnection, load_queries

Q = load_queries(__package__ or "platbook.accounts")

LIFETIME = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class UserAssignment:
    """The role, office, team and time zone of an invited user."""

    role: Role = Role.AGENT
    office: str | None = None
    team: str | None = None
    time_zone: str | None = None


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation that is still valid."""

    id: UUID
    email: str
    role: str
    office: str | None
    team: str | None
    time_zone: str | None
    invited_by: str
    created_at: datetime
    expires_at: datetime


async def invite(
    connection: WriteConnection, email: str, assignment: UserAssignment, actor: Actor, at: datetime
) -> str:
    """Invite an e-mail address; returns the token, which is not stored. Conflict USER_EXISTS for a user's address."""
    require(actor, Right.MANAGE_USERS)
    if assignment.role is Role.ADMIN:
        raise InvalidInput.of(
            "role", "must not be admin; change the role of an existing user, or use: platbook user add"
        )
    token, invitation_id, cleaned = new_secret_token(), new_id(), clean_email(email)
    if await connection.value(UUID, Q.get_user_id, {"email": cleaned}) is not None:
        raise Conflict("email: a user with this address exists already", code="USER_EXISTS")
    params = {
        "id": invitation_id,
        "email": cleaned,
        "role": assignment.role,
        "office": clean_group(assignment.office, "office"),
        "team": clean_group(assignment.team, "team"),
        "time_zone": clean_time_zone(assignment.time_zone),
        "invited_by": actor.name,
        "token_hash": hash_token(token),
        "at": at,
        "expires_at": at + LIFETIME,
    }
    await connection.run(Q.add_invitation, params)
    details = {"role": assignment.role, "office": params["office"], "team": params["team"]}
    await audit.record(connection, actor, "user invited", AuditSubject("invitation", str(invitation_id)), at, details)
    return token


async def find_invitations(connection: ReadConnection, actor: Actor, at: datetime) -> list[Invitation]:
    """Return the invitations that are still valid, newest first."""
    require(actor, Right.MANAGE_USERS)
    return await connection.all(Invitation, Q.find_invitations, {"at": at})


async def withdraw_invitation(connection: WriteConnection, invitation_id: UUID, actor: Actor, at: datetime) -> None:
    """Withdraw an unused invitation; NotFound."""
    require(actor, Right.MANAGE_USERS)
    if await connection.value(str, Q.withdraw_invitation, {"id": invitation_id, "at": at}) is None:
        raise NotFound("there is no unused invitation with this id", code="INVITATION_NOT_FOUND")
    await audit.record(connection, actor, "invitation withdrawn", AuditSubject("invitation", str(invitation_id)), at)


async def use_invitation(connection: WriteConnection, token: str, email: str, at: datetime) -> UserAssignment:
    """Use an invitation; returns its assignment. NotAllowed if it is invalid, used, expired or for another address."""
    params = {"token_hash": hash_token(token), "email": clean_email(email), "at": at}
    assignment = await connection.first(UserAssignment, Q.use_invitation, params)
    if assignment is None:
        raise NotAllowed("this invitation is not for this e-mail address, was used, or has expired; ask for a new one")
    return replace(assignment, role=Role(assignment.role))


async def use_newest_invitation(connection: WriteConnection, email: str, at: datetime) -> UserAssignment | None:
    """Use the newest invitation of an address that was verified in another way; None if there is none."""
    assignment = await connection.first(UserAssignment, Q.use_newest_invitation, {"email": email, "at": at})
    return None if assignment is None else replace(assignment, role=Role(assignment.role))
