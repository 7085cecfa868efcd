"""The demo's administrator with a well-known password, and the check that no other installation has one."""

from dataclasses import dataclass
from datetime import datetime

from platbook.accounts.api_keys import NewApiKey, add_key, find_keys, revoke_key
from platbook.accounts.passwords import WELL_KNOWN, verify_password
from platbook.accounts.users import NewUser, get_user_by_email, insert_user
from platbook.base.actor import COMMAND_LINE, Actor, ApiKeyScope, Role
from platbook.db import ReadConnection, WriteConnection, load_queries

Q = load_queries(__package__ or "platbook.accounts")

EMAIL = "admin@example.com"
PASSWORD = WELL_KNOWN

_KEY_NAME = "for trying the API in its documentation"


@dataclass(frozen=True, slots=True)
class _Login:
    id: object
    password_hash: str | None
    is_active: bool


async def add_demo_admin(connection: WriteConnection, at: datetime) -> None:
    """Add the demo's administrator, unless it exists."""
    if await connection.first(_Login, Q.get_login, {"email": EMAIL}) is None:
        await insert_user(connection, NewUser(EMAIL, PASSWORD, "Demo", "Admin", Role.ADMIN), COMMAND_LINE, at)


async def renew_demo_key(connection: WriteConnection, at: datetime) -> str:
    """Create an API key of the demo's administrator and revoke the ones that were made so before."""
    user = await get_user_by_email(connection, EMAIL)
    admin = Actor(user.email, user.id, Role.ADMIN)
    for key in await find_keys(connection, user.id, admin):
        if key.name == _KEY_NAME and key.revoked_at is None:
            await revoke_key(connection, user.id, key.id, admin, at)
    _, key = await add_key(connection, NewApiKey(_KEY_NAME, list(ApiKeyScope)), admin, at)
    return key


async def has_demo_password(connection: ReadConnection) -> bool:
    """Whether the demo's administrator can log in here with the well-known password."""
    login = await connection.first(_Login, Q.get_login, {"email": EMAIL})
    return login is not None and login.is_active and await verify_password(PASSWORD, login.password_hash)
