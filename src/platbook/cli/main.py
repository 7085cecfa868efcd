"""The program."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from platbook.base.errors import PlatbookError
from platbook.cli.commands import demo, keys, leads, media, providers, reports, server, simulate, transfer, users
from platbook.cli.commands.sync import sync
from platbook.cli.exit_codes import EXIT_CODES_HELP, exit_of_error
from platbook.cli.output.console import complain
from platbook.cli.process import Options

_DAILY, _SETUP, _LOOK, _PEOPLE = "Run it", "Set it up", "Sync and see", "Leads"

app = typer.Typer(
    name="platbook",
    help="Listings of any MLS, in your own PostgreSQL, behind your own API.",
    epilog=EXIT_CODES_HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command(rich_help_panel=_DAILY)(demo.demo)
app.command(rich_help_panel=_DAILY)(server.up)
app.command(rich_help_panel=_DAILY)(server.serve)
app.command(rich_help_panel=_DAILY)(server.work)
app.add_typer(simulate.app, name="simulate", rich_help_panel=_DAILY)
app.command(rich_help_panel=_SETUP)(server.migrate)
app.add_typer(users.app, name="user", rich_help_panel=_SETUP)
app.add_typer(keys.app, name="key", rich_help_panel=_SETUP)
app.add_typer(providers.app, name="provider", rich_help_panel=_SETUP)
app.command(rich_help_panel=_LOOK)(sync)
app.add_typer(media.app, name="media", rich_help_panel=_LOOK)
app.command(rich_help_panel=_LOOK)(reports.status)
app.command(rich_help_panel=_LOOK)(reports.history)
app.command(rich_help_panel=_LOOK)(reports.errors)
app.command(rich_help_panel=_LOOK)(reports.sweeps)
app.command("import", rich_help_panel=_PEOPLE)(transfer.import_)
app.command(rich_help_panel=_PEOPLE)(transfer.export)
app.add_typer(leads.app, name="lead", rich_help_panel=_PEOPLE)


def _say_version(wanted: bool) -> None:  # noqa: FBT001 - the form typer calls it in
    if wanted:
        sys.stdout.write(f"platbook {version('platbook')}\n")
        raise typer.Exit


@app.callback()
def platbook(
    context: typer.Context,
    *,
    on_demo: Annotated[
        bool, typer.Option("--demo", help="Work on the demo's database, beside a running demo.")
    ] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version and exit.")
    ] = False,
) -> None:
    """Listings of any MLS, in your own PostgreSQL, behind your own API."""
    context.obj = Options(demo=on_demo)


def run() -> None:
    """Run the program; what Platbook raises on purpose becomes one line and an exit code."""
    code = 0
    try:
        app()
    except* PlatbookError as group:
        error = _first(group)
        complain(str(error))
        code = exit_of_error(error)
    sys.exit(code)


def _first(group: BaseExceptionGroup[PlatbookError]) -> PlatbookError:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
