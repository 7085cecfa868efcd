"""`platbook media`: photos, stored and owed."""

from datetime import datetime
from typing import Annotated

import typer

from platbook import audit
from platbook.audit import AuditSubject
from platbook.base.actor import COMMAND_LINE
from platbook.bootstrap.database import DatabaseContext
from platbook.bootstrap.system import System
from platbook.cli.output.console import say
from platbook.cli.output.format import to_bytes, to_number, to_span
from platbook.cli.output.json_output import print_json
from platbook.cli.output.table import Column, print_table
from platbook.cli.process import run_on_database
from platbook.cli.system import run_on_system
from platbook.media.cleanup import CleanupResult
from platbook.media.reports import (
    PhotoFailure,
    PhotoStatus,
    StoreStatus,
    find_photo_failures,
    find_photo_statuses,
    get_store_status,
)
from platbook.media.reprocessing import ReprocessResult, reprocess_photos, retry_photos

app = typer.Typer(help="Photos, stored and owed.", no_args_is_help=True)

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_Provider = Annotated[str, typer.Argument(help="The provider's id.")]
_AnyProvider = Annotated[str | None, typer.Argument(help="A provider's id; without it, all.")]
_Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many failures at most.")]


@app.command()
def status(
    context: typer.Context, provider: _AnyProvider = None, *, limit: _Limit = 20, as_json: _Json = False
) -> None:
    """How photos stand; of one provider also which could not be had, and why."""

    async def read(system: DatabaseContext) -> tuple[list[PhotoStatus], StoreStatus, list[PhotoFailure], datetime]:
        async with system.database.read() as connection:
            found = await find_photo_statuses(connection, provider)
            failures = [] if provider is None else list(await find_photo_failures(connection, provider, limit))
            return found, await get_store_status(connection), failures, system.clock.now()

    found, store, failures, now = run_on_database(context, read)
    if as_json:
        print_json({"providers": found, "store": store, "failures": failures})
        return
    _print_statuses(found)
    say(f"Stored: {to_number(store.pictures)} pictures, {to_bytes(store.bytes)}; {to_number(store.unused)} to go.")
    if store.recalls:
        say(f"Withdrawn, and still to be told to the CDN: {to_number(store.recalls)} objects.")
    if provider is not None:
        _print_failures(failures, now)


@app.command()
def retry(context: typer.Context, provider: _Provider, *, as_json: _Json = False) -> None:
    """Have photos that could not be had tried again now, by the workers."""

    async def mark(system: DatabaseContext) -> int:
        async with system.database.transaction() as connection:
            return await retry_photos(connection, provider, COMMAND_LINE, system.clock.now())

    count = run_on_database(context, mark)
    if as_json:
        print_json({"photos": count})
    else:
        say(f"{to_number(count)} photos are to be tried again by the next worker.")


@app.command()
def reprocess(context: typer.Context, provider: _AnyProvider = None, *, as_json: _Json = False) -> None:
    """Make pictures anew after the formats changed: from kept originals here, the others fetched by workers."""

    async def remake(system: System) -> ReprocessResult:
        return await reprocess_photos(system.blobs(), provider, COMMAND_LINE, system.clock.now())

    done = run_on_system(context, remake)
    if as_json:
        print_json(done)
    else:
        say(f"{to_number(done.remade)} pictures made anew, {to_number(done.refetching)} photos to be fetched again.")


@app.command()
def gc(context: typer.Context, *, as_json: _Json = False) -> None:
    """Clear the store of what nothing shows: noted now, deleted once the time of grace is over."""

    async def clear(system: System) -> CleanupResult:
        async with system.database.transaction() as connection:
            await audit.record(
                connection, COMMAND_LINE, "store to be cleared", AuditSubject("photos", "all"), system.clock.now()
            )
        return await system.cleanup().run(scan_store=True)

    done = run_on_system(context, clear)
    if as_json:
        print_json(done)
    else:
        say(
            f"{to_number(done.deleted)} pictures deleted, {to_number(done.unused)} noted as unused, "
            f"{to_number(done.strays)} strays found, {to_number(done.unfinished)} half written deleted."
        )


def _print_statuses(found: list[PhotoStatus]) -> None:
    print_table(
        [
            Column("provider"),
            Column("stored", right=True),
            Column("waiting", right=True),
            Column("failed", right=True),
            Column("linked", right=True, rank=2),
            Column("listings to do", right=True),
            Column("in hand", right=True, rank=1),
            Column("put off", right=True, rank=1),
        ],
        [
            (
                one.provider_id,
                to_number(one.stored),
                to_number(one.waiting),
                to_number(one.failed),
                to_number(one.linked),
                to_number(one.listings),
                to_number(one.at_work),
                to_number(one.put_off),
            )
            for one in found
        ],
        empty="No provider yet.",
    )


def _print_failures(failures: list[PhotoFailure], now: datetime) -> None:
    print_table(
        [
            Column("when"),
            Column("listing"),
            Column("photo", rank=1),
            Column("state"),
            Column("next try", rank=2),
            Column("why", wrap=True),
        ],
        [
            (
                to_span(now, one.at),
                one.listing_key,
                one.media_key,
                one.state,
                to_span(now, one.retry_at),
                one.reason,
            )
            for one in failures
        ],
        empty="No photo failed.",
    )
