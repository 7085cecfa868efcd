"""`platbook suppressions`: addresses and numbers that must not be contacted."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from platbook.base.actor import COMMAND_LINE
from platbook.base.errors import InvalidInput
from platbook.base.times import to_iso_z
from platbook.bootstrap.database import DatabaseContext
from platbook.cli.output.console import say
from platbook.cli.output.format import to_number
from platbook.cli.output.json_output import print_json
from platbook.cli.output.table import Column, print_table
from platbook.cli.process import run_on_database
from platbook.crm.csv_files import open_csv_writer
from platbook.crm.suppressions.csv_form import HEADER, read_csv_row, to_cells
from platbook.crm.suppressions.register import (
    SuppressionInput,
    SuppressionSearch,
    add_suppression,
    end_suppression,
    export_suppressions,
    find_suppressions,
    import_suppressions,
)
from platbook.crm.suppressions.suppression import KEY_PURPOSE, SuppressedChannel, Suppression
from platbook.crm.suppressions.views import SuppressionRead
from platbook.crm.transfer.csv_rows import BadRow, read_rows
from platbook.db.lists import ListPage, Paging

app = typer.Typer(help="Suppressions: addresses and numbers that must not be contacted.", no_args_is_help=True)

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command("list")
def list_(
    context: typer.Context,
    *,
    address: Annotated[
        str | None, typer.Option(help="One address or number; an erased person's is found, too.")
    ] = None,
    channel: Annotated[SuppressedChannel | None, typer.Option(help="One channel.")] = None,
    ended: Annotated[
        bool | None, typer.Option("--ended/--standing", help="Those that ended, or those that stand; else both.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 20,
    cursor: Annotated[str | None, typer.Option(help="Continue a list; see nextCursor of --json.")] = None,
    as_json: _Json = False,
) -> None:
    """List suppressions, the newest first."""
    search = SuppressionSearch(() if channel is None else (channel,), None, address, ended)
    paging = Paging("createdAt", limit=limit, cursor=cursor)

    async def read(system: DatabaseContext) -> ListPage[Suppression]:
        async with system.database.read() as connection:
            return await find_suppressions(connection, COMMAND_LINE, search, paging, system.box.derive(KEY_PURPOSE))

    page = run_on_database(context, read)
    if as_json:
        rows = [SuppressionRead.from_row(one) for one in page.rows]
        print_json({"suppressions": rows, "nextCursor": page.next_cursor})
        return
    print_table(
        [
            Column("suppression"),
            Column("channel"),
            Column("address"),
            Column("since", rank=1),
            Column("reason", wrap=True),
        ],
        [
            (
                str(one.id),
                one.channel if one.stream is None else f"{one.channel} ({one.stream})",
                one.address or "(erased)",
                to_iso_z(one.at)[:10],
                one.reason if one.ended_at is None else f"ended: {one.ended_reason}",
            )
            for one in page.rows
        ],
        empty="No suppression.",
    )


@app.command()
def add(
    context: typer.Context,
    channel: SuppressedChannel,
    address: Annotated[str, typer.Argument(help="An e-mail address or telephone number.")],
    *,
    reason: Annotated[str, typer.Option(help="Why.")],
    stream: Annotated[str | None, typer.Option(help="One kind of message; without it, every kind.")] = None,
    at: Annotated[datetime | None, typer.Option(help="When the person said so, in UTC; by default now.")] = None,
    as_json: _Json = False,
) -> None:
    """Suppress an address or number on a channel."""
    when = None if at is None else at.replace(tzinfo=UTC)
    new = SuppressionInput(channel, address, reason, stream, when)

    async def store(system: DatabaseContext) -> tuple[Suppression, bool]:
        async with system.database.transaction() as connection:
            return await add_suppression(connection, COMMAND_LINE, new, system.clock.now(), source="command line")

    row, is_new = run_on_database(context, store)
    if as_json:
        print_json(SuppressionRead.from_row(row))
    else:
        say(f"Suppressed: {row.id}." if is_new else f"It is suppressed already: {row.id}.")


@app.command()
def end(
    context: typer.Context,
    suppression: Annotated[UUID, typer.Argument(metavar="ID")],
    *,
    reason: Annotated[str, typer.Option(help="Why; it is stored and audited.")],
    as_json: _Json = False,
) -> None:
    """End a suppression. A refusal that the person's lead states still counts."""

    async def store(system: DatabaseContext) -> Suppression:
        async with system.database.transaction() as connection:
            return await end_suppression(connection, COMMAND_LINE, suppression, reason, system.clock.now())

    row = run_on_database(context, store)
    if as_json:
        print_json(SuppressionRead.from_row(row))
    else:
        say(f"Ended suppression {row.id}.")


@app.command()
def export(context: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE.csv")]) -> None:
    """Write all suppressions that stand to a new CSV file."""
    if file.exists():
        raise InvalidInput(f"{file} exists; name a new file")

    async def write(system: DatabaseContext) -> int:
        count = 0
        pages: AsyncGenerator[list[Suppression]] = export_suppressions(
            system.database, COMMAND_LINE, system.clock.now()
        )
        with open_csv_writer(file, HEADER) as write_row:
            async with aclosing(pages):
                async for rows in pages:
                    for one in rows:
                        write_row(to_cells(one))
                    count += len(rows)
        return count

    say(f"Wrote {to_number(run_on_database(context, write))} suppressions.")


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.csv")],
    *,
    reason: Annotated[str, typer.Option(help="The reason of lines without one.")] = "imported",
) -> None:
    """Add a CSV file of suppressions: columns channel and address, optionally stream, reason, at. All lines or none."""
    added: list[SuppressionInput] = []
    for row in read_rows(file):
        if isinstance(row, BadRow):
            raise InvalidInput(f"{file.name}, line {row.line}: {row.reason}")
        try:
            added.append(read_csv_row(row.cells, reason))
        except InvalidInput as error:
            raise InvalidInput(f"{file.name}, line {row.line}: {error}") from None

    async def store(system: DatabaseContext) -> int:
        async with system.database.transaction() as connection:
            return await import_suppressions(connection, COMMAND_LINE, added, system.clock.now(), source=file.name)

    count = run_on_database(context, store)
    say(f"Added {to_number(count)} suppressions; {to_number(len(added) - count)} stood already.")
