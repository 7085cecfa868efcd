"""Ending the pauses of the login throttle for a user, by an administrator."""

from datetime import datetime
from uuid import UUID

from platbook import audit
from platbook.accounts.auth_throttle import clear_account
from platbook.accounts.users import User, get_user
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.base.rights import Right, require
from platbook.db import WriteConnection


async def unlock_user(connection: WriteConnection, user_id: UUID, actor: Actor, at: datetime) -> User:
    """Let a user log in at once, however many attempts at their account have failed. NotFound."""
    require(actor, Right.MANAGE_USERS)
    user = await get_user(connection, user_id)
    await clear_account(connection, user.email)
    await audit.record(connection, actor, "user unlocked", AuditSubject("user", str(user_id)), at)
    return user
