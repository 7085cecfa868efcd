"""`platbook media`: photo status, retries, reprocessing, moving to another store, deleting what nothing shows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer

from platbook.application import media as use_cases
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
    PhotoCounts,
    PhotoFailure,
    PhotoStatus,
    PhotoStatusList,
    StorePictures,
    StoreStatus,
    StuckObject,
    find_photo_statuses,
    get_photo_status,
)
from platbook.media.reprocessing import ReprocessResult, reprocess_photos

app = typer.Typer(help="Photos: status, retries, reprocessing.", no_args_is_help=True)

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_Provider = Annotated[str, typer.Argument(help="The provider's id.")]
_AnyProvider = Annotated[str | None, typer.Argument(help="A provider's id; without it, all.")]
_Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many failures at most.")]


@app.command()
def status(
    context: typer.Context, provider: _AnyProvider = None, *, limit: _Limit = 20, as_json: _Json = False
) -> None:
    """Photo status: photos by state; for one provider also its failures, for all also the store."""

    async def read(system: DatabaseContext) -> tuple[PhotoStatus | PhotoStatusList, datetime]:
        can_invalidate = system.settings.aws_cloudfront_distribution_id is not None
        async with system.database.read() as connection:
            if provider is None:
                return await find_photo_statuses(connection, limit=limit), system.clock.now()
            one = await get_photo_status(connection, provider, limit=limit, can_invalidate=can_invalidate)
            return one, system.clock.now()

    report, now = run_on_database(context, read)
    if as_json:
        print_json(report)
    elif isinstance(report, PhotoStatus):
        _print_counts([report])
        _print_failures(report.failures, now)
    else:
        _print_counts(report.providers)
        _print_store(report.store)
        _print_stores(report.stores)
        _print_stuck(report.stuck_objects, now)


@app.command()
def retry(context: typer.Context, provider: _Provider, *, as_json: _Json = False) -> None:
    """Retry photos that could not be fetched; the workers do it."""

    async def mark(system: DatabaseContext) -> int:
        return await use_cases.retry_photos(system, provider, COMMAND_LINE)

    count = run_on_database(context, mark)
    if as_json:
        print_json({"photos": count})
    else:
        say(f"{to_number(count)} photos of {provider} will be fetched again by a worker.")


@app.command()
def reprocess(context: typer.Context, provider: _AnyProvider = None, *, as_json: _Json = False) -> None:
    """Render pictures again after the formats changed: from stored originals here, others are fetched by workers."""

    async def rerender(system: System) -> ReprocessResult:
        return await reprocess_photos(system.blobs(), provider, COMMAND_LINE, system.clock.now())

    done = run_on_system(context, rerender)
    if as_json:
        print_json(done)
    else:
        say(f"{to_number(done.remade)} pictures rendered, {to_number(done.refetching)} photos will be fetched again.")


@app.command()
def move(context: typer.Context, *, as_json: _Json = False) -> None:
    """Move all pictures to the store of the settings, in the background; until then each is served from where it is."""

    async def request(system: System) -> int:
        return await use_cases.request_move(system, system.storage, COMMAND_LINE)

    count = run_on_system(context, request)
    if as_json:
        print_json({"pictures": count})
    else:
        say(f"{to_number(count)} pictures will be moved by the workers; see platbook media status.")


@app.command()
def gc(context: typer.Context, *, as_json: _Json = False) -> None:
    """Delete stored pictures that nothing shows: marked now, deleted after the grace period."""

    async def clear(system: System) -> CleanupResult:
        await use_cases.record_clearing(system, COMMAND_LINE)
        return await system.cleanup().run(scan_store=True)

    done = run_on_system(context, clear)
    if as_json:
        print_json(done)
    else:
        say(
            f"{to_number(done.deleted)} pictures deleted, {to_number(done.unused)} marked as unused, "
            f"{to_number(done.strays)} unknown objects found, {to_number(done.unfinished)} unfinished writes deleted."
        )


def _print_counts(providers: Sequence[PhotoCounts]) -> None:
    print_table(
        [
            Column("provider"),
            Column("stored", right=True),
            Column("waiting", right=True),
            Column("failed", right=True),
            Column("linked", right=True, rank=2),
            Column("listings pending", right=True),
            Column("in progress", right=True, rank=1),
            Column("postponed", right=True, rank=1),
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
            for one in providers
        ],
        empty="No provider yet.",
    )


def _print_store(store: StoreStatus) -> None:
    files = f", {to_number(store.files)} videos and documents" if store.files else ""
    say(
        f"Stored: {to_number(store.pictures)} pictures{files}, {to_bytes(store.bytes)}; "
        f"{to_number(store.unused)} unused."
    )
    if store.recalls:
        say(f"Copies at the CDN still to be invalidated: {to_number(store.recalls)} objects.")


def _print_stores(stores: Sequence[StorePictures]) -> None:
    for one in stores if len(stores) > 1 else ():
        say(f"In {one.store}: {to_number(one.pictures)} pictures{', being moved' if one.leaving else ''}.")


def _print_stuck(objects: Sequence[StuckObject], now: datetime) -> None:
    if not objects:
        return
    say("Pictures that the store does not move or delete:")
    print_table(
        [Column("picture"), Column("listing"), Column("next attempt", rank=1), Column("reason", wrap=True)],
        [(one.picture[:12], one.listing_key or "", to_span(now, one.retry_at), one.reason) for one in objects],
        empty="",
    )


def _print_failures(failures: list[PhotoFailure], now: datetime) -> None:
    print_table(
        [
            Column("when"),
            Column("listing"),
            Column("photo", rank=1),
            Column("state"),
            Column("next attempt", rank=2),
            Column("reason", wrap=True),
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
