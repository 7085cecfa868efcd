"""`platbook user`: users, their roles, invitations and member links."""

import os
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, TypeVar, cast
from uuid import UUID

import typer
from rich.markup import escape

from platbook.accounts import (
    NewUser,
    User,
    UserAssignment,
    UserFilter,
    add_user,
    find_users,
    get_user_by_email,
    invite,
    set_active,
)
from platbook.accounts.member_links import MemberLink, add_link
from platbook.accounts.password_resets import PasswordReset, create_reset
from platbook.accounts.unlock import unlock_user
from platbook.accounts.users import UserPatch, attach_agents, update_user
from platbook.base.actor import COMMAND_LINE, Role
from platbook.base.errors import InvalidInput
from platbook.base.views import paginate
from platbook.bootstrap.database import DatabaseContext
from platbook.cli.options import to_command
from platbook.cli.output.console import say
from platbook.cli.output.format import to_span
from platbook.cli.output.json_output import print_json
from platbook.cli.output.table import Column, print_table
from platbook.cli.process import run_on_database
from platbook.crm.leads.rows import count_open_leads
from platbook.crm.tasks.rows import count_open_tasks
from platbook.db import WriteConnection
from platbook.db.lists import NumberedPage

T = TypeVar("T")

app = typer.Typer(help="Users: who can log in, and their roles.", no_args_is_help=True)

_PASSWORD_VARIABLE = "PLATBOOK_USER_PASSWORD"  # noqa: S105 - a variable's name
_MOST_SHOWN = 10_000

_Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The e-mail address to log in with.")]
_Role = Annotated[Role, typer.Option("--role", help=f"One of {', '.join(Role)}.", metavar="ROLE")]
_Office = Annotated[str | None, typer.Option(help="The user's office.")]
_Team = Annotated[str | None, typer.Option(help="The user's team.")]
_License = Annotated[
    str | None, typer.Option("--license-number", help="The user's licence number, to find their listings.")
]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def add(  # noqa: PLR0913 - one parameter for each option of the command
    context: typer.Context,
    email: _Email,
    *,
    first_name: Annotated[str, typer.Option(help="Prompted for if left out.")] = "",
    last_name: Annotated[str, typer.Option(help="Prompted for if left out.")] = "",
    role: _Role = Role.AGENT,
    office: _Office = None,
    team: _Team = None,
    license_number: _License = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """Add a user. The password is prompted for, or read from standard input or PLATBOOK_USER_PASSWORD."""
    password = _read_password(from_stdin=password_stdin)
    new = NewUser(
        email,
        password,
        first_name or _prompt("First name", "--first-name"),
        last_name or _prompt("Last name", "--last-name"),
        role,
        office,
        team,
        license_number,
    )
    user = _write(context, lambda connection, now: add_user(connection, new, COMMAND_LINE, now))
    if as_json:
        print_json(user)
    else:
        say(f"Added {user.email} as {user.role}.")


@app.command("invite")
def invite_(
    context: typer.Context,
    email: _Email,
    *,
    role: _Role = Role.AGENT,
    office: _Office = None,
    team: _Team = None,
    as_json: _Json = False,
) -> None:
    """Print an invitation token, valid once, for 24 hours: `invitationToken` of POST /api/v1/auth/register."""
    assignment = UserAssignment(role, office, team)
    token = _write(context, lambda connection, now: invite(connection, email, assignment, COMMAND_LINE, now))
    if as_json:
        print_json({"email": email, "role": role, "invitationToken": token})
    else:
        say(token)


@app.command("list")
def list_(context: typer.Context, *, as_json: _Json = False) -> None:
    """List users."""

    async def read(system: DatabaseContext) -> tuple[NumberedPage[User], datetime]:
        async with system.database.read() as connection:
            page = await find_users(connection, COMMAND_LINE, UserFilter(), limit=_MOST_SHOWN)
            return page, system.clock.now()

    found, now = run_on_database(context, read)
    users = found.rows
    if as_json:
        print_json({"users": users, "pagination": paginate(1, _MOST_SHOWN, found.total)})
        return
    print_table(
        [
            Column("e-mail"),
            Column("name"),
            Column("role"),
            Column("office", rank=2),
            Column("team", rank=3),
            Column("state"),
            Column("last login", rank=1),
        ],
        [
            (
                one.email,
                f"{one.first_name} {one.last_name}",
                one.role,
                one.office or "",
                one.team or "",
                "active" if one.is_active else "disabled",
                to_span(now, one.last_login_at),
            )
            for one in users
        ],
        empty=f"No user yet. Add one: {to_command('user add EMAIL --role admin')}",
    )


@app.command()
def change(
    context: typer.Context,
    email: _Email,
    *,
    role: Annotated[Role | None, typer.Option("--role", help=f"One of {', '.join(Role)}.", metavar="ROLE")] = None,
    office: _Office = None,
    team: _Team = None,
    license_number: _License = None,
) -> None:
    """Change a user's role, office, team or licence number; an empty value clears it."""
    options = {"role": role, "office": office, "team": team, "license_number": license_number}
    changes = cast("UserPatch", {name: value for name, value in options.items() if value is not None})

    async def store(connection: WriteConnection, now: datetime) -> User:
        user = await get_user_by_email(connection, email)
        return await update_user(connection, user.id, changes, COMMAND_LINE, now)

    user = _write(context, store)
    say(escape(f"{user.email} is {user.role}, of {user.office or 'no office'}, {user.team or 'no team'}."))


@app.command()
def agents(
    context: typer.Context,
    email: _Email,
    *,
    of: Annotated[list[str] | None, typer.Option("--agent", help="An agent's e-mail address; may be repeated.")] = None,
) -> None:
    """Set all the agents an assistant works for; without --agent, none."""

    async def store(connection: WriteConnection, now: datetime) -> list[User]:
        assistant = await get_user_by_email(connection, email)
        ids: list[UUID] = [(await get_user_by_email(connection, one)).id for one in of or ()]
        return await attach_agents(connection, assistant.id, ids, COMMAND_LINE, now)

    attached = _write(context, store)
    say(f"{email} works for {', '.join(one.email for one in attached) or 'no agent'}.")


@app.command()
def link(
    context: typer.Context,
    email: _Email,
    provider: Annotated[str, typer.Argument(metavar="PROVIDER", help="The provider's id.")],
    member: Annotated[str, typer.Argument(metavar="MEMBER", help="The member's key at that MLS.")],
) -> None:
    """Link a user to a member of an MLS, so that `mine=true` finds their listings."""

    async def store(connection: WriteConnection, now: datetime) -> MemberLink:
        user = await get_user_by_email(connection, email)
        return await add_link(connection, user.id, provider, member, COMMAND_LINE, now)

    made = _write(context, store)
    say(escape(f"Linked {email} to member {made.member_key} of {made.provider_id}."))


@app.command("reset-link")
def reset_link(context: typer.Context, email: _Email, *, as_json: _Json = False) -> None:
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


@app.command()
def unlock(context: typer.Context, email: _Email) -> None:
    """Let a user log in at once after too many failed attempts at their account."""

    async def clear(connection: WriteConnection, now: datetime) -> User:
        user = await get_user_by_email(connection, email)
        return await unlock_user(connection, user.id, COMMAND_LINE, now)

    user = _write(context, clear)
    say(escape(f"Unlocked {user.email}: they can log in at once."))


@app.command()
def enable(context: typer.Context, email: _Email) -> None:
    """Enable a user again."""
    _set_active(context, email, active=True)
    say(f"Enabled {email}: they can log in again.")


@app.command()
def disable(context: typer.Context, email: _Email) -> None:
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

    return _write(context, switch)


def _write(context: typer.Context, work: Callable[[WriteConnection, datetime], Awaitable[T]]) -> T:
    """Run a command's work in one transaction."""

    async def work_in_transaction(system: DatabaseContext) -> T:
        async with system.database.transaction() as connection:
            return await work(connection, system.clock.now())

    return run_on_database(context, work_in_transaction)


def _read_password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if password := os.environ.get(_PASSWORD_VARIABLE):
        return password
    if not sys.stdin.isatty():
        raise InvalidInput(
            "standard input is not a terminal, so no password can be entered: "
            f"use --password-stdin or {_PASSWORD_VARIABLE}"
        )
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


def _prompt(label: str, option: str) -> str:
    if not sys.stdin.isatty():
        raise InvalidInput.of(option, "is required if standard input is not a terminal")
    return str(typer.prompt(label, err=True))
