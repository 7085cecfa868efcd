"""`platbook findings`: faults in the values of records that are taken."""

from datetime import datetime
from typing import Annotated

import typer

from platbook.bootstrap.database import DatabaseContext
from platbook.cli.output.format import to_number, to_span
from platbook.cli.output.json_output import print_json
from platbook.cli.output.table import Column, print_table
from platbook.cli.process import run_on_database
from platbook.providers.finding import FindingKind
from platbook.providers.findings import FindingFilter, FindingList, FindingRead, find_findings
from platbook.providers.providers import get_provider

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_Provider = Annotated[str, typer.Argument(help="A provider's id.")]
_Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")]


def findings(
    context: typer.Context,
    provider: _Provider,
    *,
    limit: _Limit = 20,
    kind: Annotated[FindingKind | None, typer.Option("--kind", help="Only findings of this kind.")] = None,
    is_open: Annotated[
        bool | None, typer.Option("--open/--closed", help="Only open findings, or only closed ones.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """What is wrong with a provider's values although its records are taken, newest first."""

    async def read(system: DatabaseContext) -> tuple[FindingList, datetime]:
        async with system.database.read() as connection:
            await get_provider(connection, provider)
            page = await find_findings(connection, FindingFilter(provider, kind, is_open), limit=limit)
        return page, system.clock.now()

    report, now = run_on_database(context, read)
    if as_json:
        print_json(report)
    else:
        _print_findings(report.findings, now)


def _print_findings(findings: list[FindingRead], now: datetime) -> None:
    print_table(
        [
            Column("kind", rank=1),
            Column("field"),
            Column("count", right=True),
            Column("last seen", rank=2),
            Column("state"),
            Column("sample", rank=3),
            Column("reason", wrap=True),
        ],
        [
            (
                one.kind,
                one.field or "",
                to_number(one.count),
                to_span(now, one.last_at),
                "open" if one.closed_at is None else "closed",
                one.sample or "",
                one.reason,
            )
            for one in findings
        ],
        empty="No findings.",
    )
