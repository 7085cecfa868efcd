"""Whom a lead or a task may be assigned to: oneself, or a user of one's team or office."""

from uuid import UUID

from platbook.accounts import User, get_user
from platbook.base.actor import Actor
from platbook.base.errors import InvalidInput, NotFound
from platbook.base.rights import Right, record_access
from platbook.db import ReadConnection


async def resolve_assignee(connection: ReadConnection, user_id: UUID) -> User:
    """The user that `assignedTo` names. Errors: InvalidInput."""
    try:
        return await get_user(connection, user_id)
    except NotFound:
        raise InvalidInput.of("assignedTo", f"there is no user {user_id}") from None


def can_assign(actor: Actor, user: User) -> bool:
    """Whether the actor may assign leads and tasks to a user."""
    rights = (Right.WRITE_CRM, Right.ASSIGN_LEADS)
    return any(record_access(actor, right).holds(user.ownership) for right in rights)
