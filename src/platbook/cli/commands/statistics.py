"""`platbook statistics`: totals of the runs of the last days."""

from typing import Annotated

import typer

from platbook.bootstrap.database import DatabaseContext
from platbook.cli.output.format import to_number
from platbook.cli.output.json_output import print_json
from platbook.cli.output.table import Column, print_facts, print_table
from platbook.cli.process import run_on_database
from platbook.sync.reports.statistics import MOST_DAYS, SyncStatistics, get_statistics


def statistics(
    context: typer.Context,
    *,
    days: Annotated[int, typer.Option(min=1, max=MOST_DAYS, help="How many days back.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Statistics of the last days: totals of runs, errors by type, and totals by provider and day."""

    async def read(system: DatabaseContext) -> SyncStatistics:
        async with system.database.read() as connection:
            return await get_statistics(connection, system.clock.now(), days=days)

    report = run_on_database(context, read)
    if as_json:
        print_json(report)
        return
    totals = report.totals
    shown = ("runs", "succeeded", "partial", "failed", "cancelled", "fetched", "added", "updated", "deleted", "errored")
    print_facts((name, to_number(getattr(totals, name))) for name in shown)
    print_facts((f"errors: {one.type}", to_number(one.count)) for one in report.errors)
    columns = ("runs", "succeeded", "partial", "failed", "cancelled", "fetched", "errored")
    print_table(
        [Column("provider"), Column("day"), *(Column(name, right=True) for name in columns)],
        [
            (one.provider_id, one.day.isoformat(), *(to_number(getattr(one, name)) for name in columns))
            for one in report.days
        ],
        empty="No run has ended in these days.",
    )
