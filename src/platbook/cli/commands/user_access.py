"""`platbook user`: how users come in and stay out: invitations, resets, second factors, pauses, disabling."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer
from rich.markup import escape

from platbook.accounts import User, UserAssignment, get_user_by_email, invite, set_active
from platbook.accounts.invitations import Invitation, find_invitations, withdraw_invitation
from platbook.accounts.password_resets import PasswordReset, create_reset
from platbook.accounts.totp import remove_totp
from platbook.accounts.unlock import unlock_user
from platbook.base.actor import COMMAND_LINE, Role
from platbook.bootstrap.database import DatabaseContext
from platbook.cli.commands.user_options import AsJson, Email, Office, RoleOption, Team, TimeZone
from platbook.cli.output.console import say
from platbook.cli.output.format import to_span
from platbook.cli.output.json_output import print_json
from platbook.cli.output.table import Column, print_table
from platbook.cli.process import run_in_transaction, run_on_database
from platbook.crm.leads.rows import count_open_leads
from platbook.crm.tasks.rows import count_open_tasks
from platbook.db import WriteConnection


def invite_user(
    context: typer.Context,
    email: Email,
    *,
    role: RoleOption = Role.AGENT,
    office: Office = None,
    team: Team = None,
    time_zone: TimeZone = None,
    as_json: AsJson = False,
) -> None:
    """Print an invitation token, valid once, for 24 hours: `invitationToken` of POST /api/v1/auth/register."""
    assignment = UserAssignment(role, office, team, time_zone)
    token = run_in_transaction(
        context, lambda connection, now: invite(connection, email, assignment, COMMAND_LINE, now)
    )
    if as_json:
        print_json({"email": email, "role": role, "invitationToken": token})
    else:
        say(token)


def invitations(context: typer.Context, *, as_json: AsJson = False) -> None:
    """List the invitations that wait to be used, the newest first."""

    async def read(system: DatabaseContext) -> tuple[list[Invitation], datetime]:
        now = system.clock.now()
        async with system.database.read() as connection:
            return await find_invitations(connection, COMMAND_LINE, now), now

    pending, now = run_on_database(context, read)
    if as_json:
        print_json({"invitations": pending})
        return
    print_table(
        [
            Column("invitation"),
            Column("e-mail"),
            Column("role"),
            Column("office", rank=2),
            Column("team", rank=3),
            Column("expires", rank=1),
        ],
        [
            (str(one.id), one.email, one.role, one.office or "", one.team or "", to_span(now, one.expires_at))
            for one in pending
        ],
        empty="No invitation waits.",
    )


def withdraw(context: typer.Context, invitation: Annotated[UUID, typer.Argument(metavar="INVITATION_ID")]) -> None:
    """Withdraw an invitation that was not used; see `platbook user invitations`."""

    async def remove(connection: WriteConnection, now: datetime) -> None:
        await withdraw_invitation(connection, invitation, COMMAND_LINE, now)

    run_in_transaction(context, remove)
    say(f"Withdrew invitation {invitation}.")


def remove_second_factor(context: typer.Context, email: Email) -> None:
    """Remove a user's second factor, for one who has lost the device and the recovery codes."""

    async def remove(connection: WriteConnection, now: datetime) -> User:
        user = await get_user_by_email(connection, email)
        await remove_totp(connection, user.id, COMMAND_LINE, now)
        return user

    user = run_in_transaction(context, remove)
    say(escape(f"Removed the second factor of {user.email}: they log in by password alone until they add one."))


def print_reset_link(context: typer.Context, email: Email, *, as_json: AsJson = False) -> None:
    """Print a password reset token, valid once, for 24 hours: `token` of POST /api/v1/auth/password/reset.

    With PLATBOOK_URL, also print a link with the token, for a page in a browser.
    """

    async def store(system: DatabaseContext) -> tuple[PasswordReset, str | None]:
        async with system.database.transaction() as connection:
            reset = await create_reset(connection, email, COMMAND_LINE, system.clock.now())
        return reset, system.settings.platbook_url

    reset, url = run_on_database(context, store)
    if as_json:
        print_json({"email": reset.email, "token": reset.token, "expiresAt": reset.expires_at})
    else:
        say(reset.token)
        if url is not None:
            say(reset.to_link(url))


def unlock(context: typer.Context, email: Email) -> None:
    """Let a user log in at once after too many failed attempts at their account."""

    async def clear(connection: WriteConnection, now: datetime) -> User:
        user = await get_user_by_email(connection, email)
        return await unlock_user(connection, user.id, COMMAND_LINE, now)

    user = run_in_transaction(context, clear)
    say(escape(f"Unlocked {user.email}: they can log in at once."))


def enable(context: typer.Context, email: Email) -> None:
    """Enable a user again."""
    _set_active(context, email, active=True)
    say(f"Enabled {email}: they can log in again.")


def disable(context: typer.Context, email: Email) -> None:
    """Disable a user; all their sessions and API keys end at once."""
    leads, tasks = _set_active(context, email, active=False)
    say(f"Disabled {email}: their sessions and API keys have ended.")
    if leads or tasks:
        say(
            f"A worker gives their open leads ({leads}) and tasks ({tasks}) to others: by the rules, or to the manager."
        )


def _set_active(context: typer.Context, email: str, *, active: bool) -> tuple[int, int]:
    """Enable or disable a user; how many open leads and tasks they have."""

    async def switch(connection: WriteConnection, now: datetime) -> tuple[int, int]:
        user = await get_user_by_email(connection, email)
        await set_active(connection, user.id, COMMAND_LINE, now, active=active)
        return await count_open_leads(connection, user.id), await count_open_tasks(connection, user.id)

    return run_in_transaction(context, switch)
