"""`platbook key`: API keys of users."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import typer

from platbook.accounts import User, get_user_by_email
from platbook.accounts.api_keys import ApiKey, NewApiKey, add_key, find_keys, revoke_key
from platbook.base.actor import COMMAND_LINE, Actor, ApiKeyScope, Role, Surface
from platbook.bootstrap.database import DatabaseContext
from platbook.cli.output.console import say
from platbook.cli.output.format import to_span
from platbook.cli.output.json_output import print_json
from platbook.cli.output.table import Column, print_table
from platbook.cli.process import run_on_database

app = typer.Typer(help="API keys: a user's rights for a program, within scopes.", no_args_is_help=True)

_Owner = Annotated[str, typer.Argument(metavar="EMAIL", help="The key's owner, by e-mail address.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def add(  # noqa: PLR0913 - one parameter for each option of the command
    context: typer.Context,
    email: _Owner,
    *,
    name: Annotated[str, typer.Option(help="The key's name, for people.")],
    scope: Annotated[list[ApiKeyScope], typer.Option(help="What the key may do; can be repeated.", metavar="SCOPE")],
    surface: Annotated[Surface, typer.Option(help="Which documents of listings the key reads.")] = Surface.INTERNAL,
    days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="Days until the key expires; without it, never.")
    ] = None,
    origin: Annotated[
        list[str] | None, typer.Option(help="A web origin whose pages may use it; can be repeated.", metavar="ORIGIN")
    ] = None,
    rate: Annotated[
        int | None, typer.Option(min=1, max=1_000_000, help="Requests a minute; without it, as PLATBOOK_API_RATE says.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """Create a key and print it; it cannot be shown again."""

    async def store(system: DatabaseContext) -> tuple[UUID, str]:
        now = system.clock.now()
        async with system.database.transaction() as connection:
            owner = await get_user_by_email(connection, email)
            expires_at = None if days is None else now + timedelta(days=days)
            new = NewApiKey(name, scope, surface, expires_at, origin or (), rate)
            return await add_key(connection, new, _act_for(owner), now)

    key_id, key = run_on_database(context, store)
    if as_json:
        print_json({"id": key_id, "key": key})
    else:
        say(key)


@app.command("list")
def list_(context: typer.Context, email: _Owner, *, as_json: _Json = False) -> None:
    """List a user's keys by id and name; the keys themselves are not stored."""

    async def read(system: DatabaseContext) -> tuple[list[ApiKey], datetime]:
        async with system.database.read() as connection:
            owner = await get_user_by_email(connection, email)
            return await find_keys(connection, owner.id, COMMAND_LINE), system.clock.now()

    keys, now = run_on_database(context, read)
    if as_json:
        print_json({"keys": keys})
        return
    print_table(
        [
            Column("id"),
            Column("name"),
            Column("surface"),
            Column("scopes"),
            Column("state"),
            Column("last used", rank=1),
        ],
        [
            (str(one.id), one.name, one.surface, " ".join(one.scopes), _state(one, now), to_span(now, one.last_used_at))
            for one in keys
        ],
        empty=f"{email} has no key.",
    )


@app.command()
def revoke(
    context: typer.Context,
    email: _Owner,
    key: Annotated[UUID, typer.Argument(metavar="ID", help="The key's id, as `platbook key list` shows it.")],
) -> None:
    """Revoke a key, effective at once."""

    async def store(system: DatabaseContext) -> None:
        async with system.database.transaction() as connection:
            owner = await get_user_by_email(connection, email)
            await revoke_key(connection, owner.id, key, COMMAND_LINE, system.clock.now())

    run_on_database(context, store)
    say(f"Revoked key {key} of {email}.")


def _act_for(owner: User) -> Actor:
    """The command line, with the rights of a user."""
    return Actor(COMMAND_LINE.name, owner.id, Role(owner.role), owner.office, owner.team)


def _state(key: ApiKey, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= now else "active"
