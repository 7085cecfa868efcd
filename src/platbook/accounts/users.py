"""User records: profile, role, office and team, and whether they are active."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict, cast
from uuid import UUID

from email_validator import EmailNotValidError, validate_email

from platbook import audit
from platbook.accounts.passwords import check_password, hash_password
from platbook.accounts.record_access import access_condition
from platbook.accounts.user import User
from platbook.audit import AuditSubject
from platbook.base.actor import Actor, Role
from platbook.base.errors import Conflict, InvalidInput, NotFound
from platbook.base.ids import new_id
from platbook.base.rights import Ownership, Right, record_access, require, require_record_access
from platbook.base.time_zones import parse_time_zone
from platbook.db import ReadConnection, UniqueViolation, WriteConnection, load_queries
from platbook.db.compose import SQL, Identifier, to_statement
from platbook.db.lists import NumberedPage, NumberedSource, PageNumber, find_numbered_page

Q = load_queries(__package__ or "platbook.accounts")

_MAX_NAME_LENGTH = 100
_AUDITED_VALUES = ("role", "office", "team", "time_zone")
"""Fields whose old and new values the audit log holds; of the others, it holds that they changed."""

_COLUMNS = SQL(
    "id, email, first_name, last_name, role, office, team, license_number, time_zone, is_active, "
    "totp_confirmed_at IS NOT NULL AS has_totp, created_at, last_login_at"
)
_MATCHES_FILTER = SQL(
    "(%(role)s::text IS NULL OR role = %(role)s) AND (%(office)s::text IS NULL OR office = %(office)s) "
    "AND (%(team)s::text IS NULL OR team = %(team)s) AND (%(is_active)s::boolean IS NULL OR is_active = %(is_active)s) "
    "AND (%(search)s::text IS NULL OR strpos(lower(email || ' ' || first_name || ' ' || last_name), %(search)s) > 0)"
)
_FIND = SQL("SELECT {} FROM users WHERE {} AND {}")


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user to be added. Without a password they sign in by OpenID Connect, or set one by a password reset."""

    email: str
    password: str | None
    first_name: str
    last_name: str
    role: Role = Role.AGENT
    office: str | None = None
    team: str | None = None
    license_number: str | None = None
    time_zone: str | None = None


class ProfilePatch(TypedDict, total=False):
    """Changes that users make themselves; fields left out stay as they are."""

    first_name: str | None
    last_name: str | None
    time_zone: str | None


class UserPatch(ProfilePatch, total=False):
    """Changes of a user; fields left out stay as they are."""

    email: str | None
    role: str | None
    office: str | None
    team: str | None
    license_number: str | None


@dataclass(frozen=True, slots=True)
class UserFilter:
    """Conditions for users; None matches all. `search` is part of a name or an e-mail address."""

    role: Role | None = None
    office: str | None = None
    team: str | None = None
    is_active: bool | None = None
    search: str | None = None


async def add_user(connection: WriteConnection, new: NewUser, actor: Actor, at: datetime) -> User:
    """Add a user, as an administrator. InvalidInput names the field; Conflict USER_EXISTS for a duplicate e-mail."""
    require(actor, Right.MANAGE_USERS)
    if new.password is not None:
        check_password(new.password)
    return await insert_user(connection, new, actor, at)


async def insert_user(connection: WriteConnection, new: NewUser, actor: Actor, at: datetime) -> User:
    """Add a user without checks of rights and password, for callers that have made them. Errors: as `add_user`."""
    user_id = new_id()
    params: dict[str, object] = {
        "id": user_id,
        "email": clean_email(new.email),
        "password_hash": None if new.password is None else await hash_password(new.password),
        "first_name": clean_name(new.first_name, "firstName"),
        "last_name": clean_name(new.last_name, "lastName"),
        "role": new.role,
        "office": clean_group(new.office, "office"),
        "team": clean_group(new.team, "team"),
        "license_number": clean_group(new.license_number, "licenseNumber"),
        "time_zone": clean_time_zone(new.time_zone),
        "at": at,
    }
    try:
        async with connection.savepoint():
            await connection.run(Q.add_user, params)
    except UniqueViolation:
        raise _email_exists() from None
    details = {name: params[name] for name in _AUDITED_VALUES}
    await audit.record(connection, actor, "user added", AuditSubject("user", str(user_id)), at, details)
    return await get_user(connection, user_id)


async def get_user(connection: ReadConnection, user_id: UUID) -> User:
    """Return a user; NotFound."""
    user = await connection.first(User, Q.get_user, {"id": user_id})
    if user is None:
        raise _user_not_found()
    return user


async def get_user_by_email(connection: ReadConnection, email: str) -> User:
    """Return a user by e-mail address, in any case; NotFound."""
    user_id = await connection.value(UUID, Q.get_user_id, {"email": email.strip().lower()})
    if user_id is None:
        raise NotFound(f"there is no user with the e-mail address {email}", code="USER_NOT_FOUND")
    return await get_user(connection, user_id)


async def find_office_manager(connection: ReadConnection, office: str | None, team: str | None) -> User | None:
    """The active manager of an office's team, or else of the office; of several the first that was added."""
    return await connection.first(User, Q.find_office_manager, {"office": office, "team": team})


async def get_visible_user(connection: ReadConnection, user_id: UUID, actor: Actor) -> User:
    """Return a user; NotFound also if they are not visible to the actor."""
    user = await get_user(connection, user_id)
    require_record_access(actor, Right.READ_USERS, user.ownership, read_right=Right.READ_USERS, code="USER_NOT_FOUND")
    return user


async def get_ownership(connection: ReadConnection, user_id: UUID) -> Ownership:
    """Return the ownership of a user's records; an empty one if there is no such user."""
    return await connection.first(Ownership, Q.get_ownership, {"id": user_id}) or Ownership()


async def find_users(
    connection: ReadConnection, actor: Actor, user_filter: UserFilter, *, page: int = 1, limit: int = 20
) -> NumberedPage[User]:
    """A page of the users an actor sees, by e-mail address."""
    access = access_condition(
        record_access(actor, Right.READ_USERS),
        owner=Identifier("id"),
        office=Identifier("office"),
        team=Identifier("team"),
    )
    params: dict[str, object] = {
        "role": user_filter.role,
        "office": user_filter.office,
        "team": user_filter.team,
        "is_active": user_filter.is_active,
        "search": None if user_filter.search is None else user_filter.search.lower(),
    }
    statement = to_statement("find_users", _FIND.format(_COLUMNS, access, _MATCHES_FILTER))
    return await find_numbered_page(
        connection, NumberedSource(User, statement, ("email",)), PageNumber(page, limit), params
    )


async def update_user(
    connection: WriteConnection, user_id: UUID, changes: UserPatch, actor: Actor, at: datetime
) -> User:
    """Update a user, as an administrator. A changed role detaches assistants from agents.

    NotFound; InvalidInput names the field; Conflict: the e-mail address is taken, or no active admin would be left.
    """
    require(actor, Right.MANAGE_USERS)
    return await _change(connection, user_id, changes, actor, at)


async def update_own_profile(connection: WriteConnection, actor: Actor, changes: ProfilePatch, at: datetime) -> User:
    """Update the name and the time zone of the user who is logged in. InvalidInput names the field."""
    require(actor, Right.OWN_PROFILE)
    if actor.user_id is None:
        raise _user_not_found()
    return await _change(connection, actor.user_id, changes, actor, at)


async def _change(
    connection: WriteConnection, user_id: UUID, changes: ProfilePatch, actor: Actor, at: datetime
) -> User:
    before = await get_user(connection, user_id)
    stored: dict[str, object] = {name: getattr(before, name) for name in _CLEANERS}
    sent = cast("Mapping[str, str | None]", changes)
    changed = {name: clean for name, text in sent.items() if (clean := _CLEANERS[name](text)) != stored[name]}
    if "role" in changed:
        await _require_another_admin(connection, before)
        await connection.run(Q.detach_agents, {"assistant_id": user_id})
        await connection.run(Q.detach_from_assistants, {"agent_id": user_id})
    try:
        async with connection.savepoint():
            await connection.run(Q.update_user, {**stored, **changed, "id": user_id})
    except UniqueViolation:
        raise _email_exists() from None
    if changed:
        values = {name: [stored[name], changed[name]] for name in _AUDITED_VALUES if name in changed}
        details = {"fields": sorted(changed), **values}
        await audit.record(connection, actor, "user changed", AuditSubject("user", str(user_id)), at, details)
    return await get_user(connection, user_id)


async def set_active(connection: WriteConnection, user_id: UUID, actor: Actor, at: datetime, *, active: bool) -> User:
    """Enable or disable a user. Disabling ends all their sessions, API keys and password resets at once, for good.

    NotFound; Conflict if no active admin would be left.
    """
    require(actor, Right.MANAGE_USERS)
    before = await get_user(connection, user_id)
    if not active:
        await _require_another_admin(connection, before)
    await connection.run(Q.set_active, {"id": user_id, "active": active})
    if not active:
        for statement in (Q.end_sessions, Q.revoke_keys, Q.void_resets):
            await connection.run(statement, {"user_id": user_id, "except_id": None, "at": at})
    if before.is_active != active:
        act = "user enabled" if active else "user disabled"
        await audit.record(connection, actor, act, AuditSubject("user", str(user_id)), at)
    return await get_user(connection, user_id)


async def attach_agents(
    connection: WriteConnection, assistant_id: UUID, agents: Sequence[UUID], actor: Actor, at: datetime
) -> list[User]:
    """Replace the agents an assistant works for; returns them.

    NotFound; Conflict if the user is not an assistant; InvalidInput if one is neither agent nor manager.
    """
    require(actor, Right.MANAGE_USERS)
    assistant = await get_user(connection, assistant_id)
    if assistant.role != Role.ASSISTANT:
        raise Conflict("only a user whose role is assistant can be attached to agents", code="NOT_AN_ASSISTANT")
    agent_ids = sorted(set(agents))
    if await connection.value(int, Q.count_agents, {"ids": agent_ids}) != len(agent_ids):
        raise InvalidInput.of("agentIds", "must be ids of users whose role is agent or manager")
    await connection.run(Q.detach_agents, {"assistant_id": assistant_id})
    await connection.run(Q.attach_agents, {"assistant_id": assistant_id, "ids": agent_ids})
    subject, details = AuditSubject("user", str(assistant_id)), {"agents": [str(one) for one in agent_ids]}
    await audit.record(connection, actor, "agents attached", subject, at, details)
    return await find_attached_agents(connection, assistant_id, actor)


async def get_actor(connection: ReadConnection, user_id: UUID) -> Actor:
    """Return a user as an actor, for work done on their behalf: as in a session of theirs. NotFound."""
    user = await get_user(connection, user_id)
    agents = await connection.all(User, Q.find_attached_agents, {"assistant_id": user_id})
    return Actor(user.email, user.id, Role(user.role), user.office, user.team, frozenset(one.id for one in agents))


async def find_attached_agents(connection: ReadConnection, assistant_id: UUID, actor: Actor) -> list[User]:
    """Return the agents an assistant works for that are visible to the actor, by e-mail address. NotFound."""
    await get_visible_user(connection, assistant_id, actor)
    visible = record_access(actor, Right.READ_USERS)
    agents = await connection.all(User, Q.find_attached_agents, {"assistant_id": assistant_id})
    return [agent for agent in agents if visible.holds(agent.ownership)]


def clean_email(email: str) -> str:
    """Validate an e-mail address and normalize it for storage; InvalidInput."""
    try:
        return validate_email(email, check_deliverability=False).normalized.lower()
    except EmailNotValidError as error:
        raise InvalidInput.of("email", str(error)) from None


def clean_name(text: str, field: str) -> str:
    """Strip and validate a name; InvalidInput."""
    stripped = text.strip()
    if not 1 <= len(stripped) <= _MAX_NAME_LENGTH:
        raise InvalidInput.of(field, f"must have 1 to {_MAX_NAME_LENGTH} characters")
    return stripped


def clean_group(text: str | None, field: str) -> str | None:
    """Strip and validate an office, team or licence number; an empty one is None. InvalidInput."""
    stripped = None if text is None else text.strip()
    return clean_name(stripped, field) if stripped else None


def clean_time_zone(name: str | None) -> str | None:
    """Strip and validate a time zone's name; an empty one is None. InvalidInput."""
    stripped = None if name is None else name.strip()
    return parse_time_zone(stripped).key if stripped else None


def _clean_role(text: str | None) -> Role:
    try:
        return Role(text or "")
    except ValueError:
        raise InvalidInput.of("role", f"must be one of {', '.join(Role)}") from None


async def _require_another_admin(connection: WriteConnection, user: User) -> None:
    """Raise Conflict if a user is the last active admin; concurrent calls wait for each other."""
    if user.role == Role.ADMIN and await connection.column(UUID, Q.lock_admins) == [user.id]:
        raise Conflict("this is the last active admin; add another one first", code="LAST_ADMIN")


def _email_exists() -> Conflict:
    return Conflict("email: a user with this address exists already", code="USER_EXISTS")


def _user_not_found() -> NotFound:
    return NotFound("there is no user with this id", code="USER_NOT_FOUND")


_CLEANERS: Mapping[str, Callable[[str | None], str | None]] = {
    "email": lambda text: clean_email(text or ""),
    "first_name": lambda text: clean_name(text or "", "firstName"),
    "last_name": lambda text: clean_name(text or "", "lastName"),
    "role": _clean_role,
    "office": lambda text: clean_group(text, "office"),
    "team": lambda text: clean_group(text, "team"),
    "license_number": lambda text: clean_group(text, "licenseNumber"),
    "time_zone": clean_time_zone,
}
"""The fields of a user that can be changed, and how each is validated and normalized."""
