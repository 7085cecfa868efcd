"""User accounts: authentication, sessions, API keys, access control, and links to members of an MLS."""

from platbook.accounts.callers import CallerResolver
from platbook.accounts.credentials import CredentialChecker
from platbook.accounts.demo_user import add_demo_admin, has_demo_password
from platbook.accounts.invitations import UserAssignment, invite
from platbook.accounts.sessions import LoginSessions, Tokens
from platbook.accounts.users import (
    NewUser,
    User,
    UserFilter,
    add_user,
    find_users,
    get_actor,
    get_ownership,
    get_user,
    get_user_by_email,
    set_active,
)

__all__ = [
    "CallerResolver",
    "CredentialChecker",
    "LoginSessions",
    "NewUser",
    "Tokens",
    "User",
    "UserAssignment",
    "UserFilter",
    "add_demo_admin",
    "add_user",
    "find_users",
    "get_actor",
    "get_ownership",
    "get_user",
    "get_user_by_email",
    "has_demo_password",
    "invite",
    "set_active",
]
