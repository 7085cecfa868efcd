"""`platbook user`: who may log in."""

import os
import sys
from datetime import datetime
from typing import Annotated

import typer

from platbook.accounts import NewUser, User, add_user, find_users, invite, set_active
from platbook.base.actor import Role
from platbook.base.errors import InvalidInput
from platbook.bootstrap.system import System
from platbook.cli.process import run_on_system
from platbook.cli.screen import Column, print_json, print_table, say
from platbook.cli.wording import to_span

app = typer.Typer(help="Who may log in.", no_args_is_help=True)

_PASSWORD_VARIABLE = "PLATBOOK_USER_PASSWORD"  # noqa: S105 - a variable's name

_Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The e-mail address to log in with.")]
_Role = Annotated[Role, typer.Option("--role", help=f"One of {', '.join(Role)}.", metavar="ROLE")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def add(  # noqa: PLR0913 - one parameter for each option of the command
    context: typer.Context,
    email: _Email,
    *,
    first_name: Annotated[str, typer.Option(help="Asked for if left out.")] = "",
    last_name: Annotated[str, typer.Option(help="Asked for if left out.")] = "",
    role: _Role = Role.AGENT,
    office: Annotated[str | None, typer.Option(help="The office they belong to.")] = None,
    team: Annotated[str | None, typer.Option(help="The team they belong to.")] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """Add a user. The password is asked for, or read from standard input or from PLATBOOK_USER_PASSWORD."""
    password = _read_password(from_stdin=password_stdin)
    new = NewUser(
        email,
        password,
        first_name or _ask("First name", "--first-name"),
        last_name or _ask("Last name", "--last-name"),
        role,
        office,
        team,
    )

    async def store(system: System) -> User:
        async with system.database.transaction() as connection:
            return await add_user(connection, new, system.clock.now())

    user = run_on_system(context, store)
    if as_json:
        print_json(user)
    else:
        say(f"{user.email} may log in now, as {user.role}.")


@app.command("invite")
def invite_(context: typer.Context, email: _Email, *, role: _Role = Role.AGENT, as_json: _Json = False) -> None:
    """Print an invitation, good once and for this e-mail address: `invitationToken` of POST /api/v1/auth/register."""

    async def store(system: System) -> str:
        async with system.database.transaction() as connection:
            return await invite(connection, email, system.clock.now(), role=role)

    token = run_on_system(context, store)
    if as_json:
        print_json({"email": email, "role": role, "invitationToken": token})
    else:
        say(token)


@app.command("list")
def list_(context: typer.Context, *, as_json: _Json = False) -> None:
    """Every user."""

    async def read(system: System) -> tuple[list[User], datetime]:
        async with system.database.read() as connection:
            return await find_users(connection), system.clock.now()

    found, now = run_on_system(context, read)
    if as_json:
        print_json({"users": found})
        return
    print_table(
        [Column("e-mail"), Column("name"), Column("role"), Column("state"), Column("last login", rank=1)],
        [
            (
                one.email,
                f"{one.first_name} {one.last_name}",
                one.role,
                "active" if one.is_active else "disabled",
                to_span(now, one.last_login_at),
            )
            for one in found
        ],
        empty="No user yet. Add one: platbook user add EMAIL --role admin",
    )


@app.command()
def enable(context: typer.Context, email: _Email) -> None:
    """Let a user in again."""
    _set_active(context, email, active=True)


@app.command()
def disable(context: typer.Context, email: _Email) -> None:
    """Keep a user out and end every login of theirs."""
    _set_active(context, email, active=False)


def _set_active(context: typer.Context, email: str, *, active: bool) -> None:
    async def switch(system: System) -> None:
        async with system.database.transaction() as connection:
            await set_active(connection, email, active=active, at=system.clock.now())

    run_on_system(context, switch)
    say(f"{email} may log in again." if active else f"{email} may not log in any more.")


def _read_password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if said := os.environ.get(_PASSWORD_VARIABLE):
        return said
    if not sys.stdin.isatty():
        raise InvalidInput(f"nobody can be asked for a password: use --password-stdin or {_PASSWORD_VARIABLE}")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


def _ask(words: str, option: str) -> str:
    if not sys.stdin.isatty():
        raise InvalidInput.of(option, "is needed")
    return str(typer.prompt(words, err=True))
