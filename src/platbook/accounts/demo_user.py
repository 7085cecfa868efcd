"""The demo's user: a password everybody knows, and the check that keeps it off every other system."""

from dataclasses import dataclass
from datetime import datetime

from platbook.accounts.passwords import WELL_KNOWN, verify_password
from platbook.accounts.users import NewUser, insert_user
from platbook.base.actor import COMMAND_LINE, Role
from platbook.db import ReadConnection, WriteConnection, load_queries

Q = load_queries(__package__ or "platbook.accounts")

EMAIL = "admin@example.com"
PASSWORD = WELL_KNOWN


@dataclass(frozen=True, slots=True)
class _Known:
    id: object
    password_hash: str | None
    is_active: bool


async def add_demo_admin(connection: WriteConnection, at: datetime) -> None:
    """Make the demo's admin, unless it is there."""
    if await connection.first(_Known, Q.get_login, {"email": EMAIL}) is None:
        await insert_user(connection, NewUser(EMAIL, PASSWORD, "Demo", "Admin", Role.ADMIN), COMMAND_LINE, at)


async def has_demo_password(connection: ReadConnection) -> bool:
    """Whether somebody could log in here with the demo's well-known password."""
    known = await connection.first(_Known, Q.get_login, {"email": EMAIL})
    return known is not None and known.is_active and await verify_password(PASSWORD, known.password_hash)
