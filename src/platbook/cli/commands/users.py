"""`platbook user`: users, their roles, the agents an assistant works for, and links to members of an MLS."""

import os
import sys
from datetime import datetime
from typing import Annotated, cast
from uuid import UUID

import typer
from rich.markup import escape

from platbook.accounts import NewUser, User, UserFilter, add_user, find_users, get_user_by_email
from platbook.accounts.member_links import MemberLink, add_link
from platbook.accounts.users import UserPatch, attach_agents, update_user
from platbook.base.actor import COMMAND_LINE, Role
from platbook.base.errors import InvalidInput
from platbook.base.views import paginate
from platbook.bootstrap.database import DatabaseContext
from platbook.cli.commands.user_options import AsJson, Email, Office, RoleOption, Team, TimeZone
from platbook.cli.options import to_command
from platbook.cli.output.console import say
from platbook.cli.output.format import to_span
from platbook.cli.output.json_output import print_json
from platbook.cli.output.table import Column, print_table
from platbook.cli.process import run_in_transaction, run_on_database
from platbook.db import WriteConnection
from platbook.db.lists import NumberedPage

_PASSWORD_VARIABLE = "PLATBOOK_USER_PASSWORD"  # noqa: S105 - a variable's name
_MOST_SHOWN = 10_000

_License = Annotated[
    str | None, typer.Option("--license-number", help="The user's licence number, to find their listings.")
]


def add(  # noqa: PLR0913 - one parameter for each option of the command
    context: typer.Context,
    email: Email,
    *,
    first_name: Annotated[str, typer.Option(help="Prompted for if left out.")] = "",
    last_name: Annotated[str, typer.Option(help="Prompted for if left out.")] = "",
    role: RoleOption = Role.AGENT,
    office: Office = None,
    team: Team = None,
    license_number: _License = None,
    time_zone: TimeZone = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    as_json: AsJson = False,
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
        time_zone,
    )
    user = run_in_transaction(context, lambda connection, now: add_user(connection, new, COMMAND_LINE, now))
    if as_json:
        print_json(user)
    else:
        say(f"Added {user.email} as {user.role}.")


def list_users(context: typer.Context, *, as_json: AsJson = False) -> None:
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
            Column("time zone", rank=4),
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
                one.time_zone or "",
                "active" if one.is_active else "disabled",
                to_span(now, one.last_login_at),
            )
            for one in users
        ],
        empty=f"No user yet. Add one: {to_command('user add EMAIL --role admin')}",
    )


def change(
    context: typer.Context,
    email: Email,
    *,
    role: Annotated[Role | None, typer.Option("--role", help=f"One of {', '.join(Role)}.", metavar="ROLE")] = None,
    office: Office = None,
    team: Team = None,
    license_number: _License = None,
    time_zone: TimeZone = None,
) -> None:
    """Change a user's role, office, team, licence number or time zone; an empty value clears it."""
    options = {
        "role": role,
        "office": office,
        "team": team,
        "license_number": license_number,
        "time_zone": time_zone,
    }
    changes = cast("UserPatch", {name: value for name, value in options.items() if value is not None})

    async def store(connection: WriteConnection, now: datetime) -> User:
        user = await get_user_by_email(connection, email)
        return await update_user(connection, user.id, changes, COMMAND_LINE, now)

    user = run_in_transaction(context, store)
    place = f"{user.office or 'no office'}, {user.team or 'no team'}, {user.time_zone or 'no time zone'}"
    say(escape(f"{user.email} is {user.role}, of {place}."))


def agents(
    context: typer.Context,
    email: Email,
    *,
    of: Annotated[list[str] | None, typer.Option("--agent", help="An agent's e-mail address; may be repeated.")] = None,
) -> None:
    """Set all the agents an assistant works for; without --agent, none."""

    async def store(connection: WriteConnection, now: datetime) -> list[User]:
        assistant = await get_user_by_email(connection, email)
        ids: list[UUID] = [(await get_user_by_email(connection, one)).id for one in of or ()]
        return await attach_agents(connection, assistant.id, ids, COMMAND_LINE, now)

    attached = run_in_transaction(context, store)
    say(f"{email} works for {', '.join(one.email for one in attached) or 'no agent'}.")


def link(
    context: typer.Context,
    email: Email,
    provider: Annotated[str, typer.Argument(metavar="PROVIDER", help="The provider's id.")],
    member: Annotated[str, typer.Argument(metavar="MEMBER", help="The member's key at that MLS.")],
) -> None:
    """Link a user to a member of an MLS, so that `mine=true` finds their listings."""

    async def store(connection: WriteConnection, now: datetime) -> MemberLink:
        user = await get_user_by_email(connection, email)
        return await add_link(connection, user.id, provider, member, COMMAND_LINE, now)

    made = run_in_transaction(context, store)
    say(escape(f"Linked {email} to member {made.member_key} of {made.provider_id}."))


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
