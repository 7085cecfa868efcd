"""Making a user of oneself, by invitation or where anybody may."""

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
    """Make a user: what an invitation says they are, or where `anybody` may, an agent of no office.

    NotAllowed without a valid invitation; InvalidInput names the field; Conflict USER_EXISTS.
    """
    check_password(new.password or "")
    if invitation is not None:
        place = await use_invitation(connection, invitation, new.email, at)
        new = replace(new, role=place.role, office=place.office, team=place.team)
    elif not allow_anyone:
        raise NotAllowed("registration needs an invitation; ask an administrator for one")
    return await insert_user(connection, new, Actor(clean_email(new.email)), at)
