"""Users as rows."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from email_validator import EmailNotValidError, validate_email

from platbook.accounts.passwords import check_password, hash_password
from platbook.base.actor import Role
from platbook.base.errors import Conflict, InvalidInput, NotFound
from platbook.base.ids import new_id
from platbook.base.rights import Belonging
from platbook.db import ReadConnection, UniqueViolation, WriteConnection, load_queries

Q = load_queries(__package__ or "platbook.accounts")


@dataclass(frozen=True, slots=True)
class User:
    """Someone who logs in."""

    id: UUID
    email: str
    first_name: str
    last_name: str
    role: str
    office: str | None
    team: str | None
    is_active: bool
    created_at: datetime
    last_login_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewUser:
    """What a user begins with."""

    email: str
    password: str
    first_name: str
    last_name: str
    role: Role = Role.AGENT
    office: str | None = None
    team: str | None = None


async def add_user(connection: WriteConnection, user: NewUser, at: datetime) -> User:
    """Add a user. InvalidInput names the field; Conflict USER_EXISTS where the e-mail address is taken."""
    check_password(user.password)
    return await keep_user(connection, user, at)


async def keep_user(connection: WriteConnection, user: NewUser, at: datetime) -> User:
    """Add a user whatever the password is like; `add_user` is for everybody but the demo."""
    user_id = new_id()
    params: dict[str, object] = {
        "id": user_id,
        "email": clean_email(user.email),
        "password_hash": await hash_password(user.password),
        "first_name": _name(user.first_name, "firstName"),
        "last_name": _name(user.last_name, "lastName"),
        "role": user.role,
        "office": user.office,
        "team": user.team,
        "at": at,
    }
    try:
        async with connection.savepoint():
            await connection.run(Q.add_user, params)
    except UniqueViolation:
        raise Conflict("a user with this e-mail address exists", code="USER_EXISTS") from None
    return await get_user(connection, user_id)


async def get_user(connection: ReadConnection, user_id: UUID) -> User:
    """One user; NotFound."""
    user = await connection.first(User, Q.get_user, {"id": user_id})
    if user is None:
        raise NotFound("there is no such user", code="USER_NOT_FOUND")
    return user


async def get_belonging(connection: ReadConnection, user_id: UUID) -> Belonging:
    """What belongs to a user belongs to their office and team too; nobody's, where there is no such user."""
    return await connection.first(Belonging, Q.get_belonging, {"id": user_id}) or Belonging()


async def find_users(connection: ReadConnection, *, limit: int = 1000) -> list[User]:
    """Users by e-mail address."""
    return await connection.all(User, Q.find_users, {"limit": limit})


async def set_active(connection: WriteConnection, email: str, *, active: bool, at: datetime) -> None:
    """Let a user in, or keep them out and end every login of theirs."""
    user_id = await connection.value(UUID, Q.set_active, {"email": email, "active": active})
    if user_id is None:
        raise NotFound(f"there is no user {email}", code="USER_NOT_FOUND")
    if not active:
        await connection.run(Q.end_sessions, {"user_id": user_id, "except_id": None, "at": at})


def clean_email(email: str) -> str:
    """An e-mail address in the form it is kept in; InvalidInput."""
    try:
        return validate_email(email, check_deliverability=False).normalized.lower()
    except EmailNotValidError as error:
        raise InvalidInput.of("email", str(error)) from None


def _name(text: str, field: str) -> str:
    stripped = text.strip()
    if not 1 <= len(stripped) <= 100:  # noqa: PLR2004 - a name fits a line
        raise InvalidInput.of(field, "must have 1 to 100 characters")
    return stripped
