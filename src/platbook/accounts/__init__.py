"""Users: who they are, how they log in, what they may reach, and which members of an MLS they are."""

from platbook.accounts.callers import Callers
from platbook.accounts.credentials import Credentials
from platbook.accounts.demo_user import add_demo_admin, holds_demo_password
from platbook.accounts.invitations import Place, invite
from platbook.accounts.sessions import Sessions, Tokens
from platbook.accounts.users import (
    NewUser,
    User,
    UserFilter,
    add_user,
    find_users,
    get_belonging,
    get_user,
    get_user_by_email,
    set_active,
)

__all__ = [
    "Callers",
    "Credentials",
    "NewUser",
    "Place",
    "Sessions",
    "Tokens",
    "User",
    "UserFilter",
    "add_demo_admin",
    "add_user",
    "find_users",
    "get_belonging",
    "get_user",
    "get_user_by_email",
    "holds_demo_password",
    "invite",
    "set_active",
]
