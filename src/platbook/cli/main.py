"""The program."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer
from typer.core import TyperGroup

from platbook.base.errors import PlatbookError
from platbook.cli.exit_codes import EXIT_CODES_HELP, exit_of_error
from platbook.cli.lazy import LazyCommand
from platbook.cli.options import Options
from platbook.cli.output.console import complain

_DAILY, _SETUP, _LOOK, _PEOPLE = "Run it", "Set it up", "Sync and see", "Leads"
_IN = "platbook.cli.commands"

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

COMMANDS = (
    LazyCommand(
        "demo",
        f"{_IN}.demo:demo",
        "Live listings of an invented MLS behind an API, in a database of its own. Nothing to set up before.",
        panel=_DAILY,
    ),
    LazyCommand("up", f"{_IN}.server:up", "Server, worker and schedule in one process.", panel=_DAILY),
    LazyCommand("serve", f"{_IN}.server:serve", "The server alone; syncs are done by `platbook work`.", panel=_DAILY),
    LazyCommand(
        "work",
        f"{_IN}.server:work",
        "A worker with the schedule; any number of them, on any machine.",
        panel=_DAILY,
    ),
    LazyCommand(
        "simulate",
        f"{_IN}.simulate:app",
        "Servers that behave as an MLS does, over an invented market.",
        panel=_DAILY,
    ),
    LazyCommand("migrate", f"{_IN}.migrate:migrate", "Bring the database to this release's schema.", panel=_SETUP),
    LazyCommand("user", f"{_IN}.users:app", "Who may log in.", panel=_SETUP),
    LazyCommand("key", f"{_IN}.keys:app", "API keys: a user's rights for a program, within scopes.", panel=_SETUP),
    LazyCommand("provider", f"{_IN}.provider_group:group", "Connections to MLSs.", panel=_SETUP),
    LazyCommand("sync", f"{_IN}.sync:sync", "Sync a provider now and follow it until it ends.", panel=_LOOK),
    LazyCommand(
        "status",
        f"{_IN}.reports:status",
        "How providers stand: what they do now, when they ran last and run next, how many listings they have.",
        panel=_LOOK,
    ),
    LazyCommand("history", f"{_IN}.reports:history", "Runs, newest first.", panel=_LOOK),
    LazyCommand(
        "errors",
        f"{_IN}.errors:errors",
        "What went wrong: rejected records, and runs that could not go on.",
        panel=_LOOK,
    ),
    LazyCommand(
        "sweeps",
        f"{_IN}.reports:sweeps",
        "Refused sweeps that wait for a person: accept one with `platbook sync PROVIDER --accept-sweep ID`.",
        panel=_LOOK,
    ),
    LazyCommand("media", f"{_IN}.media:app", "Photos, stored and owed.", panel=_LOOK),
    LazyCommand(
        "import",
        f"{_IN}.transfer:import_",
        "Import people with their notes, tasks and tags, or a whole export. Done again, it changes nothing.",
        panel=_PEOPLE,
    ),
    LazyCommand(
        "export",
        f"{_IN}.transfer:export",
        "Write all CRM data into a folder: JSON Lines that platbook import brings back, and CSV to look at.",
        panel=_PEOPLE,
    ),
    LazyCommand(
        "lead",
        f"{_IN}.leads:app",
        "One person's data, events that wait, and rules for new leads.",
        panel=_PEOPLE,
    ),
)
"""Every command, in the order of the help. The help of each is the first paragraph of its own, as a test sees to."""


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


def create_program() -> TyperGroup:
    """The program's commands, none of which is imported yet."""
    program = typer.main.get_group(app)
    for command in COMMANDS:
        program.add_command(command)
    return program


def run() -> None:
    """Run the program; what Platbook raises on purpose becomes one line and an exit code."""
    code = 0
    try:
        create_program()()
    except* PlatbookError as group:
        error = _first(group)
        complain(str(error))
        code = exit_of_error(error)
    sys.exit(code)


def _first(group: BaseExceptionGroup[PlatbookError]) -> PlatbookError:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
