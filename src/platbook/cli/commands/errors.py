"""`platbook errors`: rejected records and failed runs."""

import sys
from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from platbook.bootstrap.database import DatabaseContext
from platbook.cli.output.format import to_span
from platbook.cli.output.json_output import print_json
from platbook.cli.output.table import Column, print_table
from platbook.cli.process import run_on_database
from platbook.providers.providers import get_provider
from platbook.sync.reports.errors import (
    ErrorFilter,
    ErrorRaw,
    ErrorType,
    RetryState,
    SyncError,
    SyncErrorList,
    find_errors,
    get_error_raw,
)

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_Provider = Annotated[str | None, typer.Argument(help="A provider's id; without it, all.")]
_Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")]


def errors(  # noqa: PLR0913 - one parameter for each option of the command
    context: typer.Context,
    provider: _Provider = None,
    *,
    limit: _Limit = 20,
    error_type: Annotated[ErrorType | None, typer.Option("--type", help="Only errors of this type.")] = None,
    state: Annotated[RetryState | None, typer.Option("--state", help="Only errors with this retry status.")] = None,
    retry: Annotated[
        str | None, typer.Option("--retry", metavar="ID|all", help="Retry one rejected record, or all of a provider.")
    ] = None,
    raw: Annotated[
        UUID | None, typer.Option("--raw", metavar="ID", help="Show the source's record of one error, as received.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """Errors, newest first: rejected records, and failures that ended a run."""
    if raw is not None:
        _show_raw(context, raw, as_json=as_json)
        return
    if retry is not None:
        from platbook.cli.commands.error_retries import (  # noqa: PLC0415 - it imports the worker, reading does not
            retry_errors,
        )

        retry_errors(context, provider, retry, as_json=as_json)
        return

    async def read(system: DatabaseContext) -> tuple[SyncErrorList, datetime]:
        async with system.database.read() as connection:
            if provider is not None:
                await get_provider(connection, provider)
            page = await find_errors(connection, ErrorFilter(provider, error_type, state), limit=limit)
        return page, system.clock.now()

    report, now = run_on_database(context, read)
    if as_json:
        print_json(report)
    else:
        _print_errors(report.errors, now)


def _show_raw(context: typer.Context, error_id: UUID, *, as_json: bool) -> None:
    async def read(system: DatabaseContext) -> ErrorRaw:
        async with system.database.read() as connection:
            return await get_error_raw(connection, error_id)

    found = run_on_database(context, read)
    if as_json:
        print_json(found)
    else:
        sys.stdout.write(f"{found.raw or 'The source sent no record.'}\n")


def _print_errors(errors: list[SyncError], now: datetime) -> None:
    print_table(
        [
            Column("id", rank=1),
            Column("provider", rank=3),
            Column("last seen"),
            Column("type", rank=2),
            Column("listing"),
            Column("retry"),
            Column("reason", wrap=True),
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
            for one in errors
        ],
        empty="No errors.",
    )
