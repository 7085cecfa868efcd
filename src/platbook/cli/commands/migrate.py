"""`platbook migrate`: schema migrations."""

from typing import Annotated

import typer

from platbook.base.log import configure_log
from platbook.bootstrap.database import migrate_only
from platbook.cli.output.console import say
from platbook.cli.output.json_output import print_json
from platbook.cli.process import load_settings, run_async


def migrate(
    context: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Migrate the database to this release's schema."""
    settings = load_settings(context)
    configure_log("WARNING", settings.platbook_log_format)
    applied = run_async(migrate_only(settings))
    if as_json:
        print_json({"applied": applied})
        return
    for version in applied:
        say(f"applied {version}")
    say("The database is up to date.")
