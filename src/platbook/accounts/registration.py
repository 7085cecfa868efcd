"""Self-registration, by invitation or, if the settings allow it, by anyone."""

from dataclasses import replace
from datetime import datetime

from platbook.accounts.invitations import use_invitation
from platbook.accounts.passwords import check_password
from platbook.accounts.users import NewUser, User, clean_email, insert_user
from platbook.base.actor import Actor
from platbook.base.errors import NotAllowed
from platbook.db import WriteConnection


async def register(
    connection: WriteConnection, new: NewUser, invitation: str | None, at: datetime, *, allow_anyone: bool
) -> User:
    """Register a user with the assignment of an invitation or, if `allow_anyone`, as an agent without an office.

    NotAllowed without a valid invitation; InvalidInput names the field; Conflict USER_EXISTS.
    """
    check_password(new.password or "")
    if invitation is not None:
        assignment = await use_invitation(connection, invitation, new.email, at)
        new = replace(
            new,
            role=assignment.role,
            office=assignment.office,
            team=assignment.team,
            time_zone=assignment.time_zone,
        )
    elif not allow_anyone:
        raise NotAllowed("invitationToken: is required; ask an administrator for an invitation")
    return await insert_user(connection, new, Actor(clean_email(new.email)), at)
