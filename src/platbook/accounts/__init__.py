"""Users: who may log in, how, and for how long."""

from platbook.accounts.callers import Callers
from platbook.accounts.demo import add_demo_admin, holds_demo_password
from platbook.accounts.invitations import invite
from platbook.accounts.sessions import Sessions, Tokens
from platbook.accounts.users import NewUser, User, add_user, find_users, get_belonging, get_user, set_active

__all__ = [
    "Callers",
    "NewUser",
    "Sessions",
    "Tokens",
    "User",
    "add_demo_admin",
    "add_user",
    "find_users",
    "get_belonging",
    "get_user",
    "holds_demo_password",
    "invite",
    "set_active",
]
