"""`platbook user`: its commands, imported one by one as they run."""

from platbook.cli.lazy import LazyCommand, create_group

_USERS, _ACCESS = "platbook.cli.commands.users", "platbook.cli.commands.user_access"

USER_COMMANDS = (
    LazyCommand(
        "add",
        f"{_USERS}:add",
        "Add a user. The password is prompted for, or read from standard input or PLATBOOK_USER_PASSWORD.",
    ),
    LazyCommand(
        "invite",
        f"{_ACCESS}:invite_user",
        "Print an invitation token, valid once, for 24 hours: `invitationToken` of POST /api/v1/auth/register.",
    ),
    LazyCommand(
        "invitations", f"{_ACCESS}:invitations", "List the invitations that wait to be used, the newest first."
    ),
    LazyCommand(
        "withdraw",
        f"{_ACCESS}:withdraw",
        "Withdraw an invitation that was not used; see `platbook user invitations`.",
    ),
    LazyCommand("list", f"{_USERS}:list_users", "List users."),
    LazyCommand(
        "change",
        f"{_USERS}:change",
        "Change a user's role, office, team, licence number or time zone; an empty value clears it.",
    ),
    LazyCommand("agents", f"{_USERS}:agents", "Set all the agents an assistant works for; without --agent, none."),
    LazyCommand(
        "link", f"{_USERS}:link", "Link a user to a member of an MLS, so that `mine=true` finds their listings."
    ),
    LazyCommand(
        "reset-link",
        f"{_ACCESS}:print_reset_link",
        "Print a password reset token, valid once, for 24 hours: `token` of POST /api/v1/auth/password/reset.",
    ),
    LazyCommand(
        "remove-second-factor",
        f"{_ACCESS}:remove_second_factor",
        "Remove a user's second factor, for one who has lost the device and the recovery codes.",
    ),
    LazyCommand(
        "unlock", f"{_ACCESS}:unlock", "Let a user log in at once after too many failed attempts at their account."
    ),
    LazyCommand("enable", f"{_ACCESS}:enable", "Enable a user again."),
    LazyCommand("disable", f"{_ACCESS}:disable", "Disable a user; all their sessions and API keys end at once."),
)
"""Every command of the group, in the order of its help."""

group = create_group("Users: who can log in, and their roles.", USER_COMMANDS)
