"""`platbook errors`: what went wrong, and having it tried again."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from platbook.base.actor import COMMAND_LINE
from platbook.base.errors import InvalidInput
from platbook.bootstrap.database import DatabaseContext
from platbook.bootstrap.system import System
from platbook.cli.output.console import say
from platbook.cli.output.format import to_number, to_span
from platbook.cli.output.json_output import print_json
from platbook.cli.output.table import Column, print_table
from platbook.cli.process import run_on_database
from platbook.cli.system import run_on_system
from platbook.providers.providers import find_providers, get_provider
from platbook.sync.jobs import wake_worker
from platbook.sync.reports.errors import ErrorFilter, ErrorType, RetryState, SyncError, find_errors
from platbook.sync.runs.retries import RetryResult, retry_all, retry_error

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_Provider = Annotated[str | None, typer.Argument(help="A provider's id; without it, all.")]
_Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")]


def errors(
    context: typer.Context,
    provider: _Provider = None,
    *,
    limit: _Limit = 20,
    error_type: Annotated[ErrorType | None, typer.Option("--type", help="Only errors of this type.")] = None,
    state: Annotated[RetryState | None, typer.Option("--state", help="Only errors whose retry stands so.")] = None,
    retry: Annotated[
        str | None, typer.Option("--retry", metavar="ID|all", help="Have one rejected record, or all, tried again.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """What went wrong: rejected records, and runs that could not go on."""
    if retry is not None:
        _retry(context, provider, retry, as_json=as_json)
        return

    async def read(system: DatabaseContext) -> tuple[list[SyncError], datetime]:
        async with system.database.read() as connection:
            known = await find_providers(connection) if provider is None else [await get_provider(connection, provider)]
            found: list[SyncError] = []
            for one in known:
                wanted = ErrorFilter(one.provider_id, error_type, state)
                found += (await find_errors(connection, wanted, limit=limit)).errors
        newest = sorted(found, key=lambda error: error.last_at, reverse=True)[:limit]
        return newest, system.clock.now()

    found, now = run_on_database(context, read)
    if as_json:
        print_json({"errors": found})
    else:
        _print_errors(found, now)


def _retry(context: typer.Context, provider: str | None, which: str, *, as_json: bool) -> None:
    error_id = None if which == "all" else _to_id(which)
    if error_id is None and provider is None:
        raise InvalidInput("--retry all needs a provider: platbook errors PROVIDER --retry all")

    async def mark(system: System) -> RetryResult:
        now = system.clock.now()
        async with system.database.transaction() as connection:
            marked = (
                await retry_all(connection, provider or "", COMMAND_LINE, now)
                if error_id is None
                else await retry_error(connection, error_id, COMMAND_LINE, now)
            )
        if marked.sync_id is not None:
            await wake_worker(system.queue, marked.provider_id)
        return marked

    marked = run_on_system(context, mark)
    if as_json:
        print_json(marked)
    elif marked.sync_id is None:
        say("Nothing is open to be tried again.")
    else:
        say(f"{to_number(marked.marked)} to be tried again by the next worker, in run {marked.sync_id}.")


def _to_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput.of("--retry", "is the id of an error, or all") from None


def _print_errors(found: list[SyncError], now: datetime) -> None:
    print_table(
        [
            Column("id", rank=1),
            Column("provider", rank=3),
            Column("when"),
            Column("type", rank=2),
            Column("listing"),
            Column("retry"),
            Column("why", wrap=True),
        ],
        [
            (
                str(one.id),
                one.provider_id,
                to_span(now, one.last_at),
                one.type,
                one.listing_key or "",
                one.retry if one.listing_key else "",
                f"{one.field}: {one.reason}" if one.field else one.reason,
            )
            for one in found
        ],
        empty="No errors.",
    )
